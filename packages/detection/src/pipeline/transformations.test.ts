import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { JsonObject } from "../event.ts";
import { loadRules } from "../sigma/load-rules.ts";
import { pipelined, says, sortedShape } from "../testing/pipelined-rule.ts";
import { ruleText } from "../testing/rule-text.ts";
import { TRANSFORMATIONS } from "./read-transformation.ts";

interface Case {
  readonly name: string;
  /** One pipeline item, or several, as flow YAML. */
  readonly items: string;
  /** The detection before, and the detection by hand that means what it has become. */
  readonly from: string;
  readonly to: string;
  readonly hits?: readonly JsonObject[];
  readonly misses?: readonly JsonObject[];
  readonly vars?: string;
}

const sel = (text: string): string => `sel: ${text}\ncondition: sel`;

const CASES: readonly Case[] = [
  {
    name: "field_name_mapping: one to one",
    items: "{type: field_name_mapping, mapping: {a: b}}",
    from: sel("{a|contains: x, c: 1}"),
    to: sel("{b|contains: x, c: 1}"),
    hits: [{ b: "axb", c: 1 }],
    misses: [{ a: "axb", c: 1 }],
  },
  {
    name: "field_name_mapping: one to many is any of them",
    items: "{type: field_name_mapping, mapping: {a: [b, d]}}",
    from: sel("{a|endswith: [x, y], c: 1}"),
    to: "s1: {c: 1}\ns2: {b|endswith: [x, y]}\ns3: {d|endswith: [x, y]}\ncondition: (s2 or s3) and s1",
    hits: [
      { b: "ax", c: 1 },
      { d: "ay", c: 1 },
    ],
    misses: [{ a: "ax", c: 1 }, { b: "ax" }],
  },
  {
    name: "field_name_mapping: one to many keeps neq for all of them",
    items: "{type: field_name_mapping, mapping: {a: [b, d]}}",
    from: sel("{a|neq: x}"),
    to: "s2: {b: x}\ns3: {d: x}\ncondition: not s2 and not s3",
    hits: [{ b: "y", d: "y" }],
    misses: [{ b: "x", d: "y" }],
  },
  {
    name: "field_name_mapping: the referred field too",
    items: "{type: field_name_mapping, mapping: {b: d}}",
    from: sel("{a|fieldref|startswith: b}"),
    to: sel("{a|fieldref|startswith: d}"),
    hits: [{ a: "xyz", d: "xy" }],
    misses: [{ a: "xyz", b: "xy" }],
  },
  {
    name: "field_name_mapping: two fields may become one",
    items: "{type: field_name_mapping, mapping: {a: f, b: f}}",
    from: sel("{a|contains: x, b|contains: y}"),
    to: "s1: {f|contains: x}\ns2: {f|contains: y}\ncondition: s1 and s2",
    hits: [{ f: "xy" }],
    misses: [{ f: "x" }],
  },
  {
    name: "field_name_mapping: keywords under null become a field that holds them",
    items: "{type: field_name_mapping, mapping: {null: msg}}",
    from: "sel: [foo, 'b*r']\ncondition: sel",
    to: sel("{msg|contains: [foo, 'b*r']}"),
    hits: [{ msg: "a foo b" }],
    misses: [{ other: "a foo b" }],
  },
  {
    name: "field_name_mapping: a field that is called null in quotes is a field",
    items: '{type: field_name_mapping, mapping: {"null": msg}}',
    from: "sel: [foo]\nb: {'null': x}\ncondition: sel or b",
    to: "sel: [foo]\nb: {msg: x}\ncondition: sel or b",
    hits: [{ msg: "x" }, { other: "foo" }],
  },
  {
    name: "field_name_prefix_mapping: the first prefix that fits",
    items: "{type: field_name_prefix_mapping, mapping: {win.: [w., x.], w: z}}",
    from: sel("{win.a: 1, wide: 2}"),
    to: "s1: {w.a: 1}\ns2: {x.a: 1}\ns3: {zide: 2}\ncondition: (s1 or s2) and s3",
    hits: [{ "x.a": 1, zide: 2 }],
    misses: [{ "win.a": 1, wide: 2 }],
  },
  {
    name: "field_name_prefix: fields, not keywords",
    items: "{type: field_name_prefix, prefix: event.}",
    from: "sel: {a: 1}\nkw: [k]\ncondition: sel and kw",
    to: "sel: {event.a: 1}\nkw: [k]\ncondition: sel and kw",
    hits: [{ "event.a": 1, x: "k" }],
    misses: [{ a: 1, x: "k" }],
  },
  {
    name: "field_name_suffix",
    items: "{type: field_name_suffix, suffix: .keyword}",
    from: sel("[{a: 1}, {b|all: [x*, '*y']}]"),
    to: sel("[{a.keyword: 1}, {b.keyword|all: [x*, '*y']}]"),
    hits: [{ "a.keyword": 1 }, { "b.keyword": "xy" }],
    misses: [{ a: 1 }],
  },
  {
    name: "drop_detection_item: what is left of a search identifier",
    items: "{type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [a]}]}",
    from: sel("{a: 1, b: 2}"),
    to: sel("{b: 2}"),
    hits: [{ b: 2 }],
    misses: [{ a: 1 }],
  },
  {
    name: "drop_detection_item: a search identifier of which nothing is left is no part of the condition",
    items: "{type: drop_detection_item, field_name_conditions: [{type: include_fields, fields: [a]}]}",
    from: "x1: {a: 1}\nx2: {b: 2}\ny: {a: 3}\ncondition: 1 of x* and not y and (x1 or x2)",
    to: "x2: {b: 2}\ncondition: 1 of x* and (x2)",
    hits: [{ b: 2 }],
    misses: [{ a: 1 }],
  },
  {
    name: "hashes_fields: a field for each algorithm",
    items: "{type: hashes_fields, valid_hash_algos: [MD5, SHA1], field_prefix: File}",
    from: sel("{Hashes|contains: ['MD5=aa', 'SHA1=bb', 'IMPHASH=cc'], c: 1}"),
    to: "s1: {FileMD5: aa}\ns2: {FileSHA1: bb}\ns3: {c: 1}\ncondition: (s1 or s2) and s3",
    hits: [{ FileMD5: "AA", c: 1 }],
    misses: [{ Hashes: "MD5=aa", c: 1 }],
  },
  {
    name: "hashes_fields: bare hashes by their length, all of them where the rule says all",
    items:
      "{type: hashes_fields, valid_hash_algos: [MD5, SHA1], drop_algo_prefix: true, field_prefix: h, field_to_parse: [x]}",
    from: sel("{x|all: ['MD5=aa', '0123456789abcdef0123456789abcdef']}"),
    to: sel("{h|all: [aa, 0123456789abcdef0123456789abcdef]}"),
    hits: [{ h: ["aa", "0123456789abcdef0123456789abcdef"] }],
    misses: [{ h: ["aa"] }],
  },
  {
    name: "hashes_fields: all of several algorithms",
    items: "{type: hashes_fields, valid_hash_algos: [MD5, SHA1]}",
    from: sel("{Hashes|contains|all: ['MD5=aa', 'SHA1=bb']}"),
    to: sel("{MD5: aa, SHA1: bb}"),
    hits: [{ MD5: "aa", SHA1: "bb" }],
    misses: [{ MD5: "aa" }],
  },
  {
    name: "extract_fields: named groups become fields",
    items: "{type: extract_fields, regex: '(?P<type>[A-Za-z]+):(?P<n>[0-9]+)', field_prefix: reg}",
    from: sel("{r: ['Dword:17', 'Q:007', 'none']}"),
    to: "s1: {reg.type: Dword, reg.n: 17}\ns2: {reg.type: Q, reg.n: '007'}\ncondition: s1 or s2",
    hits: [{ "reg.type": "dword", "reg.n": 17 }],
    misses: [{ "reg.type": "dword", "reg.n": 18 }],
  },
  {
    name: "extract_fields: values that do not fit can stay",
    items: "{type: extract_fields, regex: '(?P<n>[0-9]+)', preserve_unmatched: true}",
    from: sel("{r: ['17', x]}"),
    to: "s1: {n: 17}\ns2: {r: x}\ncondition: s1 or s2",
    hits: [{ n: 17 }, { r: "x" }],
  },
  {
    name: "value_placeholders: the values of vars, with their wildcards",
    items: "{type: value_placeholders}",
    vars: "{dc: [dc1, 'srv*', 7]}",
    from: sel("{host|expand: 'x-%dc%', b|expand|contains: '%dc%'}"),
    to: sel("{host: [x-dc1, 'x-srv*', x-7], b|contains: [dc1, 'srv*', 7]}"),
    hits: [{ host: "x-srv9", b: "a dc1 b" }],
    misses: [{ host: "x-dc2", b: "a dc1 b" }],
  },
  {
    name: "value_placeholders: only those included, before windash, encodings and in expressions",
    items: "{type: value_placeholders, include: [dc]}",
    vars: "{dc: [-dc1], other: [no]}",
    from: sel("{a|expand|windash: '%dc%', b|expand|base64: '%dc%', c|cased|expand: '%dc%X'}"),
    to: sel("{a|windash: -dc1, b|base64: -dc1, c|cased: -dc1X}"),
    hits: [{ a: "/dc1", b: "LWRjMQ==", c: "-dc1X" }],
    misses: [{ a: "/dc1", b: "LWRjMQ==", c: "-dc1x" }],
  },
  {
    name: "wildcard_placeholders: any value, of those not excluded",
    items: "[{type: value_placeholders, include: [dc]}, {type: wildcard_placeholders, exclude: [dc]}]",
    vars: "{dc: [dc1]}",
    from: sel("{host|expand: '%dc%-%rest%'}"),
    to: sel("{host: 'dc1-*'}"),
    hits: [{ host: "dc1-anything" }],
    misses: [{ host: "dc2-anything" }],
  },
  {
    name: "add_condition: joined to every condition by and",
    items: "{type: add_condition, conditions: {EventID: [1, 5], 'Channel|endswith': x}}",
    from: "s1: {a: 1}\ns2: {b: 2}\ncondition: [s1, s1 or s2]",
    to: "s1: {a: 1}\ns2: {b: 2}\nadded: {EventID: [1, 5], Channel|endswith: x}\ncondition: [added and s1, added and (s1 or s2)]",
    hits: [{ b: 2, EventID: 5, Channel: "xx" }],
    misses: [{ b: 2, EventID: 2, Channel: "xx" }],
  },
  {
    name: "add_condition: negated, with the log source put in",
    items:
      "{type: add_condition, conditions: {s: '$product/${category}/$$x/$other'}, template: true, negated: true, name: mine}",
    from: sel("{a: 1}"),
    to: "sel: {a: 1}\nmine: {s: windows/process_creation/$x/$other}\ncondition: not mine and (sel)",
    hits: [{ a: 1, s: "z" }],
    misses: [{ a: 1, s: "windows/process_creation/$x/$other" }],
  },
  {
    name: "change_logsource leaves the detection alone",
    items: "{type: change_logsource, product: windows, category: process_creation}",
    from: sel("{a: 1}"),
    to: sel("{a: 1}"),
    hits: [{ a: 1 }],
  },
  {
    name: "replace_string: sees the wildcards that modifiers add",
    items: String.raw`{type: replace_string, regex: '^\*\\(\w+)', replacement: '*/\1', field_name_conditions: [{type: include_fields, fields: [a]}]}`,
    from: sel(String.raw`{a|endswith: '\cmd.exe', b|endswith: '\cmd.exe'}`),
    to: sel(String.raw`{a|endswith: '/cmd.exe', b|endswith: '\cmd.exe'}`),
    hits: [{ a: "/bin/cmd.exe", b: "\\cmd.exe" }],
    misses: [{ a: "\\cmd.exe", b: "\\cmd.exe" }],
  },
  {
    name: "replace_string: leaves escaped wildcards and backslashes what they are, and keeps cased",
    items: String.raw`{type: replace_string, regex: 'x', replacement: 'y*\*'}`,
    from: sel(String.raw`{a|cased: '\\\*x\\*?', n: 7}`),
    to: sel(String.raw`{a|cased: '\\\*y*\*\\*?', n: '7'}`),
    hits: [{ a: "\\*yZ*\\Zz", n: 7 }],
    misses: [{ a: "\\*YZ*\\Zz", n: 7 }],
  },
  {
    name: "replace_string: a wildcard loses its escape with the backslash",
    items: String.raw`{type: replace_string, regex: '\\', replacement: ''}`,
    from: sel(String.raw`{a: 'x\*y'}`),
    to: sel("{a: 'x*y'}"),
    hits: [{ a: "xzy" }],
  },
  {
    name: "replace_string: skip_special replaces between wildcards, and what it puts in has none",
    items: "{type: replace_string, regex: '^b|b$', replacement: '[*]', skip_special: true}",
    from: sel("{a|contains: 'bab'}"),
    to: sel(String.raw`{a|contains: '[\*]a[\*]'}`),
    hits: [{ a: "x[*]a[*]x" }],
    misses: [{ a: "x[1]a[1]x" }],
  },
  {
    name: "replace_string: interpret_special makes wildcards of them",
    items: "{type: replace_string, regex: b, replacement: '*', skip_special: true, interpret_special: true}",
    from: sel("{a: 'xbx'}"),
    to: sel("{a: 'x*x'}"),
    hits: [{ a: "x123x" }],
  },
  {
    name: "replace_string: what stands for several texts is left alone, as in pySigma",
    items: "{type: replace_string, regex: x, replacement: y}",
    from: sel("{a|windash|contains: ' -x', b|base64offset|contains: xxx, c|re: x, d|exists: true}"),
    to: sel("{a|windash|contains: ' -x', b|base64offset|contains: xxx, c|re: x, d|exists: true}"),
  },
  {
    name: "map_string: one to one and one to many, by the whole text",
    items: "{type: map_string, mapping: {'*.dll': ['*.so', '*.dylib'], x: y}}",
    from: sel("{a|endswith: .dll, b: [x, xx]}"),
    to: sel("{a|endswith: [.so, .dylib], b: [y, xx]}"),
    hits: [{ a: "l.so", b: "y" }],
    misses: [{ a: "l.dll", b: "y" }],
  },
  {
    name: "map_string: an empty list leaves the null test, as in pySigma",
    items: "{type: map_string, mapping: {x: []}}",
    from: sel("{a: x}"),
    to: sel("{a: null}"),
    hits: [{ b: 1 }],
    misses: [{ a: "x" }],
  },
  {
    name: "regex: in brackets, of the whole value",
    items: "{type: regex}",
    from: sel("{a|startswith: 'C:.x?', b: 1, c: ''}"),
    to: sel(String.raw`{a|re: '\A(?s:[Cc]:\.[Xx]..*)\z', b: 1, c: ''}`),
    hits: [{ a: "c:.Xyz", b: 1, c: "" }],
    misses: [{ a: "xc:.Xyz", b: 1, c: "" }],
  },
  {
    name: "regex: with a flag",
    items: "{type: regex, method: ignore_case_flag}",
    from: sel("{a|contains|all: ['a+', b]}"),
    to: sel(String.raw`{a|re|i|all: ['\A(?s:.*a\+.*)\z', '\A(?s:.*b.*)\z']}`),
    hits: [{ a: "xBxA+x" }],
    misses: [{ a: "aab" }],
  },
  {
    name: "regex: plain is case-sensitive",
    items: "{type: regex, method: plain, detection_item_conditions: [{type: match_string, cond: any, pattern: ab}]}",
    from: sel("{a: [ab, cd]}"),
    to: sel(String.raw`{a|re: ['\A(?s:ab)\z', '\A(?s:cd)\z']}`),
    hits: [{ a: "ab" }],
    misses: [{ a: "AB" }, { a: "abc" }],
  },
  {
    name: "regex and texts in one item stay joined as they were",
    items: "{type: regex, method: plain}",
    from: sel("{a|all: [ab*, 7], b|neq: ['*b', 7]}"),
    to: "s1: {a|re: '\\A(?s:ab.*)\\z'}\ns2: {a: 7}\ns3: {b|re: '\\A(?s:.*b)\\z'}\ns4: {b: 7}\ncondition: s1 and s2 and not s3 and not s4",
    hits: [{ a: ["abc", 7], b: "c" }],
    misses: [
      { a: ["abc", 7], b: "7" },
      { a: "abc", b: "c" },
    ],
  },
  {
    name: "set_value: a value of any type",
    items:
      "[{type: set_value, value: 5, field_name_conditions: [{type: include_fields, fields: [a]}]}, {type: set_value, value: null, field_name_conditions: [{type: include_fields, fields: [b]}]}]",
    from: sel("{a: x, b|contains: y}"),
    to: sel("{a: 5, b: null}"),
    hits: [{ a: 5 }],
    misses: [{ a: "x", b: "y" }],
  },
  {
    name: "set_value: force_type",
    items:
      "[{type: set_value, value: '5', force_type: num}, {type: add_condition, conditions: {n: 5}, name: n, detection_item_conditions: []}]",
    from: sel("{a|contains: x}"),
    to: "sel: {a: 5}\nn: {n: 5}\ncondition: n and sel",
    hits: [{ a: 5, n: 5 }],
  },
  {
    name: "convert_type: str and num",
    items:
      "[{type: convert_type, target_type: str}, {type: convert_type, target_type: num, field_name_conditions: [{type: include_fields, fields: [b]}]}, {type: case, method: upper}]",
    from: sel("{a|cased: x, b: ['5', 6], n: 7}"),
    to: sel("{a|cased: X, b: [5, 6], n: '7'}"),
    hits: [{ a: "X", b: 5, n: 7 }],
    misses: [{ a: "x", b: 5, n: 7 }],
  },
  {
    name: "case: lower, upper and snake_case, wildcards untouched",
    items:
      "[{type: case, method: snake_case, field_name_conditions: [{type: include_fields, fields: [a]}]}, {type: case, field_name_conditions: [{type: include_fields, fields: [b]}]}]",
    from: sel("{a|cased: '*AbCd', b|cased|startswith: XY}"),
    to: sel("{a|cased: '*ab_cd', b|cased|startswith: xy}"),
    hits: [{ a: "zab_cd", b: "xyz" }],
    misses: [{ a: "zAbCd", b: "xyz" }],
  },
  {
    name: "set_state and set_custom_attribute change no rule, but what later items ask for",
    items:
      "[{type: set_state, key: k, val: 5}, {type: set_custom_attribute, attribute: mine, value: [x]}, {type: field_name_prefix, prefix: p., rule_conditions: [{type: processing_state, key: k, val: 4, op: gt}, {type: rule_attribute, attribute: mine, op: in, value: x}]}]",
    from: sel("{a: 1}"),
    to: sel("{p.a: 1}"),
    hits: [{ "p.a": 1 }],
    misses: [{ a: 1 }],
  },
  {
    name: "nest: items under the conditions of one, with the vars around",
    items:
      "[{type: nest, items: [{type: value_placeholders}, {type: field_name_prefix, prefix: p., id: inner}, {type: set_state, key: k, val: v}], rule_conditions: [{type: logsource, product: windows}]}, {type: field_name_suffix, suffix: .s, rule_conditions: [{type: processing_item_applied, processing_item_id: inner}, {type: processing_state, key: k, val: v}]}]",
    vars: "{x: [y]}",
    from: sel("{a|expand: '%x%'}"),
    to: sel("{p.a.s: y}"),
    hits: [{ "p.a.s": "y" }],
    misses: [{ a: "y" }],
  },
  {
    name: "add_field, remove_field and set_field leave the detection alone",
    items: "[{type: add_field, field: [x, y]}, {type: remove_field, field: x}, {type: set_field, fields: [z]}]",
    from: sel("{a: 1}"),
    to: sel("{a: 1}"),
    hits: [{ a: 1 }],
  },
];

describe("a transformation makes of a rule what one would write by hand", () => {
  test.each(CASES.map((entry) => [entry.name, entry] as const))(
    "%s",
    (_name, { items, from, to, hits, misses, vars }) => {
      const list = items.startsWith("[") ? items : `[${items}]`;
      const pipeline = `vars: ${vars ?? "{}"}\ntransformations: ${list}`;
      const { rules, problems } = pipelined([pipeline], ruleText(from));
      expect(problems).toEqual([]);
      const [rule] = rules;
      const byHand = loadRules([{ path: "r0.yml", text: ruleText(to) }]);
      expect(byHand.problems).toEqual([]);
      expect(sortedShape(rule?.condition)).toEqual(sortedShape(byHand.rules[0]?.condition));
      for (const document of hits ?? []) expect([document, says(rule, document)]).toEqual([document, true]);
      for (const document of misses ?? []) expect([document, says(rule, document)]).toEqual([document, false]);
    },
  );

  test("every one that is honoured has a case here or below", () => {
    const named = new Set(CASES.flatMap(({ items }) => [...items.matchAll(/type: (\w+)/g)].map(([, type]) => type)));
    const failures = ["rule_failure", "detection_item_failure", "strict_field_mapping_failure"];
    expect(Object.keys(TRANSFORMATIONS).filter((type) => !named.has(type) && !failures.includes(type))).toEqual([]);
  });
});

describe("a pipeline refuses a rule", () => {
  test.each<[string, string, string, string, number]>([
    ["rule_failure", "{type: rule_failure, message: not for us}", sel("{a: 1}"), "not for us", 1],
    [
      "detection_item_failure, at the item",
      "{type: detection_item_failure, message: no a, field_name_conditions: [{type: include_fields, fields: [a]}]}",
      sel("{b: 1, a: 2}"),
      "no a",
      5,
    ],
    [
      "strict_field_mapping_failure names what has no mapping",
      "[{type: field_name_mapping, mapping: {a: b}}, {type: strict_field_mapping_failure}]",
      sel("{a: 1, c: 2}"),
      "The mapping has no name for: c.",
      1,
    ],
    [
      "a mapping to nothing",
      "{type: field_name_mapping, mapping: {a: []}}",
      sel("{a: 1}"),
      '"a" is mapped to an empty list of fields.',
      5,
    ],
    [
      "a placeholder without values",
      "{type: value_placeholders}",
      sel("{a|expand: '%x%'}"),
      'The placeholder %x% has no values in "vars".',
      5,
    ],
    [
      "hashes of no known algorithm",
      "{type: hashes_fields, valid_hash_algos: [MD5]}",
      sel("{Hashes: 'X=1'}"),
      'None of the hashes in "Hashes" is of MD5, which are what "hashes_fields" takes.',
      5,
    ],
    [
      "a text that is no number",
      "{type: convert_type, target_type: num}",
      sel("{a: 'x*'}"),
      '"x*" cannot be converted to a number.',
      5,
    ],
    [
      "everything dropped",
      "{type: drop_detection_item}",
      sel("{a: 1}"),
      "The pipelines drop everything that the condition asks for.",
      6,
    ],
    [
      "a template without its part",
      "{type: add_condition, template: true, conditions: {s: $service}}",
      sel("{a: 1}"),
      'The rule\'s log source has no service for "$service".',
      6,
    ],
    [
      "a name that is taken",
      "{type: add_condition, name: sel, conditions: {s: 1}}",
      sel("{a: 1}"),
      '"add_condition" would replace the search identifier "sel".',
      6,
    ],
    [
      "a placeholder as expression",
      "{type: regex}",
      sel("{a|expand: '%x%'}"),
      "The placeholder %x% cannot be made a regular expression.",
      5,
    ],
  ])("%s", (_name, items, detection, message, line) => {
    const list = items.startsWith("[") ? items : `[${items}]`;
    const { rules, problems } = pipelined(
      [`transformations: ${list}`],
      ruleText(detection),
      ruleText(sel("{z: 1}")).replace("01\n", "02\n"),
    );
    const mine = problems.filter(({ path }) => path === "r0.yml");
    expect(mine).toMatchObject([{ code: "rule-pipeline", severity: "error", message, line }]);
    expect(rules.map(({ path }) => path)).not.toContain("r0.yml");
  });

  test("and says where the item stands", () => {
    const { problems } = pipelined(
      ["transformations:\n  - type: rule_failure\n    message: no\n"],
      ruleText(sel("{a: 1}")),
    );
    expect(problems[0]?.suggestion).toBe("The pipeline item stands at p0.yml:2:5.");
  });
});

test("the cases are valid YAML", () => {
  for (const { items } of CASES) expect(parse(items)).toBeTruthy();
});
