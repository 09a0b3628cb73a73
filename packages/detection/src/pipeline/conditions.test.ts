import { describe, expect, test } from "vitest";
import { pipelined, says, shapeOf } from "../testing/pipelined-rule.ts";
import { ruleText } from "../testing/rule-text.ts";
import { FIELD_CONDITIONS, ITEM_CONDITIONS, RULE_CONDITIONS } from "./read-conditions.ts";

const ATTRIBUTES = [
  "name: r0",
  "status: test",
  "level: high",
  "date: 2024-03-01",
  "author: A. Author",
  "tags: [attack.t1059, attack.execution]",
  "fields: [a, b]",
  "points_given: 7",
  "",
].join("\n");

const DETECTION = "sel: {a: x, b|contains: y, c|cased: z, n: 5, t: true, e: null}\nkw: [k]\ncondition: sel or kw";

const RULE: readonly (readonly [string, boolean])[] = [
  ["{type: logsource, product: windows}", true],
  ["{type: logsource, product: Windows, category: process_creation}", true],
  ["{type: logsource, product: windows, service: sysmon}", false],
  ["{type: contains_field, field: a}", true],
  ["{type: contains_field, field: z}", false],
  ["{type: contains_detection_item, field: a, value: x}", true],
  ["{type: contains_detection_item, field: a, value: y}", false],
  ["{type: contains_detection_item, field: b, value: '*y*'}", true],
  ["{type: contains_detection_item, field: b, value: y}", false],
  ["{type: contains_detection_item, field: c, value: z}", false],
  ["{type: contains_detection_item, field: n, value: 5}", true],
  ["{type: contains_detection_item, field: n, value: '5'}", false],
  ["{type: contains_detection_item, field: t, value: true}", true],
  ["{type: contains_detection_item, field: e, value: null}", true],
  ["{type: is_sigma_rule}", true],
  ["{type: is_sigma_correlation_rule}", false],
  ["{type: tag, tag: attack.t1059}", true],
  ["{type: tag, tag: attack.t1060}", false],
  ["{type: processing_item_applied, processing_item_id: first}", true],
  ["{type: processing_item_applied, processing_item_id: never}", false],
  ["{type: processing_state, key: k, val: 5}", true],
  ["{type: processing_state, key: k, val: 5, op: ne}", false],
  ["{type: processing_state, key: k, val: 5, op: gte}", true],
  ["{type: processing_state, key: k, val: 5, op: gt}", false],
  ["{type: processing_state, key: k, val: 5, op: lte}", true],
  ["{type: processing_state, key: k, val: 6, op: lt}", true],
  ["{type: processing_state, key: other, val: 5, op: ne}", false],
  ["{type: rule_attribute, attribute: level, value: HIGH}", true],
  ["{type: rule_attribute, attribute: level, value: medium, op: gt}", true],
  ["{type: rule_attribute, attribute: level, value: critical, op: gte}", false],
  ["{type: rule_attribute, attribute: status, value: stable, op: lt}", true],
  ["{type: rule_attribute, attribute: date, value: '2024-02-29', op: gt}", true],
  ["{type: rule_attribute, attribute: date, value: '2024-03-01', op: lt}", false],
  ["{type: rule_attribute, attribute: tags, value: attack.execution, op: in}", true],
  ["{type: rule_attribute, attribute: tags, value: attack.execution, op: not_in}", false],
  ["{type: rule_attribute, attribute: fields, value: b, op: in}", true],
  ["{type: rule_attribute, attribute: tags, value: attack.execution}", false],
  ["{type: rule_attribute, attribute: author, value: A. Author}", true],
  ["{type: rule_attribute, attribute: taxonomy, value: sigma}", true],
  ["{type: rule_attribute, attribute: id, value: 00000000-0000-4000-8000-000000000001}", true],
  ["{type: rule_attribute, attribute: title, value: x, op: ne}", true],
  ["{type: rule_attribute, attribute: points_given, value: 6, op: gte}", true],
  ["{type: rule_attribute, attribute: points_given, value: '7'}", true],
  ["{type: rule_attribute, attribute: nothing, value: 6}", false],
];

const ITEM: readonly (readonly [string, readonly string[]])[] = [
  ["{type: match_string, cond: any, pattern: '[xz]'}", ["a", "c"]],
  ["{type: match_string, cond: any, pattern: 'y'}", []],
  ["{type: match_string, cond: all, pattern: '.*y', negate: true}", ["a", "c", "n", "t", "e"]],
  ["{type: match_value, cond: any, value: x}", ["a"]],
  ["{type: match_value, cond: any, value: 5}", ["n"]],
  ["{type: match_value, cond: any, value: true}", ["t"]],
  ["{type: contains_wildcard, cond: any}", ["b"]],
  ["{type: is_null, cond: all}", ["e"]],
  ["{type: processing_item_applied, processing_item_id: one}", ["n"]],
  ["{type: processing_state, key: k, val: 5}", ["a", "b", "c", "n", "t", "e"]],
];

const FIELD: readonly (readonly [string, readonly string[]])[] = [
  ["{type: include_fields, fields: [a, n]}", ["a", "n"]],
  ["{type: include_fields, fields: ['[a-b]$'], mode: re}", ["a", "b"]],
  ["{type: exclude_fields, fields: [a, n]}", ["b", "c", "t", "e"]],
  ["{type: exclude_fields, fields: ['[a-c]'], mode: re}", ["n", "t", "e"]],
  ["{type: processing_state, key: k, val: 6}", []],
];

const BEFORE = `
- {type: set_state, key: k, val: 5, id: first}
- {type: set_state, key: never, val: 1, id: never, rule_conditions: [{type: is_sigma_correlation_rule}]}
- {type: convert_type, target_type: str, id: one, field_name_conditions: [{type: include_fields, fields: [n]}]}
- {type: set_value, value: 5, field_name_conditions: [{type: include_fields, fields: [n]}]}`;

/** The fields that a prefix was put before. */
function prefixed(conditions: string): readonly string[] {
  const item = `{type: field_name_prefix, prefix: p_, ${conditions}}`;
  const { rules, problems } = pipelined([`transformations:${BEFORE}\n- ${item}`], ruleText(DETECTION, ATTRIBUTES));
  expect(problems).toEqual([]);
  const [rule] = rules;
  const names = ["a", "b", "c", "n", "t", "e"];
  const written = JSON.stringify(shapeOf(rule?.condition));
  const found = names.filter((name) => written.includes(`"p_${name}"`));
  // What the engine does is what the rule says.
  const document = { a: "x", b: "y", c: "z", n: 5, t: true };
  const renamed = Object.fromEntries(
    Object.entries(document).map(([name, value]) => [found.includes(name) ? `p_${name}` : name, value]),
  );
  expect(says(rule, renamed)).toBe(true);
  expect(says(rule, { ...renamed, [found.includes("a") ? "p_a" : "a"]: "other" })).toBe(false);
  return found;
}

describe("a condition on rules", () => {
  test.each(RULE)("%s is %s", (condition, expected) => {
    expect(prefixed(`rule_conditions: [${condition}]`).length).toBe(expected ? 6 : 0);
  });

  test.each([
    ["{type: rule_attribute, attribute: level, value: x}", '"x" is none of'],
    ["{type: rule_attribute, attribute: author, value: x, op: gt}", '"gt" is not for texts'],
    ["{type: rule_attribute, attribute: author, value: x, op: in}", '"in" is for lists'],
    ["{type: rule_attribute, attribute: date, value: soon, op: gt}", "dates are written as YYYY-MM-DD"],
    ["{type: rule_attribute, attribute: license, value: x}", "the rule does not have it"],
    ["{type: rule_attribute, attribute: detection, value: x}", "it is neither"],
    ["{type: rule_attribute, attribute: points_given, value: x}", '"x" is not a number'],
    ["{type: processing_state, key: k, val: x, op: gt}", "they are of other types"],
  ])("%s refuses the rule: %s", (condition, reason) => {
    const { problems, rules } = pipelined(
      [`transformations:${BEFORE}\n- {type: field_name_prefix, prefix: p_, rule_conditions: [${condition}]}`],
      ruleText(DETECTION, ATTRIBUTES),
    );
    expect(rules).toEqual([]);
    expect(problems).toMatchObject([{ code: "rule-pipeline", message: expect.stringContaining(reason) as string }]);
  });
});

describe("a condition on detection items", () => {
  test.each(ITEM)("%s holds for %s", (condition, expected) => {
    expect(prefixed(`detection_item_conditions: [${condition}]`)).toEqual(expected);
  });
});

describe("a condition on names of fields", () => {
  test.each(FIELD)("%s holds for %s", (condition, expected) => {
    expect(prefixed(`field_name_conditions: [${condition}]`)).toEqual(expected);
  });

  test("processing_item_applied asks about names in the list of fields, and at items only where a detection item condition asks", () => {
    const suffixed = (conditions: string): readonly unknown[] => {
      const items = `
- {type: field_name_mapping, id: map, mapping: {a: x, b: y}}
- {type: field_name_suffix, suffix: .s, ${conditions}: [{type: processing_item_applied, processing_item_id: map}]}`;
      const text = ruleText("sel: {a: 1, b: 2, c: 3}\ncondition: sel", "fields: [a, c]\n");
      const [rule] = pipelined([`transformations:${items}`], text).rules;
      return [rule?.fields, JSON.stringify(shapeOf(rule?.condition)).match(/"field":"[^"]*"/g)];
    };
    // pySigma does the same: by the time it looks at items, the name "x" has become "x.s" in its records.
    expect(suffixed("field_name_conditions")).toEqual([
      ["x.s", "c"],
      ['"field":"x"', '"field":"y"', '"field":"c"'],
    ]);
    expect(suffixed("detection_item_conditions")).toEqual([
      ["x.s", "c.s"],
      ['"field":"x.s"', '"field":"y.s"', '"field":"c"'],
    ]);
  });
});

describe("conditions are joined", () => {
  const A = "{type: contains_field, field: a}";
  const Z = "{type: contains_field, field: z}";
  test.each<[string, boolean]>([
    [`rule_conditions: [${A}, ${Z}]`, false],
    [`rule_conditions: [${A}, ${Z}], rule_cond_op: or`, true],
    [`rule_conditions: [${A}, ${Z}], rule_cond_op: and, rule_cond_not: true`, true],
    ["rule_cond_not: true", true],
    [`rule_conditions: {x: ${A}, y: ${Z}}, rule_cond_expr: x and not y`, true],
    [`rule_conditions: {x: ${A}, y: ${Z}}, rule_cond_expr: not (x or y)`, false],
    [`rule_conditions: {x: ${A}, y: ${Z}}, rule_cond_expr: y or x and x`, true],
    ["detection_item_cond_not: true", false],
    ["field_name_cond_op: or", false],
  ])("%s: %s", (conditions, expected) => {
    expect(prefixed(conditions).length).toBe(expected ? 6 : 0);
  });
});

test("every condition has a case", () => {
  const typesOf = (cases: readonly (readonly [string, unknown])[]): string[] =>
    cases.map(([text]) => /type: (\w+)/.exec(text)?.[1] ?? "");
  expect(Object.keys(RULE_CONDITIONS).filter((type) => !typesOf(RULE).includes(type))).toEqual([]);
  expect(Object.keys(ITEM_CONDITIONS).filter((type) => !typesOf(ITEM).includes(type))).toEqual([]);
  const fieldTypes = [...typesOf(FIELD), "processing_item_applied"];
  expect(Object.keys(FIELD_CONDITIONS).filter((type) => !fieldTypes.includes(type))).toEqual([]);
});
