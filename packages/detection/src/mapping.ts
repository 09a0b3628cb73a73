import type { Entity, JsonObject, LogSource } from "./event.ts";

/**
 * Where a rule's field lies in a document: keys from the root. A key may contain dots (`["attributes", "client.address"]`).
 * An array on the way stands for each of its elements. A key that begins with NUL is {@link ANY_KEY} or computes the next value
 * (mappings/path-step.ts).
 */
export type FieldPath = readonly string[];

/** In a path: whatever key there is. No document has this key by accident. */
export const ANY_KEY = "\0any key";

/** How documents of one shape are read: which log sources they belong to, where rule fields lie, their time and entities. */
export interface FieldMapping {
  /** Name for `--pipeline` and for `status`. */
  readonly name: string;
  /** Whether a document has this mapping's shape. The first mapping that says yes reads the document. */
  accepts(document: JsonObject): boolean;
  /** The log sources a document belongs to, none if it belongs to none (then no rule looks at it, and it is counted). */
  logSources(document: JsonObject): readonly LogSource[];
  /** Candidate places of a rule's field, tried in order until one has a value (null and an empty list are none); asked once per rule field at compile time. */
  paths(field: string, logSource: LogSource): readonly FieldPath[];
  /** Fields that say what an event is (its id, channel, name): values of theirs are in many events. A hint for speed alone. */
  readonly commonFields?: readonly string[];
  /** Parts of a document whose values a keyword is searched in; the whole document when absent. */
  readonly keywordRoots?: readonly FieldPath[];
  /** Event time in Unix milliseconds, or undefined when the document has none. */
  time(document: JsonObject): number | undefined;
  /** What can be known of users, hosts, addresses … without any rule. */
  entities(document: JsonObject): readonly Entity[];
}
