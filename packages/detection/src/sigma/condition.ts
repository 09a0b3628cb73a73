import { type Condition, join } from "../signature.ts";
import { globMatcher } from "../match/glob.ts";
import { nearest } from "./nearest.ts";
import { ANY, normalise } from "./pattern.ts";
import type { Reporter } from "./reporter.ts";

const LIMITS = { tokens: 2_000, depth: 64 } as const;

/** A condition that cannot be read; caught where the reading starts. */
class ConditionError extends Error {
  readonly code:
    | "rule-condition-syntax"
    | "rule-condition-unknown-name"
    | "rule-condition-aggregation"
    | "rule-too-large";
  readonly suggestion: string | undefined;
  constructor(code: ConditionError["code"], message: string, suggestion?: string) {
    super(message);
    this.code = code;
    this.suggestion = suggestion;
  }
}

/**
 * Reads a condition (specification: "Condition"). Binding, from loose to tight: or, and, not, `x of`, parentheses.
 * Returns undefined and reports when it cannot be read.
 */
export function readCondition(
  text: string,
  at: number,
  searches: ReadonlyMap<string, Condition>,
  reporter: Reporter,
): Condition | undefined {
  try {
    return parse(text, searches);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    reporter.error(error.code, error.message, at, error.suggestion);
    return undefined;
  }
}

function parse(text: string, searches: ReadonlyMap<string, Condition>): Condition {
  if (text.includes("|"))
    throw new ConditionError("rule-condition-aggregation", "Aggregations after a pipe are obsolete and not supported.");
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length > LIMITS.tokens)
    throw new ConditionError("rule-too-large", `The condition has more than ${LIMITS.tokens} words.`);
  let position = 0;
  let depth = 0;
  const peek = (): string | undefined => tokens[position];
  const word = (): string => (tokens[position] ?? "").toLowerCase();
  const fail = (message: string): never => {
    throw new ConditionError("rule-condition-syntax", `${message} in the condition "${text}".`);
  };
  const nested = <Result>(read: () => Result): Result => {
    if (++depth > LIMITS.depth)
      throw new ConditionError("rule-too-large", `The condition is nested more than ${LIMITS.depth} levels.`);
    const result = read();
    depth--;
    return result;
  };
  const chain = (operator: "or" | "and", next: () => Condition): Condition => {
    const items = [next()];
    while (word() === operator) {
      position++;
      items.push(next());
    }
    return join(operator, items);
  };
  const readOr = (): Condition => chain("or", readAnd);
  const readAnd = (): Condition => chain("and", readNot);
  const readNot = (): Condition => {
    if (word() !== "not") return readOperand();
    position++;
    return { op: "not", item: nested(readNot) };
  };
  const readOperand = (): Condition => {
    const token = peek();
    if (token === undefined) return fail("Something is missing at the end");
    if (token === "(") {
      position++;
      const inner = nested(readOr);
      if (peek() !== ")") fail('A ")" is missing');
      position++;
      return inner;
    }
    if (token === ")" || ["and", "or"].includes(word())) return fail(`"${token}" is not expected`);
    if ((tokens[position + 1] ?? "").toLowerCase() === "of" && /^(\d+|all|any)$/.test(word())) return readQuantifier();
    position++;
    const search = searches.get(token);
    if (search === undefined) throw unknown(token);
    return search;
  };
  const readQuantifier = (): Condition => {
    const quantity = word();
    const pattern = tokens[position + 2];
    if (pattern === undefined || pattern === "(" || pattern === ")")
      return fail(`After "${quantity} of" a name or "them" is missing`);
    position += 3;
    const isThem = pattern.toLowerCase() === "them" && !searches.has(pattern);
    const matches = isThem
      ? (name: string): boolean => !name.startsWith("_")
      : globMatcher(normalise(pattern.split("*").flatMap((text, index) => (index === 0 ? [text] : [ANY, text]))));
    const items = [...searches].filter(([name]) => matches(name)).map(([, search]) => search);
    if (items.length === 0) throw unknown(pattern);
    if (quantity === "all") return join("and", items);
    if (quantity === "any" || quantity === "1") return join("or", items);
    const count = Number(quantity);
    if (count < 1 || count > items.length)
      return fail(`"${quantity} of ${pattern}" asks for ${count} of ${items.length}`);
    return count === items.length ? join("and", items) : { op: "atleast", count, items };
  };
  const unknown = (name: string): ConditionError => {
    const guess = nearest(name, searches.keys());
    return new ConditionError(
      "rule-condition-unknown-name",
      `The condition names "${name}", which the detection does not define.`,
      guess === undefined ? `It defines: ${[...searches.keys()].join(", ")}.` : `Did you mean "${guess}"?`,
    );
  };
  const result = readOr();
  if (position < tokens.length) fail(`"${peek() ?? ""}" is not expected`);
  return result;
}
