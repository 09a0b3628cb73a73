import type { JsonValue, LogSource } from "../event.ts";
import type { BooleanExpression } from "./boolean-expression.ts";
import type { PythonRegex } from "./python-regex.ts";
import type { TextTemplate } from "./text-template.ts";

/** The text of a pipeline file, read by the caller. */
export interface PipelineFile {
  /** As it is to be named in problems. */
  readonly path: string;
  /** YAML in pySigma's pipeline format, one document. */
  readonly text: string;
}

/** A processing pipeline: what is done to rules while they are loaded (docs/pipelines.md). */
export interface Pipeline {
  /** As written, or the path of its file. */
  readonly name: string;
  readonly path: string;
  /** Pipelines with a lower number are applied first. */
  readonly priority: number;
  /** Values of placeholders by name. */
  readonly vars: ReadonlyMap<string, readonly string[]>;
  readonly items: readonly PipelineItem[];
}

/** A plain value of a pipeline file or of a rule. */
export type Plain = string | number | boolean | null;

/** One transformation with the conditions under which it is applied. */
export interface PipelineItem {
  readonly id: string | undefined;
  /** Where it stands: `path:line:column`. */
  readonly place: string;
  readonly transformation: Transformation;
  readonly ruleConditions: ConditionGroup<RuleCondition>;
  readonly itemConditions: ConditionGroup<ItemCondition>;
  readonly fieldConditions: ConditionGroup<FieldCondition>;
}

/** Conditions of one kind, joined. */
export interface ConditionGroup<Condition> {
  readonly expression: BooleanExpression<Condition>;
  readonly isEmpty: boolean;
  readonly negated: boolean;
}

/** How a state or an attribute is compared. */
export type Relation = "eq" | "ne" | "gte" | "gt" | "lte" | "lt";

/** A condition on the pipeline's state. */
export interface StateCondition {
  readonly type: "processing_state";
  readonly key: string;
  readonly value: Plain;
  readonly relation: Relation;
}

/** A condition on what was applied before. */
export interface AppliedCondition {
  readonly type: "processing_item_applied";
  readonly id: string;
}

/** A condition on the whole rule. */
export type RuleCondition =
  | { readonly type: "logsource"; readonly logSource: LogSource }
  | { readonly type: "contains_field"; readonly field: string }
  | { readonly type: "contains_detection_item"; readonly field: string; readonly value: Plain }
  | { readonly type: "is_sigma_rule" | "is_sigma_correlation_rule" }
  | {
      readonly type: "rule_attribute";
      readonly attribute: string;
      readonly value: string | number | boolean;
      readonly relation: Relation | "in" | "not_in";
    }
  | { readonly type: "tag"; readonly tag: string }
  | AppliedCondition
  | StateCondition;

/** A condition on a detection item: a field with its values. */
export type ItemCondition =
  | { readonly type: "match_string"; readonly every: boolean; readonly regex: PythonRegex; readonly negated: boolean }
  | { readonly type: "match_value"; readonly every: boolean; readonly value: Plain }
  | { readonly type: "contains_wildcard" | "is_null"; readonly every: boolean }
  | AppliedCondition
  | StateCondition;

/** A condition on a field's name. */
export type FieldCondition =
  | {
      readonly type: "include_fields" | "exclude_fields";
      readonly fields: ReadonlySet<string>;
      readonly patterns: readonly PythonRegex[];
    }
  | AppliedCondition
  | StateCondition;

/** Names of fields by name; under null what keywords become. One name may stand for several. */
export type FieldNames = ReadonlyMap<string | null, readonly string[]>;

/** Which placeholders a transformation handles; all when neither is given. */
export interface PlaceholderChoice {
  readonly include: ReadonlySet<string> | undefined;
  readonly exclude: ReadonlySet<string> | undefined;
}

/** What a transformation does, its parameters read. */
export type Transformation =
  | { readonly type: "field_name_mapping" | "field_name_prefix_mapping"; readonly mapping: FieldNames }
  | { readonly type: "field_name_prefix"; readonly text: string }
  | { readonly type: "field_name_suffix"; readonly text: string }
  | { readonly type: "drop_detection_item" }
  | {
      readonly type: "hashes_fields";
      readonly algorithms: ReadonlySet<string>;
      readonly prefix: string;
      readonly dropAlgorithm: boolean;
      readonly fields: ReadonlySet<string>;
    }
  | {
      readonly type: "extract_fields";
      readonly regex: PythonRegex;
      readonly prefix: string | undefined;
      readonly preserveUnmatched: boolean;
    }
  | ({ readonly type: "value_placeholders" | "wildcard_placeholders" } & PlaceholderChoice)
  | {
      readonly type: "add_condition";
      readonly conditions: readonly AddedCondition[];
      readonly name: string | undefined;
      readonly template: boolean;
      readonly negated: boolean;
    }
  | { readonly type: "change_logsource"; readonly logSource: LogSource }
  | { readonly type: "add_field" | "remove_field" | "set_field"; readonly fields: readonly string[] }
  | {
      readonly type: "replace_string";
      readonly regex: PythonRegex;
      readonly replacement: TextTemplate;
      readonly skipSpecial: boolean;
      readonly interpretSpecial: boolean;
    }
  | { readonly type: "map_string"; readonly mapping: ReadonlyMap<string, readonly string[]> }
  | { readonly type: "set_state"; readonly key: string; readonly value: JsonValue }
  | { readonly type: "regex"; readonly method: "plain" | "ignore_case_flag" | "ignore_case_brackets" }
  | { readonly type: "set_value"; readonly value: Plain }
  | { readonly type: "convert_type"; readonly target: "str" | "num" }
  | { readonly type: "case"; readonly method: "lower" | "upper" | "snake_case" }
  | { readonly type: "rule_failure"; readonly message: string }
  | { readonly type: "detection_item_failure"; readonly message: string }
  | { readonly type: "strict_field_mapping_failure" }
  | { readonly type: "set_custom_attribute"; readonly attribute: string; readonly value: JsonValue }
  | { readonly type: "nest"; readonly items: readonly PipelineItem[] };

/** One entry of `add_condition`: a field with modifiers, and its values. */
export interface AddedCondition {
  readonly key: string;
  readonly values: readonly Plain[];
  readonly isList: boolean;
}

/** The pipelines in the order in which they are applied: by priority, then as given. */
export function inOrder(pipelines: readonly Pipeline[]): readonly Pipeline[] {
  return pipelines.toSorted((a, b) => a.priority - b.priority);
}
