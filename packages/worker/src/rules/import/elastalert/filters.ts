import {
  equals,
  exists,
  type FieldTest,
  type Filter,
  NotConvertible,
  readQueryString,
  wildcard,
  within,
  fieldName,
  literal,
} from "./lucene.ts";

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): value is string | number | boolean =>
  ["string", "number", "boolean"].includes(typeof value);

/** The one key of a map, with its value. */
function only(value: unknown, what: string): readonly [string, unknown] {
  const entries = isMap(value) ? Object.entries(value) : [];
  const [entry] = entries;
  if (entries.length !== 1 || entry === undefined)
    throw new NotConvertible(`${what} that is not one key and its value`);
  return entry;
}

function queryText(value: unknown): Filter {
  if (typeof value === "string") return readQueryString(value);
  if (!isMap(value) || typeof value["query"] !== "string") throw new NotConvertible("a query_string without a query");
  const others = Object.keys(value).filter((key) => key !== "query");
  if (others.length > 0) throw new NotConvertible(`"${others.join(", ")}" of a query_string`);
  return readQueryString(value["query"]);
}

/** The field and value of `{field: value}` or `{field: {value: …}}`. */
function fieldValue(body: unknown, kind: string, names: readonly string[]): readonly [string, unknown] {
  const [field, given] = only(body, `a ${kind} filter`);
  if (!isMap(given)) return [field, given];
  const keys = Object.keys(given).filter((key) => key !== "boost");
  const [key] = keys;
  if (keys.length !== 1 || key === undefined || !names.includes(key))
    throw new NotConvertible(`"${keys.join(", ")}" of a ${kind} filter`);
  return [field, given[key]];
}

const anyOf = (of: readonly Filter[]): Filter => (of.length === 1 && of[0] !== undefined ? of[0] : { kind: "or", of });
const allOf = (of: readonly Filter[]): Filter => (of.length === 1 && of[0] !== undefined ? of[0] : { kind: "and", of });
const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

function readBool(body: unknown): Filter {
  if (!isMap(body)) throw new NotConvertible("a bool filter that is not a map");
  const { must, filter, should, must_not: mustNot, minimum_should_match: least, ...others } = body;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new NotConvertible(`"${unknown.join(", ")}" of a bool filter`);
  const required = [...listOf(must), ...listOf(filter)].map(readFilter);
  const choices = listOf(should).map(readFilter);
  const forbidden = listOf(mustNot).map((one): Filter => ({ kind: "not", of: readFilter(one) }));
  const needed = least === undefined ? (required.length > 0 ? 0 : 1) : Number(least);
  if (choices.length > 0 && needed !== 0 && needed !== 1)
    throw new NotConvertible(`"minimum_should_match: ${String(least)}" of a bool filter`);
  const of = [...required, ...(choices.length > 0 && needed === 1 ? [anyOf(choices)] : []), ...forbidden];
  if (of.length === 0) throw new NotConvertible("a bool filter without clauses");
  return allOf(of);
}

/**
 * Reads one entry of an ElastAlert rule's `filter`.
 *
 * @throws NotConvertible for a query whose meaning depends on analysis or scoring, or that is not known here.
 */
export function readFilter(value: unknown): Filter {
  const [kind, body] = only(value, "a filter");
  switch (kind) {
    case "query":
      return typeof body === "string" ? readQueryString(body) : readFilter(body);
    case "query_string":
      return queryText(body);
    case "bool":
      return readBool(body);
    case "not":
      return { kind: "not", of: readFilter(body) };
    case "and":
    case "or":
      return { kind, of: listOf(body).map(readFilter) };
    case "term": {
      const [field, given] = fieldValue(body, kind, ["value", "term"]);
      if (!isScalar(given)) throw new NotConvertible("a term filter whose value is no text, number or truth value");
      return equals(field, given);
    }
    case "terms": {
      const [field, given] = only(body, "a terms filter");
      const values = listOf(given);
      if (values.length === 0 || !values.every(isScalar))
        throw new NotConvertible("a terms filter without a plain list");
      return oneOf(field, values);
    }
    case "range": {
      const [field, given] = only(body, "a range filter");
      if (!isMap(given)) throw new NotConvertible("a range filter that is not a map");
      const bounds = Object.entries(given).map(([name, bound]) => {
        const comparison = ({ gt: "gt", gte: "gte", lt: "lt", lte: "lte", from: "gte", to: "lte" } as const)[
          name as "gt" | "gte" | "lt" | "lte" | "from" | "to"
        ] as "gt" | "gte" | "lt" | "lte" | undefined;
        if (comparison === undefined) throw new NotConvertible(`"${name}" of a range filter`);
        return [comparison, bound] as const;
      });
      return within(field, bounds);
    }
    case "wildcard": {
      const [field, given] = fieldValue(body, kind, ["value", "wildcard"]);
      return wildcard(field, String(given));
    }
    case "prefix": {
      const [field, given] = fieldValue(body, kind, ["value"]);
      return wildcard(field, `${literal(String(given))}*`);
    }
    case "exists": {
      const field = isMap(body) ? body["field"] : undefined;
      if (typeof field !== "string") throw new NotConvertible("an exists filter without a field");
      return exists(field);
    }
    case "match":
    case "match_phrase":
    case "multi_match":
    case "match_phrase_prefix":
      throw new NotConvertible(
        `a ${kind} filter: what it finds depends on how the field is analysed; write a term or wildcard filter on the keyword field`,
      );
    default:
      throw new NotConvertible(`a filter of the kind "${kind}"`);
  }
}

/** The test that a field has one of some values. */
export function oneOf(field: string, values: readonly (string | number | boolean)[]): Filter {
  const texts = values.filter((value) => typeof value === "string");
  const others = values.filter((value) => typeof value !== "string");
  const name = fieldName(field);
  const of: Filter[] = [];
  if (texts.length > 0) of.push({ kind: "test", test: { key: `${name}|cased`, value: texts.map(literal) } });
  if (others.length > 0) of.push({ kind: "test", test: { key: name, value: others } });
  return anyOf(of);
}

/** A filter as Sigma's `detection:`; each test is a search identifier of its own. */
export function detectionOf(filter: Filter): Readonly<Record<string, unknown>> {
  const searches = new Map<string, FieldTest>();
  const write = (one: Filter, inside: boolean): string => {
    if (one.kind === "test") {
      const key = JSON.stringify(one.test);
      const known = [...searches].find(([, test]) => JSON.stringify(test) === key);
      const name = known?.[0] ?? `test_${searches.size + 1}`;
      searches.set(name, one.test);
      return name;
    }
    if (one.kind === "not") return `not ${write(one.of, true)}`;
    const text = one.of.map((part) => write(part, true)).join(` ${one.kind} `);
    return inside && one.of.length > 1 ? `(${text})` : text;
  };
  const condition = write(filter, false);
  const parts = [...searches].map(([name, { key, value }]) => [name, { [key]: value }] as const);
  return { ...Object.fromEntries(parts), condition };
}
