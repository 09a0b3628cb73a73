/** Something that cannot be said exactly in one of our rules; the message completes "cannot be converted: …". */
export class NotConvertible extends Error {
  override readonly name = "NotConvertible";
}

/** A Sigma field test: field with modifiers, and the value. */
export interface FieldTest {
  readonly key: string;
  readonly value: string | number | boolean | readonly (string | number | boolean)[];
}

/** A condition over field tests. */
export type Filter =
  | { readonly kind: "test"; readonly test: FieldTest }
  | { readonly kind: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter };

type Token =
  | { readonly kind: "(" | ")" | "AND" | "OR" | "NOT" }
  | { readonly kind: "field"; readonly text: string }
  | { readonly kind: "phrase" | "word"; readonly text: string }
  | { readonly kind: "range"; readonly text: string };

/** Marks that query_string understands and that are refused here, by what they begin. */
const REFUSED: readonly (readonly [RegExp, string])[] = [
  [/^\//, "a regular expression in a query_string (Lucene's dialect)"],
  [/^[+]/, 'the mark "+" in a query_string; write AND'],
  [/^-(?=[^\d])/, 'the mark "-" in a query_string; write NOT'],
];

function tokens(query: string): readonly Token[] {
  const found: Token[] = [];
  let rest = query.trim();
  const take = (length: number): string => {
    const text = rest.slice(0, length);
    rest = rest.slice(length).trimStart();
    return text;
  };
  for (;;) {
    if (rest === "") return found;
    for (const [mark, what] of REFUSED) if (mark.test(rest)) throw new NotConvertible(what);
    const operator = /^(AND|OR|NOT|&&|\|\||!)(?=[\s(]|$)|^!(?=\S)/.exec(rest);
    const field = /^((?:[\w@.*?-]|\\.)+):(?=\S|\s)/.exec(rest);
    const phrase = /^"((?:[^"\\]|\\.)*)"/.exec(rest);
    const range = /^(?:[[{]\s*\S+\s+TO\s+\S+?\s*[\]}]|[<>]=?\s*-?[\w.:+-]+)/.exec(rest);
    const word = /^(?:[^\s()"\\:]|\\.)+/.exec(rest);
    if (rest.startsWith("(") || rest.startsWith(")")) found.push({ kind: take(1) as "(" | ")" });
    else if (operator !== null) {
      const text = take(operator[0].length);
      found.push({ kind: text === "AND" || text === "&&" ? "AND" : text === "OR" || text === "||" ? "OR" : "NOT" });
    } else if (field !== null) {
      take(field[0].length);
      found.push({ kind: "field", text: (field[1] ?? "").replaceAll(/\\(.)/g, "$1") });
    } else if (phrase !== null) {
      take(phrase[0].length);
      found.push({ kind: "phrase", text: (phrase[1] ?? "").replaceAll(/\\(.)/g, "$1") });
    } else if (range !== null) found.push({ kind: "range", text: take(range[0].length) });
    else if (word !== null) found.push({ kind: "word", text: take(word[0].length) });
    else throw new NotConvertible(`the query_string at "${rest.slice(0, 20)}"`);
    if (/^[~^]/.test(rest))
      throw new NotConvertible(`the mark "${rest.charAt(0)}" (fuzziness, boost) in a query_string`);
  }
}

/** Text in which Sigma's wildcards stand for themselves. */
export const literal = (text: string): string => text.replaceAll(/[\\*?]/g, String.raw`\$&`);

/** The name of a field in the events themselves: `.keyword` is a second form of a field in the index. */
export const fieldName = (field: string): string => field.replace(/\.(?:keyword|raw)$/, "");

/** The test that a field has exactly this value. */
export function equals(field: string, value: string | number | boolean): Filter {
  const name = fieldName(field);
  const test: FieldTest =
    typeof value === "string" ? { key: `${name}|cased`, value: literal(value) } : { key: name, value };
  return { kind: "test", test };
}

/** The test that a field is there, with any value. */
export const exists = (field: string): Filter => ({
  kind: "test",
  test: { key: `${fieldName(field)}|exists`, value: true },
});

/** Lucene's wildcard text as Sigma's: both know `*`, `?` and the backslash. */
export function wildcard(field: string, pattern: string): Filter {
  if (/^\*+$/.test(pattern)) return exists(field);
  const value = pattern.replaceAll(/\\(.)|\\$/g, (_, character: string | undefined) => literal(character ?? "\\"));
  return { kind: "test", test: { key: `${fieldName(field)}|cased`, value } };
}

/** The tests that a number in a field is within bounds. */
export function within(field: string, bounds: readonly (readonly ["gt" | "gte" | "lt" | "lte", unknown])[]): Filter {
  const of = bounds.map(([comparison, bound]): Filter => {
    const number = typeof bound === "number" ? bound : typeof bound === "string" ? numberOf(bound) : undefined;
    if (number === undefined)
      throw new NotConvertible(`a range of ${fieldName(field)} whose bound ${JSON.stringify(bound)} is no number`);
    return { kind: "test", test: { key: `${fieldName(field)}|${comparison}`, value: number } };
  });
  if (of.length === 0) throw new NotConvertible(`a range of ${fieldName(field)} without bounds`);
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "and", of };
}

const numberOf = (text: string): number | undefined => {
  const number = Number(text);
  return text.trim() !== "" && Number.isSafeInteger(Math.trunc(number)) && String(number) === text ? number : undefined;
};

function wordTest(field: string, text: string): Filter {
  if (/[~^]/.test(text.replaceAll(/\\./g, ""))) throw new NotConvertible(`fuzziness or boost in "${text}"`);
  if (/[*?]/.test(text.replaceAll(/\\./g, ""))) return wildcard(field, text);
  const plain = text.replaceAll(/\\(.)/g, "$1");
  if (plain === "true" || plain === "false") return equals(field, plain === "true");
  return equals(field, numberOf(plain) ?? plain);
}

function rangeTest(field: string, text: string): Filter {
  const half = /^([<>]=?)\s*(.+)$/.exec(text);
  if (half !== null) {
    const comparison = ({ ">": "gt", ">=": "gte", "<": "lt", "<=": "lte" } as const)[
      half[1] as ">" | ">=" | "<" | "<="
    ];
    return within(field, [[comparison, half[2]]]);
  }
  const [, open, from, to, close] = /^([[{])\s*(\S+)\s+TO\s+(\S+?)\s*([\]}])$/.exec(text) ?? [];
  const bounds: (readonly ["gt" | "gte" | "lt" | "lte", unknown])[] = [];
  if (from !== "*") bounds.push([open === "[" ? "gte" : "gt", from]);
  if (to !== "*") bounds.push([close === "]" ? "lte" : "lt", to]);
  return bounds.length === 0 ? exists(field) : within(field, bounds);
}

/**
 * Reads a `query_string` query. Taken is what means the same for every mapping of keywords and numbers: `field:value`, phrases, wildcards, ranges, `_exists_`, groups, AND, OR, NOT.
 *
 * @throws NotConvertible where Lucene's meaning depends on a default field, an analyzer or operator precedence.
 */
export function readQueryString(query: string): Filter {
  if (query.trim() === "*" || query.trim() === "*:*") throw new NotConvertible("a filter that every document passes");
  const list = tokens(query);
  let position = 0;
  const peek = (): Token | undefined => list[position];

  const sequence = (field: string | undefined): Filter => {
    const of: Filter[] = [operand(field)];
    let operator: "and" | "or" | undefined;
    for (let next = peek(); next !== undefined && next.kind !== ")"; next = peek()) {
      const stated = next.kind === "AND" ? "and" : "or";
      if (next.kind === "AND" || next.kind === "OR") position += 1;
      if (operator !== undefined && operator !== stated)
        throw new NotConvertible(
          "AND beside OR without parentheses in a query_string, which Lucene reads in its own way; add parentheses",
        );
      operator = stated;
      of.push(operand(field));
    }
    if (operator === "or" && of.some(({ kind }) => kind === "not"))
      throw new NotConvertible("NOT beside OR without parentheses in a query_string; add parentheses");
    return of.length === 1 && of[0] !== undefined ? of[0] : { kind: operator ?? "or", of };
  };

  const operand = (field: string | undefined): Filter => {
    const token = peek();
    position += 1;
    if (token === undefined) throw new NotConvertible("a query_string that ends too early");
    switch (token.kind) {
      case "NOT":
        return { kind: "not", of: operand(field) };
      case "(": {
        const inner = sequence(field);
        if (peek()?.kind !== ")") throw new NotConvertible("a query_string with an open parenthesis");
        position += 1;
        return inner;
      }
      case "field": {
        if (field !== undefined) throw new NotConvertible("a field inside the group of another in a query_string");
        if (/[*?]/.test(token.text)) throw new NotConvertible("a query_string over several fields at once");
        const value = peek();
        if (token.text === "_exists_" && (value?.kind === "word" || value?.kind === "phrase")) {
          position += 1;
          return exists(value.text.replaceAll(/\\(.)/g, "$1"));
        }
        if (value?.kind === "NOT" || value?.kind === "AND" || value?.kind === "OR" || value?.kind === "field")
          throw new NotConvertible(`a query_string without a value after ${token.text}`);
        return operand(token.text);
      }
      case "phrase":
      case "word":
      case "range":
        if (field === undefined)
          throw new NotConvertible(
            `"${token.text}" in a query_string names no field, so that the index decides where it is looked for`,
          );
        if (token.kind === "phrase") return equals(field, token.text);
        return token.kind === "word" ? wordTest(field, token.text) : rangeTest(field, token.text);
      default:
        throw new NotConvertible(`a query_string with "${token.kind}" in an unexpected place`);
    }
  };
  const filter = sequence(undefined);
  if (position < list.length) throw new NotConvertible("a query_string with a parenthesis too many");
  return filter;
}
