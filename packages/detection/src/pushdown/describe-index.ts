import type { JsonObject, JsonValue } from "../event.ts";
import { isObject } from "../mappings/dotted-name.ts";
import type { IndexField, IndexFieldKind, IndexFields } from "./index-fields.ts";

/** What Elasticsearch says of one index. */
export interface IndexDescription {
  /** The index's `mappings`, as `GET /index/_mapping` gives them. */
  readonly mappings: JsonObject;
  /** `index.*` settings that change what is indexed. */
  readonly settings?: {
    /** `index.mapping.ignore_above`. */
    readonly ignoreAbove?: number | undefined;
    /** `index.mapping.ignore_malformed`. */
    readonly ignoreMalformed?: boolean | undefined;
    /** `index.mapping.coerce`. */
    readonly coerce?: boolean | undefined;
    /** Whether an analyzer takes the standard one's place (`index.analysis.analyzer.default`). */
    readonly hasDefaultAnalyzer?: boolean | undefined;
    /** `index.mapping.total_fields.ignore_dynamic_beyond_limit`. */
    readonly ignoresBeyondLimit?: boolean | undefined;
  };
  /** Names that stand in `_ignored` of its documents, when that is known. */
  readonly ignored?: ReadonlySet<string> | undefined;
}

const KINDS: Readonly<Record<string, IndexFieldKind>> = {
  keyword: "keyword",
  constant_keyword: "keyword",
  wildcard: "keyword",
  text: "text",
  match_only_text: "text",
  flattened: "flattened",
  long: "integer",
  integer: "integer",
  short: "integer",
  byte: "integer",
  unsigned_long: "integer",
  double: "decimal",
  float: "decimal",
  half_float: "decimal",
  scaled_float: "decimal",
  boolean: "boolean",
  ip: "ip",
  date: "date",
  date_nanos: "date",
  object: "object",
  passthrough: "object",
};

/** Clauses that Elasticsearch always allows. */
const LEAST_MAX_CLAUSES = 1_024;

/** Reads the mapping of one index. */
export function describeIndex(index: IndexDescription): IndexFields {
  const fields = new Map<string, IndexField>();
  const hiding = new Set<string>();
  const copied = new Set<string>();
  const isTrue = (value: JsonValue | undefined): boolean => value === true || value === "true";
  const isFalse = (value: JsonValue | undefined): boolean => value === false || value === "false";

  const read = (name: string, mapping: JsonObject, isOpaque: boolean): IndexField => {
    const type = typeof mapping.type === "string" ? mapping.type : "object";
    const found = isOpaque || isFalse(mapping.index) ? "opaque" : (KINDS[type] ?? "opaque");
    const ignored = index.ignored?.has(name);
    const isCut =
      mapping.ignore_above !== undefined || (found === "keyword" && index.settings?.ignoreAbove !== undefined);
    const isLenient = isTrue(mapping.ignore_malformed) || index.settings?.ignoreMalformed === true;
    const multi = isObject(mapping.fields) ? mapping.fields : {};
    const whole = found !== "text" ? undefined : Object.entries(multi).find(([, sub]) => isWhole(sub));
    const copies = typeof mapping.copy_to === "string" ? [mapping.copy_to] : mapping.copy_to;
    for (const target of Array.isArray(copies) ? copies : []) if (typeof target === "string") copied.add(target);
    return {
      kind: found,
      ignorable: ignored ?? (isCut || isLenient || index.settings?.ignoresBeyondLimit === true),
      foreign: mapping.null_value !== undefined || type === "constant_keyword",
      ...(mapping.normalizer === undefined
        ? {}
        : { normalizer: mapping.normalizer === "lowercase" ? "lowercase" : "other" }),
      ...(found === "text"
        ? {
            standard:
              mapping.analyzer === undefined
                ? index.settings?.hasDefaultAnalyzer !== true
                : mapping.analyzer === "standard",
            norms: type === "text" && !isFalse(mapping.norms),
          }
        : {}),
      ...(found === "integer" || found === "decimal"
        ? { coerces: !isFalse(mapping.coerce) && (mapping.coerce !== undefined || index.settings?.coerce !== false) }
        : {}),
      ...(whole === undefined
        ? {}
        : {
            whole: { name: `${name}.${whole[0]}`, field: read(`${name}.${whole[0]}`, whole[1] as JsonObject, false) },
          }),
    };
  };

  const visit = (prefix: string, mapping: JsonObject, dynamic: JsonValue | undefined, isOpaque: boolean): void => {
    const own = mapping.dynamic ?? dynamic;
    if (isFalse(own) || own === "runtime" || isFalse(mapping.enabled)) hiding.add(prefix);
    for (const [key, inner] of Object.entries(isObject(mapping.properties) ? mapping.properties : {})) {
      if (!isObject(inner)) continue;
      const name = prefix === "" ? key : `${prefix}.${key}`;
      const isNested = isOpaque || inner.type === "nested" || isFalse(inner.enabled);
      if (inner.type === "alias") continue;
      fields.set(name, read(name, inner, isNested && inner.type !== "object"));
      if (
        inner.type === undefined ||
        inner.type === "object" ||
        inner.type === "passthrough" ||
        inner.type === "nested"
      )
        visit(name, inner, own, isNested);
    }
  };
  visit("", index.mappings, undefined, false);
  for (const name of copied) {
    const field = fields.get(name);
    if (field !== undefined) fields.set(name, { ...field, foreign: true });
  }
  // A runtime field stands before the one that is indexed, and is computed.
  for (const name of Object.keys(isObject(index.mappings.runtime) ? index.mappings.runtime : {}))
    fields.set(name, { kind: "opaque", ignorable: false, foreign: true });
  if (index.settings?.ignoresBeyondLimit === true && index.ignored === undefined) hiding.add("");
  else if (index.settings?.ignoresBeyondLimit === true)
    for (const name of index.ignored ?? []) if (!fields.has(name)) hiding.add(name);
  return { fields, hiding: [...hiding], maxClauses: LEAST_MAX_CLAUSES };
}

function isWhole(mapping: JsonValue): boolean {
  return (
    isObject(mapping) && (mapping.type === "keyword" || mapping.type === "wildcard") && mapping.normalizer === undefined
  );
}

/** One description for several indices: what is the same in all stays, what is not becomes less certain. */
export function mergeIndexFields(indices: readonly IndexFields[]): IndexFields {
  const [first, ...others] = indices;
  if (first === undefined) return { fields: new Map(), hiding: [], maxClauses: LEAST_MAX_CLAUSES };
  if (others.length === 0) return first;
  const names = new Set(indices.flatMap(({ fields }) => [...fields.keys()]));
  const fields = new Map<string, IndexField>();
  for (const name of names)
    fields.set(
      name,
      indices.flatMap((index) => index.fields.get(name) ?? []).reduce((one, other) => mergeFields(one, other)),
    );
  return {
    fields,
    hiding: [...new Set(indices.flatMap(({ hiding }) => hiding))],
    maxClauses: Math.min(...indices.map(({ maxClauses }) => maxClauses)),
  };
}

function mergeFields(one: IndexField, other: IndexField): IndexField {
  if (one === other) return one;
  const isSame = one.kind === other.kind && one.whole?.name === other.whole?.name;
  if (!isSame) return { kind: "opaque", ignorable: one.ignorable || other.ignorable, foreign: true };
  return {
    kind: one.kind,
    ignorable: one.ignorable || other.ignorable,
    foreign: one.foreign || other.foreign,
    normalizer: one.normalizer === other.normalizer ? one.normalizer : "other",
    standard: one.standard === true && other.standard === true,
    norms: one.norms === true && other.norms === true,
    coerces: one.coerces === true || other.coerces === true,
    ...(one.whole === undefined || other.whole === undefined
      ? {}
      : { whole: { name: one.whole.name, field: mergeFields(one.whole.field, other.whole.field) } }),
  };
}

/** What `_field_caps` says of a field, by type. */
export type FieldCapabilities = Readonly<Record<string, Readonly<Record<string, { readonly searchable: boolean }>>>>;

/**
 * Reads `_field_caps` alone, for who may not read mappings: types are known, but not what is cut, copied, computed or not indexed. So no
 * answer is exact, and what is not named may still be in documents.
 */
export function describeCapabilities(capabilities: FieldCapabilities): IndexFields {
  const fields = new Map<string, IndexField>();
  for (const [name, types] of Object.entries(capabilities)) {
    const known = Object.entries(types).filter(([type]) => type !== "unmapped");
    const [only] = known;
    const kind = known.length === 1 && only?.[1].searchable === true ? (KINDS[only[0]] ?? "opaque") : "opaque";
    fields.set(name, {
      kind: "unmapped" in types && kind !== "object" && kind !== "keyword" ? "opaque" : kind,
      ignorable: true,
      foreign: true,
      normalizer: kind === "keyword" ? "other" : undefined,
      standard: false,
      norms: false,
      coerces: true,
    });
  }
  return { fields, hiding: [""], maxClauses: LEAST_MAX_CLAUSES };
}
