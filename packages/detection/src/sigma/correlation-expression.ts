import { nearest } from "./nearest.ts";

/** A condition of a temporal correlation over the rules that it lists: some of them there, some not. */
export interface ReferenceTerm {
  readonly present: readonly string[];
  readonly absent: readonly string[];
}

/** Why an expression cannot be read or honoured. */
export interface ExpressionProblem {
  readonly message: string;
  readonly suggestion?: string | undefined;
}

const LIMITS = { words: 200, depth: 32, terms: 256 } as const;

type Expression =
  | { readonly op: "rule"; readonly name: string }
  | { readonly op: "not"; readonly item: Expression }
  | { readonly op: "and" | "or"; readonly items: readonly Expression[] };

class ExpressionError extends Error {
  readonly suggestion: string | undefined;
  constructor(message: string, suggestion?: string) {
    super(message);
    this.suggestion = suggestion;
  }
}

/**
 * Reads an extended condition, such as `a and (b or not c)`, over the references that a correlation lists, as the ways in which it can hold. Binding, from
 * loose to tight: or, and, not, parentheses. An expression that holds when none of the rules occurs is a problem: nothing would ever say when.
 */
export function readExpression(
  text: string,
  references: readonly string[],
): { readonly terms: readonly ReferenceTerm[] } | { readonly problem: ExpressionProblem } {
  try {
    const terms = waysOf(parse(text, references), false);
    if (terms.length === 0) throw new ExpressionError(`The condition "${text}" can never hold.`);
    const empty = terms.find(({ present }) => present.length === 0);
    if (empty !== undefined)
      throw new ExpressionError(
        `The condition "${text}" holds where ${empty.absent.join(" and ")} does not occur, whatever else does`,
        "Join what must not occur by `and` with a rule that must occur.",
      );
    return { terms };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    return { problem: { message: error.message, suggestion: error.suggestion } };
  }
}

function parse(text: string, references: readonly string[]): Expression {
  const words = text.match(/[()]|[^\s()]+/g) ?? [];
  if (words.length > LIMITS.words)
    throw new ExpressionError(`The condition has more than ${LIMITS.words} words.`, "Chain several correlations.");
  let position = 0;
  let depth = 0;
  const keyword = (): string => (words[position] ?? "").toLowerCase();
  const chain = (op: "and" | "or", next: () => Expression): Expression => {
    const items = [next()];
    while (keyword() === op) {
      position++;
      items.push(next());
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { op, items };
  };
  const readOr = (): Expression => chain("or", readAnd);
  const readAnd = (): Expression => chain("and", readNot);
  const readNot = (): Expression => {
    if (++depth > LIMITS.depth) throw new ExpressionError(`The condition is nested more than ${LIMITS.depth} levels.`);
    const isNegated = keyword() === "not";
    if (isNegated) position++;
    const item: Expression = isNegated ? { op: "not", item: readNot() } : readOperand();
    depth--;
    return item;
  };
  const readOperand = (): Expression => {
    const word = words[position++];
    if (word === undefined) throw new ExpressionError(`Something is missing at the end of the condition "${text}".`);
    if (word === "(") {
      const inner = readOr();
      if (words[position++] !== ")") throw new ExpressionError(`A ")" is missing in the condition "${text}".`);
      return inner;
    }
    const name = references.find((reference) => reference.toLowerCase() === word.toLowerCase());
    if (name !== undefined) return { op: "rule", name };
    if (word === ")" || ["and", "or"].includes(word.toLowerCase()))
      throw new ExpressionError(`"${word}" is not expected in the condition "${text}".`);
    const guess = nearest(word, references);
    throw new ExpressionError(
      `The condition names "${word}", which the correlation does not list.`,
      guess === undefined ? `It lists: ${references.join(", ")}.` : `Did you mean "${guess}"?`,
    );
  };
  const result = readOr();
  if (position < words.length)
    throw new ExpressionError(`"${words[position] ?? ""}" is not expected in the condition "${text}".`);
  return result;
}

/** The disjunctive normal form, without ways that cannot be and without those that ask for more than another one. */
function waysOf(expression: Expression, negated: boolean): readonly ReferenceTerm[] {
  if (expression.op === "rule")
    return [negated ? { present: [], absent: [expression.name] } : { present: [expression.name], absent: [] }];
  if (expression.op === "not") return waysOf(expression.item, !negated);
  const parts = expression.items.map((item) => waysOf(item, negated));
  const isAlternative = (expression.op === "or") !== negated;
  if (isAlternative) return reduce(parts.flat());
  let ways: readonly ReferenceTerm[] = [{ present: [], absent: [] }];
  for (const part of parts) ways = reduce(ways.flatMap((way) => part.flatMap((other) => both(way, other))));
  return ways;
}

function both(a: ReferenceTerm, b: ReferenceTerm): readonly ReferenceTerm[] {
  const present = [...new Set([...a.present, ...b.present])];
  const absent = [...new Set([...a.absent, ...b.absent])];
  return present.some((name) => absent.includes(name)) ? [] : [{ present, absent }];
}

function reduce(terms: readonly ReferenceTerm[]): readonly ReferenceTerm[] {
  const isWithin = (small: readonly string[], large: readonly string[]): boolean =>
    small.every((name) => large.includes(name));
  const kept: ReferenceTerm[] = [];
  for (const term of terms.toSorted((a, b) => a.present.length + a.absent.length - b.present.length - b.absent.length))
    if (!kept.some((other) => isWithin(other.present, term.present) && isWithin(other.absent, term.absent)))
      kept.push(term);
  if (kept.length > LIMITS.terms)
    throw new ExpressionError(
      `The condition can hold in more than ${LIMITS.terms} ways.`,
      "Chain several correlations.",
    );
  return kept;
}
