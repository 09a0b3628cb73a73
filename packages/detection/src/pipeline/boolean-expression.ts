/** Conditions joined by and, or and not. */
export type BooleanExpression<Leaf> =
  | { readonly op: "and" | "or"; readonly items: readonly BooleanExpression<Leaf>[] }
  | { readonly op: "not"; readonly item: BooleanExpression<Leaf> }
  | { readonly op: "is"; readonly leaf: Leaf };

const LIMITS = { tokens: 1_000, depth: 50 } as const;

/** Whether the expression holds. */
export function holds<Leaf>(expression: BooleanExpression<Leaf>, test: (leaf: Leaf) => boolean): boolean {
  if (expression.op === "is") return test(expression.leaf);
  if (expression.op === "not") return !holds(expression.item, test);
  return expression.op === "and"
    ? expression.items.every((item) => holds(item, test))
    : expression.items.some((item) => holds(item, test));
}

/** Every leaf of the expression. */
export function leavesOf<Leaf>(expression: BooleanExpression<Leaf>): readonly Leaf[] {
  if (expression.op === "is") return [expression.leaf];
  return expression.op === "not" ? leavesOf(expression.item) : expression.items.flatMap(leavesOf);
}

/**
 * Reads `a and not (b or c)`: not binds tightest, then and, then or; operators in lower case, names of letters, digits, `_` and `-`.
 *
 * @returns the expression over names, or why it cannot be read
 */
export function parseBooleanExpression(
  text: string,
): { readonly expression: BooleanExpression<string> } | { readonly error: string } {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  if (tokens.length > LIMITS.tokens) return { error: `It has more than ${LIMITS.tokens} words.` };
  let position = 0;
  let depth = 0;
  const chain = (op: "and" | "or", next: () => BooleanExpression<string>): BooleanExpression<string> => {
    const first = next();
    const items = [first];
    while (tokens[position] === op) {
      position++;
      items.push(next());
    }
    return items.length === 1 ? first : { op, items };
  };
  const readOr = (): BooleanExpression<string> => chain("or", () => chain("and", readNot));
  const readNot = (): BooleanExpression<string> => {
    if (++depth > LIMITS.depth) throw new SyntaxError(`It is nested more than ${LIMITS.depth} levels.`);
    const token = tokens[position++];
    let result: BooleanExpression<string>;
    if (token === "not") result = { op: "not", item: readNot() };
    else if (token === "(") {
      result = readOr();
      if (tokens[position++] !== ")") throw new SyntaxError('A ")" is missing.');
    } else if (token === undefined) throw new SyntaxError("Something is missing at the end.");
    else if (!/^[A-Za-z0-9_-]+$/.test(token) || token === "and" || token === "or")
      throw new SyntaxError(`"${token}" is not expected.`);
    else result = { op: "is", leaf: token };
    depth--;
    return result;
  };
  try {
    const expression = readOr();
    const rest = tokens[position];
    return rest === undefined ? { expression } : { error: `"${rest}" is not expected.` };
  } catch (error) {
    if (error instanceof SyntaxError) return { error: error.message };
    throw error;
  }
}
