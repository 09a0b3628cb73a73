/** How Elasticsearch keeps the values of a field, as far as queries differ by it. */
export type IndexFieldKind =
  /** Each value as one term: `keyword`, `constant_keyword`, `wildcard`. */
  | "keyword"
  /** Values taken apart into words: `text`, `match_only_text`. */
  | "text"
  | "flattened"
  /** `long`, `integer`, `short`, `byte`, `unsigned_long`. */
  | "integer"
  /** `double`, `float`, `half_float`, `scaled_float`. */
  | "decimal"
  | "boolean"
  | "ip"
  | "date"
  | "object"
  /** There, but what a query finds says nothing about the values in `_source`: not indexed, in nested documents, of unlike types in several indices. */
  | "opaque";

/** A field of an index, or of several that agree. */
export interface IndexField {
  readonly kind: IndexFieldKind;
  /** Whether a value may be in `_source` and not in the index (too long, malformed): Elasticsearch notes the field's name in `_ignored`. */
  readonly ignorable: boolean;
  /** Whether the index may hold a value that `_source` does not have here: `copy_to`, `null_value`, `constant_keyword`, runtime fields, aliases. */
  readonly foreign: boolean;
  /** Of a keyword: how its values are changed before they are indexed. */
  readonly normalizer?: "lowercase" | "other" | undefined;
  /** Of a text: whether the standard analyzer makes the words. */
  readonly standard?: boolean | undefined;
  /** Of a text: whether a value without a word counts as existing (it does where the field has norms). */
  readonly norms?: boolean | undefined;
  /** Of a number: whether texts and fractions are taken and made to fit. */
  readonly coerces?: boolean | undefined;
  /** Of a text: the sub-field that keeps whole values. */
  readonly whole?: { readonly name: string; readonly field: IndexField } | undefined;
}

/** The fields of the indices that a query is for. */
export interface IndexFields {
  /** By full name; objects are named too. */
  readonly fields: ReadonlyMap<string, IndexField>;
  /**
   * Names of objects (empty for the root) below which documents may have fields that no mapping names: `dynamic: false`, `enabled: false`. What
   * is below them cannot be searched for.
   */
  readonly hiding: readonly string[];
  /** Clauses that one query may have. */
  readonly maxClauses: number;
}

/** Whether documents may have a field although no mapping names it. */
export function mayHide({ hiding }: IndexFields, name: string): boolean {
  return hiding.some((prefix) => prefix === "" || name === prefix || name.startsWith(`${prefix}.`));
}
