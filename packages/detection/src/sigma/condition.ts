import { type Condition, join } from "../signature.ts";
import { globMatcher } from "../match/glob.ts";
import { nearest } from "./nearest.ts";
import { ANY, normalise } from "./pattern.ts";
import type { Reporter } from "./reporter.ts";

const LIMITS = { tokens: 2_000, depth: 64, tests: 1_000_000 } as const;

/** Stands in the names of a filter's search identifiers once they are put on a rule, whose patterns must not take them. */
export const FILTER_MARK = "›";
const ownName = (name: string): string => name.slice(name.indexOf(FILTER_MARK) + 1);

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
  budget: ConditionBudget = conditionBudget(),
): Condition | undefined {
  const compiled: ConditionParts<Condition> = {
    search: (name) => {
      budget.named.add(name);
      const search = searches.get(name) ?? { op: "or", items: [] };
      budget.tests -= sizeOf(search);
      if (budget.tests >= 0) return search;
      throw new ConditionError(
        "rule-too-large",
        `The condition makes more than ${LIMITS.tests} tests of the searches.`,
      );
    },
    not: (item) => ({ op: "not", item }),
    join: (op, items) => join(op, items),
    of: (quantity, _pattern, items) => {
      if (quantity === "all" || quantity === items.length) return join("and", items);
      return quantity === 1 ? join("or", items) : { op: "atleast", count: quantity, items };
    },
  };
  try {
    return parse(text, searches, compiled);
  } catch (error) {
    if (!(error instanceof ConditionError)) throw error;
    reporter.error(error.code, error.message, at, error.suggestion);
    return undefined;
  }
}

const sizes = new WeakMap<Condition, number>();

/** Number of tests; kept, because a condition may name a search many times. */
function sizeOf(condition: Condition): number {
  let size = sizes.get(condition);
  if (size === undefined) {
    if (condition.op === "test") size = 1;
    else if (condition.op === "not") size = sizeOf(condition.item);
    else size = condition.items.reduce((sum, item) => sum + sizeOf(item), 1);
    sizes.set(condition, size);
  }
  return size;
}

/** What the conditions of one rule may still do, and what they did. */
export interface ConditionBudget {
  /** Tests that they may make together; below 0 when there were more. */
  tests: number;
  /** Search identifiers that a condition names, or that a pattern of one stands for. */
  readonly named: Set<string>;
}

/** A budget that is not touched yet. */
export function conditionBudget(): ConditionBudget {
  return { tests: LIMITS.tests, named: new Set() };
}

/** What a condition is made into. */
export interface ConditionParts<Part> {
  search(name: string): Part;
  not(item: Part): Part;
  /** Two parts or more; one is handed on as it is. */
  join(op: "and" | "or", items: readonly Part[]): Part;
  /** `1 of selection_*`: so many, or all, of the search identifiers that the pattern names; `any of` is 1. */
  of(quantity: number | "all", pattern: string, items: readonly Part[]): Part;
}

/**
 * Reads a condition that was read before, into something else.
 * @throws {Error} when it cannot be read
 */
export function rereadCondition<Part>(
  text: string,
  searches: ReadonlyMap<string, unknown>,
  parts: ConditionParts<Part>,
): Part {
  return parse(text, searches, parts);
}

function parse<Part>(text: string, searches: ReadonlyMap<string, unknown>, parts: ConditionParts<Part>): Part {
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
  const chain = (operator: "or" | "and", next: () => Part): Part => {
    const first = next();
    const items = [first];
    while (word() === operator) {
      position++;
      items.push(next());
    }
    return items.length === 1 ? first : parts.join(operator, items);
  };
  const readOr = (): Part => chain("or", readAnd);
  const readAnd = (): Part => chain("and", readNot);
  const readNot = (): Part => {
    if (word() !== "not") return readOperand();
    position++;
    return parts.not(nested(readNot));
  };
  const readOperand = (): Part => {
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
    if (!searches.has(token)) throw unknown(token);
    return parts.search(token);
  };
  const readQuantifier = (): Part => {
    const quantity = word();
    const pattern = tokens[position + 2];
    if (pattern === undefined || pattern === "(" || pattern === ")")
      return fail(`After "${quantity} of" a name or "them" is missing`);
    position += 3;
    const isThem = pattern.toLowerCase() === "them" && !searches.has(pattern);
    const matches = isThem
      ? (): boolean => true
      : globMatcher(normalise(pattern.split("*").flatMap((text, index) => (index === 0 ? [text] : [ANY, text]))));
    const isNamed = (name: string): boolean =>
      matches(name) &&
      name.includes(FILTER_MARK) === pattern.includes(FILTER_MARK) &&
      (ownName(pattern).startsWith("_") || !ownName(name).startsWith("_"));
    const items = [...searches.keys()].filter(isNamed).map((name) => parts.search(name));
    if (items.length === 0) throw unknown(pattern);
    const count = quantity === "all" ? "all" : quantity === "any" ? 1 : Number(quantity);
    if (count !== "all" && (count < 1 || count > items.length))
      return fail(`"${quantity} of ${pattern}" asks for ${count} of ${items.length}`);
    return parts.of(count, pattern, items);
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
