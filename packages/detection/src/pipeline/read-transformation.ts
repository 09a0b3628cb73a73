import { type Tree, toJson } from "../sigma/tree.ts";
import { readLogSourceParts } from "./log-source-parts.ts";
import type { Parameters } from "./parameters.ts";
import type { AddedCondition, PipelineItem, PlaceholderChoice, Plain, Transformation } from "./pipeline.ts";
import { parseTemplate } from "./text-template.ts";

/** Reads the items of a nested pipeline. */
export type ReadItems = (tree: Tree | undefined) => readonly PipelineItem[];

type Reader = (from: Parameters, readItems: ReadItems) => Transformation | undefined;

/** Makes a value when none of its parts is missing. */
function whole<Part, Result>(part: Part | undefined, make: (part: Part) => Result): Result | undefined {
  return part === undefined ? undefined : make(part);
}

const mapped =
  (type: "field_name_mapping" | "field_name_prefix_mapping"): Reader =>
  (from) =>
    whole(from.mapping("mapping", type === "field_name_mapping"), (mapping) => ({ type, mapping }));

const placeholders =
  (type: "value_placeholders" | "wildcard_placeholders"): Reader =>
  (from) => {
    const include = whole(from.texts("include", true), (names) => new Set(names));
    const exclude = whole(from.texts("exclude", true), (names) => new Set(names));
    if (include !== undefined && exclude !== undefined) from.wrong("exclude", "absent where include is given");
    const choice: PlaceholderChoice = { include, exclude };
    return { type, ...choice };
  };

const fieldList =
  (type: "add_field" | "remove_field"): Reader =>
  (from) =>
    whole(from.texts("field"), (fields) => ({ type, fields }));

const failure =
  (type: "rule_failure" | "detection_item_failure"): Reader =>
  (from) =>
    whole(from.text("message"), (message) => ({ type, message }));

/** Every transformation that is honoured, by its type. */
export const TRANSFORMATIONS: Readonly<Record<Transformation["type"], Reader>> = {
  field_name_mapping: mapped("field_name_mapping"),
  field_name_prefix_mapping: mapped("field_name_prefix_mapping"),
  field_name_prefix: (from) => whole(from.text("prefix"), (text) => ({ type: "field_name_prefix", text })),
  field_name_suffix: (from) => whole(from.text("suffix"), (text) => ({ type: "field_name_suffix", text })),
  drop_detection_item: () => ({ type: "drop_detection_item" }),
  hashes_fields: (from) => {
    const algorithms = from.texts("valid_hash_algos");
    const prefix = from.text("field_prefix", true) ?? "";
    const dropAlgorithm = from.flag("drop_algo_prefix");
    const fields = new Set(from.texts("field_to_parse", true) ?? ["Hashes", "Hash"]);
    return whole(algorithms, (names) => ({
      type: "hashes_fields",
      algorithms: new Set(names),
      prefix,
      dropAlgorithm,
      fields,
    }));
  },
  extract_fields: (from) => {
    const regex = from.regex("regex");
    const prefix = from.text("field_prefix", true);
    const preserveUnmatched = from.flag("preserve_unmatched");
    if (regex?.names.size === 0) from.wrong("regex", "an expression with at least one named group");
    return whole(regex, (expression) => ({ type: "extract_fields", regex: expression, prefix, preserveUnmatched }));
  },
  value_placeholders: placeholders("value_placeholders"),
  wildcard_placeholders: placeholders("wildcard_placeholders"),
  add_condition: (from) => {
    const conditions = readAdded(from);
    const name = from.text("name", true);
    if (name !== undefined && !/^[\w-]+$/.test(name)) from.wrong("name", "letters, digits, _ and -");
    const template = from.flag("template");
    const negated = from.flag("negated");
    return whole(conditions, (added) => ({ type: "add_condition", conditions: added, name, template, negated }));
  },
  change_logsource: (from) => whole(readLogSourceParts(from), (logSource) => ({ type: "change_logsource", logSource })),
  add_field: fieldList("add_field"),
  remove_field: fieldList("remove_field"),
  set_field: (from) => whole(from.texts("fields"), (fields) => ({ type: "set_field", fields })),
  replace_string: (from) => {
    const regex = from.regex("regex");
    const text = from.text("replacement");
    const skipSpecial = from.flag("skip_special");
    const interpretSpecial = from.flag("interpret_special");
    if (regex === undefined || text === undefined) return undefined;
    const result = parseTemplate(text, { count: regex.groupCount, names: regex.names });
    if ("error" in result) {
      from.report("pipeline-regex", `${result.error}.`, from.get("replacement")?.at);
      return undefined;
    }
    return { type: "replace_string", regex, replacement: result.template, skipSpecial, interpretSpecial };
  },
  map_string: (from) =>
    whole(from.mapping("mapping", false), (mapping) => ({
      type: "map_string",
      mapping: new Map([...mapping].map(([key, values]) => [key ?? "", values])),
    })),
  set_state: (from) => {
    const key = from.text("key");
    const value = from.get("val");
    if (value === undefined) from.wrong("val", "given");
    return key === undefined || value === undefined ? undefined : { type: "set_state", key, value: toJson(value) };
  },
  regex: (from) =>
    whole(
      from.choice("method", ["plain", "ignore_case_flag", "ignore_case_brackets"] as const, "ignore_case_brackets"),
      (method) => ({ type: "regex", method }),
    ),
  set_value: (from) => {
    const value = from.plain("value");
    const forced =
      from.get("force_type") === undefined ? undefined : from.choice("force_type", ["str", "num"] as const);
    if (value === undefined) return undefined;
    if (forced === undefined) return { type: "set_value", value };
    if (value === null) from.wrong("value", "a text or a number where force_type is given");
    else if (forced === "str") return { type: "set_value", value: String(value) };
    else if (/^\s*[+-]?\d+\s*$/.test(String(value)) || typeof value === "number")
      return { type: "set_value", value: Number(value) };
    else from.wrong("value", "a number where force_type is num");
    return undefined;
  },
  convert_type: (from) =>
    whole(from.choice("target_type", ["str", "num"] as const), (target) => ({ type: "convert_type", target })),
  case: (from) =>
    whole(from.choice("method", ["lower", "upper", "snake_case"] as const, "lower"), (method) => ({
      type: "case",
      method,
    })),
  rule_failure: failure("rule_failure"),
  detection_item_failure: failure("detection_item_failure"),
  strict_field_mapping_failure: () => ({ type: "strict_field_mapping_failure" }),
  set_custom_attribute: (from) => {
    const attribute = from.text("attribute");
    const value = from.get("value");
    if (value === undefined) from.wrong("value", "given");
    return attribute === undefined || value === undefined
      ? undefined
      : { type: "set_custom_attribute", attribute, value: toJson(value) };
  },
  nest: (from, readItems) => {
    const items = from.get("items");
    if (items === undefined) from.wrong("items", "a list of pipeline items");
    return { type: "nest", items: readItems(items) };
  },
};

/** Transformations of pySigma that cannot be honoured here, with the reason. */
export const REFUSED_TRANSFORMATIONS: Readonly<Record<string, string>> = {
  field_name_transform: "It takes a function, which a file cannot hold",
  query_expression_placeholders:
    "It writes a piece of a query language, and no query is made here; give the values under vars",
  file_placeholders: "Loading rules reads no other files; give the values under vars",
  http_placeholders: "Loading rules asks no server; give the values under vars",
  command_placeholders: "Loading rules runs no program; give the values under vars",
};

function readAdded(from: Parameters): readonly AddedCondition[] | undefined {
  const tree = from.get("conditions");
  if (tree?.kind !== "map" || tree.entries.length === 0) {
    from.wrong("conditions", "a map from fields to values");
    return undefined;
  }
  const results: AddedCondition[] = [];
  for (const { key, value } of tree.entries) {
    const items = value.kind === "list" ? value.items : [value];
    const values = items.flatMap((item): readonly Plain[] => (item.kind === "scalar" ? [item.value] : []));
    if (values.length === 0 || values.length < items.length)
      from.wrong(`conditions.${key}`, "a plain value or a list of plain values", value.at);
    else results.push({ key, values, isList: value.kind === "list" });
  }
  return results.length === tree.entries.length ? results : undefined;
}
