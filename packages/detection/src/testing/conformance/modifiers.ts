import { type ConformanceEntry, detection, item } from "./entry.ts";

const f = (...values: readonly (string | number | boolean | null)[]) => values.map((value) => ({ f: value }));
const none = [{ other: "x" }];

type Short = Omit<ConformanceEntry, "text" | "section" | "topics">;
const of = (section: string, entries: readonly (readonly [string, Short])[]): readonly ConformanceEntry[] =>
  entries.map(([modifiers, entry]) => ({
    text: "modifiers",
    section,
    topics: modifiers.split(" ").map((name) => `modifier ${name}`),
    ...entry,
  }));

const wide = (text: string) => [...text].map((char) => `${char}\0`).join("");

const GENERIC = of("Generic Modifiers", [
  [
    "all",
    {
      feature: "`all` asks for every value of the list",
      yaml: item("f|contains|all", "[a, b]"),
      matches: f("xbxax"),
      misses: [...f("xax", "b"), ...none],
    },
  ],
  [
    "all",
    {
      feature: "`all` on a single value has no effect and is warned of",
      yaml: item("f|contains|all", "a"),
      warns: "rule-all-single-value",
      matches: f("xa"),
    },
  ],
  [
    "all neq",
    {
      feature: "`all` and `neq`: not all of the values",
      yaml: item("f|contains|all|neq", "[a, b]"),
      matches: f("xa"),
      misses: f("ab"),
    },
  ],
  [
    "startswith",
    {
      feature: "`startswith`",
      yaml: item("f|startswith", "adm"),
      matches: f("adm", "ADMIN"),
      misses: [...f("xadm", ""), ...none],
    },
  ],
  [
    "startswith",
    {
      feature: "`startswith` with wildcards in the value",
      yaml: item("f|startswith", "'a?m*x'"),
      matches: f("admx", "a-m..x.."),
      misses: f("amx"),
    },
  ],
  [
    "endswith",
    {
      feature: "`endswith`",
      yaml: item("f|endswith", "'\\cmd.exe'"),
      matches: f("C:\\CMD.EXE", "\\cmd.exe"),
      misses: f("cmd.exe", "\\cmd.exe "),
    },
  ],
  [
    "contains",
    { feature: "`contains`", yaml: item("f|contains", "mid"), matches: f("mid", "aMIDdle"), misses: f("mi d", "") },
  ],
  [
    "contains",
    {
      feature: "`contains` of one of several values",
      yaml: item("f|contains", "[ab, cd]"),
      matches: f("xcdx", "ab"),
      misses: f("ac"),
    },
  ],
  [
    "exists",
    {
      feature: "`exists: true` asks for the field, empty and null included",
      yaml: item("f|exists", "true"),
      matches: f("x", "", null, 0),
      misses: none,
    },
  ],
  ["exists", { feature: "`exists: false`", yaml: item("f|exists", "false"), matches: none, misses: f("x", "", null) }],
  [
    "exists",
    {
      feature: "`exists` takes true and false only",
      yaml: item("f|exists", "'true'"),
      refused: "rule-modifier-misuse",
    },
  ],
  ["exists", { feature: "a keyword cannot exist", yaml: item("'|exists'", "true"), refused: "rule-modifier-misuse" }],
  ["cased", { feature: "`cased`", yaml: item("f|cased", "Abc"), matches: f("Abc"), misses: f("abc", "ABC") }],
  [
    "cased contains startswith endswith",
    {
      feature: "`cased` beside positions",
      yaml: item("f|contains|cased", "Bc"),
      matches: f("aBcd"),
      misses: f("abcd"),
    },
  ],
  [
    "neq",
    {
      feature: "`neq`, also of an absent field",
      yaml: item("f|neq", "a"),
      matches: [...f("b", null), ...none],
      misses: f("a", "A"),
    },
  ],
  [
    "neq",
    {
      feature: "`neq` of a list: none of the values",
      yaml: item("f|neq", "[a, b]"),
      matches: f("c"),
      misses: f("a", "b"),
    },
  ],
  [
    "neq",
    { feature: "`neq` of an empty value", yaml: item("f|neq", "''"), matches: [...f("c"), ...none], misses: f("") },
  ],
  [
    "contains",
    {
      feature: "two positions exclude each other",
      yaml: item("f|contains|endswith", "a"),
      refused: "rule-modifier-misuse",
    },
  ],
  [
    "contains",
    { feature: "an unknown modifier is refused", yaml: item("f|contain", "a"), refused: "rule-unknown-modifier" },
  ],
]);

const STRING = of("String Modifiers", [
  [
    "windash",
    {
      feature: "`windash` finds `-` as each of the five dashes",
      yaml: item("f|windash|contains", "' -enc'"),
      matches: f("x -enc", "x /enc", "x –enc", "x —ENC", "x ―enc"),
      misses: f("x +enc", "xenc"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` finds `/` as each of the five dashes",
      yaml: item("f|windash|contains", "' /enc'"),
      matches: f("x -enc", "x /enc", "x –enc", "x —enc", "x ―enc"),
      misses: f("x \\enc"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` of en dash, em dash and horizontal bar",
      yaml: item("f|contains|windash", "[' –a', ' —b', ' ―c']"),
      matches: f("x -a", "x /b", "x —a", "x ―b", "x –c"),
      misses: f("x _a"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` permutes every dash of the value",
      yaml: item("f|windash", "'-a -b'"),
      matches: f("/a -b", "-a /b", "–a ―b"),
      misses: f("a -b"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` of a dash inside a word",
      yaml: item("f|windash", "a-b"),
      matches: f("a-b", "a/b", "a—b"),
      misses: f("ab"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` beside wildcards and `cased`",
      yaml: item("f|windash|cased", "'*-E?C*'"),
      matches: f("x /ExC y"),
      misses: f("x /exc y"),
    },
  ],
  [
    "windash base64",
    {
      feature: "`windash` before an encoding encodes each form",
      yaml: item("f|windash|base64", "-a"),
      matches: f("LWE=", "L2E=", "4oCTYQ=="),
      misses: f("-a"),
    },
  ],
  [
    "windash",
    {
      feature: "`windash` after an encoding is refused",
      yaml: item("f|wide|windash", "-a"),
      refused: "rule-modifier-misuse",
    },
  ],
]);

const REGEX = of("Regular Expression", [
  [
    "re",
    {
      feature: "`re` searches, with regard to case",
      yaml: item("f|re", "'a.c'"),
      matches: f("xabcx"),
      misses: f("ABC", "a\nc"),
    },
  ],
  ["re", { feature: "`re`: anchors", yaml: item("f|re", "'^a+$'"), matches: f("aaa"), misses: f("aab", "baa") }],
  [
    "re",
    {
      feature: "`re`: quantifiers",
      yaml: item("f|re", "'^a*b+c?d{2,3}$'"),
      matches: f("bdd", "aabbcddd"),
      misses: f("aad", "bd"),
    },
  ],
  ["re", { feature: "`re`: classes", yaml: item("f|re", "'^[a-c][^a-c]$'"), matches: f("az"), misses: f("ab", "za") }],
  [
    "re",
    {
      feature: "`re`: alternation and groups",
      yaml: item("f|re", "'^(ab|cd)+$'"),
      matches: f("abcd"),
      misses: f("abc"),
    },
  ],
  [
    "re",
    {
      feature: "`re`: a list of expressions, with `all`",
      yaml: item("f|re|all", "['a', 'b$']"),
      matches: f("ab"),
      misses: f("ba"),
    },
  ],
  [
    "re",
    {
      feature: "`re`: what cannot be matched in linear time is refused",
      yaml: item("f|re", "'(?=a)b'"),
      refused: "rule-regex-unsupported",
    },
  ],
  [
    "re",
    { feature: "`re`: what is no expression is refused", yaml: item("f|re", "'(a'"), refused: "rule-regex-syntax" },
  ],
  [
    "re",
    {
      feature: "`re` applies to values as they are written",
      yaml: item("f|contains|re", "'a'"),
      refused: "rule-modifier-misuse",
    },
  ],
  [
    "re contains",
    {
      feature: "`re` with `contains` is the same search",
      yaml: item("f|re|contains", "'b+'"),
      matches: f("abc"),
      misses: f("ac"),
    },
  ],
  [
    "re startswith",
    {
      feature: "`re` with `startswith` begins where the field begins",
      yaml: item("f|re|startswith", "'a|b'"),
      matches: f("ax", "bx"),
      misses: f("xa"),
    },
  ],
  [
    "re endswith",
    {
      feature: "`re` with `endswith` ends where the field ends",
      yaml: item("f|re|endswith", "'a|b'"),
      matches: f("xa", "xb"),
      misses: f("ax"),
    },
  ],
  [
    "re neq",
    { feature: "`re` with `neq`", yaml: item("f|re|neq", "'^a'"), matches: [...f("ba"), ...none], misses: f("ab") },
  ],
  ["i", { feature: "`re|i`", yaml: item("f|re|i", "'^abc$'"), matches: f("ABC", "abc"), misses: f("abcd") }],
  [
    "m",
    {
      feature: "`re|m`: `^` and `$` at each line",
      yaml: item("f|re|m", "'^b$'"),
      matches: f("a\nb\nc"),
      misses: f("a\nbc"),
    },
  ],
  [
    "s",
    {
      feature: "`re|s`: the dot also stands for a line feed",
      yaml: item("f|re|s", "'a.c'"),
      matches: f("a\nc"),
      misses: f("ac"),
    },
  ],
  [
    "i m s",
    { feature: "`re|i|m|s` together", yaml: item("f|re|i|m|s", "'^B.c$'"), matches: f("a\nb\nC"), misses: f("ab\nC") },
  ],
  ["i", { feature: "a sub-modifier without `re` is refused", yaml: item("f|i", "a"), refused: "rule-modifier-misuse" }],
]);

const ENCODING = of("Encoding", [
  ["base64", { feature: "`base64`", yaml: item("f|base64", "foobar"), matches: f("Zm9vYmFy"), misses: f("foobar") }],
  [
    "base64",
    {
      feature: "`base64` of text beyond ASCII is its UTF-8",
      yaml: item("f|base64", "é"),
      matches: f("w6k="),
      misses: f("6Q=="),
    },
  ],
  [
    "base64 contains",
    { feature: "`base64|contains`", yaml: item("f|base64|contains", "foo"), matches: f("xxZm9vyy"), misses: f("foo") },
  ],
  [
    "base64offset contains",
    {
      feature: "`base64offset` finds the value at each of three offsets",
      yaml: item("f|base64offset|contains", "/bin/bash"),
      matches: f(
        "L2Jpbi9iYXNo",
        "IC9iaW4vYmFzaA==",
        "ICAvYmluL2Jhc2g=",
        "L2Jpbi9iYXNoIC1p",
        "IC9iaW4vYmFzaCAtaQ==",
        "ICAvYmluL2Jhc2ggLWk=",
      ),
      misses: f("/bin/bash"),
    },
  ],
  [
    "base64offset",
    {
      feature: "`base64offset` of a value that leaves nothing to look for is refused",
      yaml: item("f|base64offset|contains", "a"),
      refused: "rule-modifier-misuse",
    },
  ],
  [
    "base64",
    { feature: "wildcards cannot be encoded", yaml: item("f|base64", "'a*'"), refused: "rule-modifier-misuse" },
  ],
  [
    "base64",
    {
      feature: "an escaped wildcard can be encoded",
      yaml: item("f|base64", "'a\\*'"),
      matches: f("YSo="),
      misses: f("YVwq"),
    },
  ],
  [
    "utf16le base64",
    { feature: "`utf16le`", yaml: item("f|utf16le|base64", "cmd"), matches: f("YwBtAGQA"), misses: f("Y21k") },
  ],
  [
    "wide base64offset contains",
    {
      feature: "`wide` is `utf16le`",
      yaml: item("f|wide|base64offset|contains", "cmd"),
      matches: f("xxYwBtAGQAxx"),
      misses: f("Y21k"),
    },
  ],
  [
    "wide contains",
    {
      feature: "`wide` without Base64 compares the bytes as text",
      yaml: item("f|wide|contains", "cmd"),
      matches: f(`a\0${wide("cmd")}`),
      misses: f("cmd"),
    },
  ],
  [
    "utf16be base64",
    { feature: "`utf16be`", yaml: item("f|utf16be|base64", "cmd"), matches: f("AGMAbQBk"), misses: f("YwBtAGQA") },
  ],
  [
    "utf16 base64",
    {
      feature: "`utf16` begins with the byte order mark",
      yaml: item("f|utf16|base64", "cmd"),
      matches: f("//5jAG0AZAA="),
      misses: f("YwBtAGQA"),
    },
  ],
  [
    "utf16",
    {
      feature: "bytes that are no text are refused without Base64",
      yaml: item("f|utf16", "cmd"),
      refused: "rule-modifier-misuse",
    },
  ],
]);

const NUMERIC = of("Numeric Modifiers", [
  [
    "lt",
    { feature: "`lt`", yaml: item("f|lt", "10"), matches: f(9.5, "9", -1), misses: [...f(10, "ten", ""), ...none] },
  ],
  ["lte", { feature: "`lte`", yaml: item("f|lte", "10"), matches: f(10, 9), misses: f(10.5) }],
  ["gt", { feature: "`gt`", yaml: item("f|gt", "-1.5"), matches: f(-1, "0"), misses: f(-1.5, -2) }],
  ["gte", { feature: "`gte`", yaml: item("f|gte", "10"), matches: f(10, 11), misses: f(9) }],
  [
    "gt lt",
    {
      feature: "a range of two items",
      yaml: detection("selection:\n    f|gte: 2\n    f|lt: 5\ncondition: selection"),
      matches: f(2, 4.9),
      misses: f(5, 1),
    },
  ],
  ["neq", { feature: "`neq` of a number", yaml: item("f|neq", "5"), matches: f(6), misses: f(5, "5") }],
  ["lt neq", { feature: "`lt` with `neq`", yaml: item("f|lt|neq", "5"), matches: [...f(5), ...none], misses: f(4) }],
  ["gt", { feature: "a comparison takes numbers only", yaml: item("f|gt", "'5'"), refused: "rule-modifier-misuse" }],
]);

const TIME = of("Time Modifiers", [
  [
    "minute",
    {
      feature: "`minute`",
      yaml: item("f|minute", "59"),
      matches: f("2026-11-21T23:59:01Z"),
      misses: f("2026-11-21T23:58:59Z", "59"),
    },
  ],
  [
    "hour",
    {
      feature: "`hour`, as it is written: no change of time zone",
      yaml: item("f|hour", "23"),
      matches: f("2026-11-21T23:00:00+05:00"),
      misses: f("2026-11-21T18:00:00Z"),
    },
  ],
  [
    "day",
    {
      feature: "`day`",
      yaml: item("f|day", "21"),
      matches: f("2026-11-21", "2026-11-21T00:00:00Z"),
      misses: f("2026-11-22"),
    },
  ],
  [
    "week",
    {
      feature: "`week`, as in ISO 8601",
      yaml: item("f|week", "1"),
      matches: f("2026-01-01T00:00:00Z", "2025-12-29"),
      misses: f("2027-01-01"),
    },
  ],
  ["month", { feature: "`month`", yaml: item("f|month", "11"), matches: f("2026-11-30"), misses: f("2026-12-01") }],
  [
    "year",
    { feature: "`year`", yaml: item("f|year", "2026"), matches: f("2026-01-01"), misses: f("2025-12-31", "no date") },
  ],
  [
    "hour gte lt",
    {
      feature: "a part of a date with a comparison",
      yaml: detection("selection:\n    f|hour|gte: 9\n    f|hour|lt: 17\ncondition: selection"),
      matches: f("2026-11-21T09:00:00Z"),
      misses: f("2026-11-21T17:00:00Z"),
    },
  ],
  [
    "hour",
    { feature: "a part of a date takes numbers only", yaml: item("f|hour", "noon"), refused: "rule-modifier-misuse" },
  ],
]);

const IP = of("IP (Internet Protocol) Modifiers", [
  [
    "cidr",
    {
      feature: "`cidr` of IPv4",
      yaml: item("f|cidr", "10.0.0.0/8"),
      matches: f("10.0.0.0", "10.255.255.255"),
      misses: [...f("11.0.0.1", "10.0.0", "x"), ...none],
    },
  ],
  [
    "cidr",
    {
      feature: "`cidr` of IPv6, however it is written",
      yaml: item("f|cidr", "'2001:db8::/32'"),
      matches: f("2001:db8::1", "2001:0DB8:0:0:0:0:0:1"),
      misses: f("2001:db9::1", "10.0.0.1"),
    },
  ],
  [
    "cidr",
    {
      feature: "`cidr` of all IPv6 addresses has no IPv4 one, unless it is written as IPv6",
      yaml: item("f|cidr", "'::/0'"),
      matches: f("2001:db8::1", "::ffff:10.0.0.1"),
      misses: f("10.0.0.1"),
    },
  ],
  [
    "cidr",
    {
      feature: "`cidr` of several networks",
      yaml: item("f|cidr", "[10.0.0.0/8, 192.168.0.0/16]"),
      matches: f("192.168.1.1"),
      misses: f("172.16.0.1"),
    },
  ],
  [
    "cidr neq",
    {
      feature: "`cidr` with `neq`",
      yaml: item("f|cidr|neq", "10.0.0.0/8"),
      matches: f("11.0.0.1"),
      misses: f("10.0.0.1"),
    },
  ],
  ["cidr", { feature: "what is no network is refused", yaml: item("f|cidr", "10.0.0.0/33"), refused: "rule-cidr" }],
]);

const servers = { servers: ["srv1", "dc*"] };
const SPECIFIC = of("Specific Modifiers", [
  [
    "expand",
    {
      feature: "`expand` puts a list of values in",
      yaml: item("f|expand", "'%servers%'"),
      placeholders: servers,
      matches: f("srv1", "dc01"),
      misses: f("srv2", "%servers%"),
    },
  ],
  [
    "expand contains",
    {
      feature: "`expand` beside text and `contains`",
      yaml: item("f|expand|contains", "'x%servers%x'"),
      placeholders: servers,
      matches: f("axsrv1xa", "xdc1x"),
      misses: f("srv1"),
    },
  ],
  [
    "expand",
    {
      feature: "`expand`: a percent sign after a backslash is plain",
      yaml: item("f|expand", "'\\%plain%servers%'"),
      placeholders: servers,
      matches: f("%plainsrv1"),
      misses: f("%plain%servers%"),
    },
  ],
  [
    "expand re",
    {
      feature: "`expand` in a regular expression",
      yaml: item("f|re|expand", "'^%servers%$'"),
      placeholders: servers,
      matches: f("srv1", "dcx"),
      misses: f("xsrv1"),
    },
  ],
  [
    "expand",
    {
      feature: "`expand` without values is refused",
      yaml: item("f|expand", "'%servers%'"),
      refused: "rule-placeholder",
    },
  ],
  [
    "fieldref",
    {
      feature: "`fieldref` compares two fields of the event",
      yaml: item("f|fieldref", "g"),
      matches: [{ f: "a", g: "A" }],
      misses: [{ f: "a", g: "b" }, { f: "a" }, { g: "a" }],
    },
  ],
  [
    "fieldref neq",
    {
      feature: "`fieldref` with `neq`",
      yaml: item("f|fieldref|neq", "g"),
      matches: [{ f: "a", g: "b" }],
      misses: [{ f: "a", g: "a" }],
    },
  ],
  [
    "fieldref startswith",
    {
      feature: "`fieldref` with `startswith`",
      yaml: item("f|fieldref|startswith", "g"),
      matches: [{ f: "abc", g: "ab" }],
      misses: [{ f: "abc", g: "bc" }],
    },
  ],
  [
    "fieldref endswith",
    {
      feature: "`fieldref` with `endswith`",
      yaml: item("f|fieldref|endswith", "g"),
      matches: [{ f: "abc", g: "bc" }],
      misses: [{ f: "abc", g: "ab" }],
    },
  ],
  [
    "fieldref contains",
    {
      feature: "`fieldref` with `contains`",
      yaml: item("f|fieldref|contains", "g"),
      matches: [{ f: "abc", g: "b" }],
      misses: [{ f: "abc", g: "x" }],
    },
  ],
  [
    "fieldref cased",
    {
      feature: "`fieldref` with `cased`",
      yaml: item("f|fieldref|cased", "g"),
      matches: [{ f: "a", g: "a" }],
      misses: [{ f: "a", g: "A" }],
    },
  ],
  [
    "fieldref",
    {
      feature: "`fieldref` names a field, without wildcards",
      yaml: item("f|fieldref", "'g*'"),
      refused: "rule-modifier-misuse",
    },
  ],
]);

/** Every modifier of the modifiers appendix. */
export const MODIFIER_ENTRIES: readonly ConformanceEntry[] = [
  ...GENERIC,
  ...STRING,
  ...REGEX,
  ...ENCODING,
  ...NUMERIC,
  ...TIME,
  ...IP,
  ...SPECIFIC,
];
