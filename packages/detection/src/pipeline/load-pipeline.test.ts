import { describe, expect, test } from "vitest";
import { loadPipeline, loadPipelines } from "./load-pipeline.ts";

const load = (text: string): ReturnType<typeof loadPipeline> => loadPipeline({ path: "p.yml", text });

const item = (text: string): string => `transformations:\n  - ${text}\n`;

describe("a pipeline", () => {
  test("is read with its name, priority and values", () => {
    const { pipeline, problems } = load(
      `name: ECS\npriority: 20\nallowed_backends: [splunk, vedette]\nvars: { a: x, b: [1, y] }\n${item("{ id: i, type: field_name_prefix, prefix: e. }")}postprocessing: []\nfinalizers: []\n`,
    );
    expect(problems).toEqual([]);
    expect(pipeline).toMatchObject({ name: "ECS", priority: 20, path: "p.yml" });
    expect([...(pipeline?.vars ?? [])]).toEqual([
      ["a", ["x"]],
      ["b", ["1", "y"]],
    ]);
    expect(pipeline?.items).toMatchObject([{ id: "i", place: "p.yml:6:5" }]);
  });

  test("without a name is called by its path, and may hold nothing", () => {
    expect(load("priority: 1\n")).toMatchObject({ pipeline: { name: "p.yml", items: [] }, problems: [] });
  });

  test("may have finalizers, which are left out with a warning", () => {
    const { pipeline, problems } = load("finalizers: [{ type: json }]\n");
    expect(pipeline).toBeDefined();
    expect(problems).toMatchObject([{ code: "pipeline-unsupported", severity: "warning", line: 1, column: 13 }]);
  });

  test("may refer to an item of another pipeline of the same run", () => {
    const other = item("{ id: there, type: drop_detection_item }");
    const text = item(
      "{ type: drop_detection_item, rule_conditions: [{ type: processing_item_applied, processing_item_id: there }] }",
    );
    const both = loadPipelines([
      { path: "a.yml", text },
      { path: "b.yml", text: other },
    ]);
    expect(both.problems).toEqual([]);
    expect(both.pipelines).toHaveLength(2);
  });
});

describe("what is wrong with a pipeline is reported with its place, and the pipeline is not loaded", () => {
  test.each<[string, string, string, number, number, string?]>([
    ["no YAML", "a: [", "pipeline-yaml-syntax", 1, 5],
    ["no map", "- a", "pipeline-wrong-type", 1, 1],
    ["an unknown key", "transformation: []", "pipeline-unknown-key", 1, 1, 'Did you mean "transformations"?'],
    ["a priority that is no number", "priority: high", "pipeline-wrong-type", 1, 11],
    ["vars without values", "vars: { a: [] }", "pipeline-wrong-type", 1, 12],
    ["another backend's pipeline", "allowed_backends: [splunk]", "pipeline-unsupported", 1, 19],
    ["postprocessing", "postprocessing: [{ type: embed, prefix: x }]", "pipeline-unsupported", 1, 17],
    ["two documents", "name: a\n---\nname: b", "pipeline-wrong-type", 3, 1],
    ["an item that is no map", item("x"), "pipeline-wrong-type", 2, 5],
    ["an item without type", item("{ id: a }"), "pipeline-missing-key", 2, 5],
    [
      "an unknown transformation",
      item("{ type: field_name_maping, mapping: { a: b } }"),
      "pipeline-unknown-value",
      2,
      13,
      'Did you mean "field_name_mapping"?',
    ],
    ["a transformation that objects have", item("{ type: constructor }"), "pipeline-unknown-value", 2, 13],
    ["a missing parameter", item("{ type: field_name_prefix }"), "pipeline-missing-key", 2, 5],
    [
      "an unknown parameter",
      item("{ type: field_name_prefix, prefix: a, prefx: b }"),
      "pipeline-unknown-key",
      2,
      43,
      'Did you mean "prefix"?',
    ],
    [
      "a condition expression by another name",
      item("{ type: drop_detection_item, rule_cond_expression: a }"),
      "pipeline-unknown-key",
      2,
      34,
      'Did you mean "rule_cond_expr"?',
    ],
    [
      "a mapping of the wrong type",
      item("{ type: field_name_mapping, mapping: { a: { b: c } } }"),
      "pipeline-wrong-type",
      2,
      47,
    ],
    [
      "null as a prefix",
      item("{ type: field_name_prefix_mapping, mapping: { null: c } }"),
      "pipeline-wrong-type",
      2,
      51,
    ],
    ["a function", item("{ type: field_name_transform, mapping: {} }"), "pipeline-unsupported", 2, 13],
    [
      "a query expression",
      item("{ type: query_expression_placeholders, expression: x }"),
      "pipeline-unsupported",
      2,
      13,
    ],
    ["values from files", item("{ type: file_placeholders, path: x }"), "pipeline-unsupported", 2, 13],
    ["values from a server", item("{ type: http_placeholders, url: x }"), "pipeline-unsupported", 2, 13],
    ["values from a program", item("{ type: command_placeholders, command: x }"), "pipeline-unsupported", 2, 13],
    [
      "a regular expression that is none",
      item("{ type: replace_string, regex: '(', replacement: x }"),
      "pipeline-regex",
      2,
      36,
    ],
    ["a look-ahead", item("{ type: replace_string, regex: 'a(?=b)', replacement: x }"), "pipeline-regex", 2, 36],
    ["a back-reference", item("{ type: replace_string, regex: '(a)\\1', replacement: x }"), "pipeline-regex", 2, 36],
    [
      "a group that is not there",
      item("{ type: replace_string, regex: '(a)', replacement: '\\2' }"),
      "pipeline-regex",
      2,
      56,
    ],
    ["an escape that is none", item("{ type: replace_string, regex: a, replacement: '\\q' }"), "pipeline-regex", 2, 52],
    ["no named group", item("{ type: extract_fields, regex: '(a)' }"), "pipeline-wrong-type", 2, 36],
    [
      "include with exclude",
      item("{ type: value_placeholders, include: [a], exclude: [b] }"),
      "pipeline-wrong-type",
      2,
      56,
    ],
    ["an empty log source", item("{ type: change_logsource }"), "pipeline-missing-key", 2, 5],
    [
      "an unknown condition",
      item("{ type: drop_detection_item, rule_conditions: [{ type: logsorce }] }"),
      "pipeline-unknown-value",
      2,
      60,
      'Did you mean "logsource"?',
    ],
    [
      "a condition of another kind",
      item("{ type: drop_detection_item, rule_conditions: [{ type: is_null, cond: any }] }"),
      "pipeline-unknown-value",
      2,
      60,
    ],
    [
      "a condition without cond",
      item("{ type: drop_detection_item, detection_item_conditions: [{ type: is_null }] }"),
      "pipeline-missing-key",
      2,
      62,
    ],
    [
      "conditions that are neither list nor map",
      item("{ type: drop_detection_item, rule_conditions: x }"),
      "pipeline-wrong-type",
      2,
      51,
    ],
    ["an unknown operator", item("{ type: drop_detection_item, rule_cond_op: xor }"), "pipeline-unknown-value", 2, 48],
    [
      "an expression over a list",
      item("{ type: drop_detection_item, rule_conditions: [{ type: is_sigma_rule }], rule_cond_expr: a }"),
      "pipeline-condition",
      2,
      94,
    ],
    [
      "an expression beside an operator",
      item(
        "{ type: drop_detection_item, rule_conditions: { a: { type: is_sigma_rule } }, rule_cond_op: or, rule_cond_expr: a }",
      ),
      "pipeline-condition",
      2,
      117,
    ],
    [
      "an expression with an unknown name",
      item("{ type: drop_detection_item, rule_conditions: { abc: { type: is_sigma_rule } }, rule_cond_expr: abd }"),
      "pipeline-condition",
      2,
      101,
      'Did you mean "abc"?',
    ],
    [
      "an expression that leaves a condition out",
      item(
        "{ type: drop_detection_item, rule_conditions: { a: { type: is_sigma_rule }, b: { type: is_sigma_rule } }, rule_cond_expr: a }",
      ),
      "pipeline-condition",
      2,
      127,
    ],
    [
      "an expression that ends too early",
      item("{ type: drop_detection_item, rule_conditions: { a: { type: is_sigma_rule } }, rule_cond_expr: 'a and (' }"),
      "pipeline-condition",
      2,
      99,
    ],
    [
      "an id that no item has",
      item(
        "{ id: abc, type: drop_detection_item, rule_conditions: [{ type: processing_item_applied, processing_item_id: abd }] }",
      ),
      "pipeline-unknown-id",
      2,
      114,
      'Did you mean "abc"?',
    ],
    ["an error in a nested item", item("{ type: nest, items: [{ type: nope }] }"), "pipeline-unknown-value", 2, 35],
    ["a nested item that is no list", item("{ type: nest, items: 5 }"), "pipeline-wrong-type", 2, 26],
  ])("%s", (_name, text, code, line, column, suggestion) => {
    const { pipeline, problems } = load(text);
    expect(pipeline).toBeUndefined();
    expect(problems[0]).toMatchObject({
      code,
      line,
      column,
      path: "p.yml",
      severity: "error",
      ...(suggestion === undefined ? {} : { suggestion }),
    });
    expect(problems.every((problem) => (problem.line ?? 0) >= 1)).toBe(true);
  });

  test("nesting and size are bounded", () => {
    const nested = Array.from({ length: 20 }).reduce<string>(
      (inner) => `{type: nest, items: [${inner}]}`,
      "{type: drop_detection_item}",
    );
    expect(load(item(nested)).problems[0]).toMatchObject({ code: "pipeline-too-large" });
    expect(load(`vars: { a: ${"[".repeat(50)}${"]".repeat(50)} }`).problems[0]).toMatchObject({
      code: "pipeline-too-large",
    });
  });
});
