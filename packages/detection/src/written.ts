import type { Condition } from "./signature.ts";

/** A field with its modifiers and values, as the rule's author wrote it. */
export interface WrittenItem {
  /** Field and modifiers, such as `CommandLine|contains|all`; empty for keywords. */
  readonly key: string;
  /** Where the key stands in the rule's file, 1-based; 0 when it has no place there. */
  readonly line: number;
  readonly column: number;
  /** What it was compiled to: a part of the rule's condition. */
  readonly condition: Condition;
}

/** A search identifier: it holds when all items of one of its alternatives hold. */
export type WrittenSearch = readonly (readonly WrittenItem[])[];

/**
 * A detection with the names that its author gave, for explanations. The texts of the conditions are read again when a rule is explained:
 * what they say is in the rule's compiled condition.
 */
export interface WrittenDetection {
  readonly searches: ReadonlyMap<string, WrittenSearch>;
  /** One of them has to hold. */
  readonly conditions: readonly string[];
}
