import type { Pattern } from "./sigma/pattern.ts";
import type { Regex } from "./regex/compile.ts";
import type { Network } from "./network.ts";

/** Part of a date that a time modifier reads. */
export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

/** Order between a field and a value. */
export type Comparison = "lt" | "lte" | "gt" | "gte" | "eq";

/** Where a value must lie in the field. */
export type Position = "whole" | "start" | "end" | "anywhere";

/** What a value of a field has to fulfil; a field with several values fulfils it when one of them does. */
export type ValueTest =
  | {
      readonly kind: "pattern";
      readonly pattern: Pattern;
      readonly cased: boolean;
      readonly dashes: boolean;
      /** The text that the pattern is an encoding of, for explanations. */
      readonly encodes?: string | undefined;
    }
  | { readonly kind: "regex"; readonly regex: Regex }
  | { readonly kind: "cidr"; readonly network: Network }
  | {
      readonly kind: "compare";
      readonly comparison: Comparison;
      readonly value: number;
      readonly part?: TimePart | undefined;
    }
  | { readonly kind: "exists" }
  | { readonly kind: "null" }
  | { readonly kind: "fieldref"; readonly field: string; readonly position: Position; readonly cased: boolean };

/** A rule's condition with its search identifiers put in: immutable, independent of any mapping. */
export type Condition =
  | { readonly op: "and" | "or"; readonly items: readonly Condition[] }
  | { readonly op: "atleast"; readonly count: number; readonly items: readonly Condition[] }
  | { readonly op: "not"; readonly item: Condition }
  /** A test of a field, or, without field, of every value that keywords are searched in. */
  | { readonly op: "test"; readonly field: string | undefined; readonly test: ValueTest };

/** `and` or `or` over conditions, flat, without a level for a single one. */
export function join(op: "and" | "or", items: readonly Condition[]): Condition {
  const flat = items.flatMap((item) => (item.op === op ? item.items : [item]));
  const [only] = flat;
  return flat.length === 1 && only !== undefined ? only : { op, items: flat };
}

/** Every field that a condition reads, keyword search left out. */
export function fieldsOf(condition: Condition, fields: Set<string> = new Set()): Set<string> {
  if (condition.op === "test") {
    if (condition.field !== undefined) fields.add(condition.field);
    if (condition.test.kind === "fieldref") fields.add(condition.test.field);
  } else if (condition.op === "not") fieldsOf(condition.item, fields);
  else for (const item of condition.items) fieldsOf(item, fields);
  return fields;
}
