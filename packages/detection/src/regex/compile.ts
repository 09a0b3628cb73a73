import { RE2JS } from "re2js";
import { type RegexFlags, RegexError, type RegexNode, parseRegex } from "./parse.ts";
import { leastLength, repeatedCharacter, requiredTexts } from "./required.ts";
import { isLinear } from "./safety.ts";
import { simplify } from "./simplify.ts";
import { RE2, V8, writeRegex } from "./write.ts";

export type { RegexFlags } from "./parse.ts";

/** A regular expression that is matched in time linear in the input. */
export interface Regex {
  /** Equal for expressions that mean the same to this engine. */
  readonly key: string;
  /** Lists of texts, folded: of each list one is in every text that matches. The rarest list comes first. */
  readonly required: readonly (readonly string[])[];
  /** Texts with fewer UTF-16 units cannot match. */
  readonly leastLength: number;
  /** `v8`: proven not to backtrack beyond linear; `re2`: automata. */
  readonly engine: "v8" | "re2";
  /** False for a folded text that cannot match; much cheaper than to try. */
  mayMatch(folded: string): boolean;
  /** Whether the text holds a match anywhere. */
  test(text: string): boolean;
}

/** Compiles a regular expression, or says why not. */
export function compileRegex(
  source: string,
  flags: RegexFlags,
): { readonly regex: Regex } | { readonly error: RegexError } {
  try {
    return { regex: build(source, flags) };
  } catch (error) {
    if (error instanceof RegexError) return { error };
    throw error;
  }
}

function build(source: string, flags: RegexFlags): Regex {
  const node = simplify(parseRegex(source, flags));
  const linear = isLinear(node);
  const find = linear ? matchWithV8(writeRegex(node, V8)) : matchWithRe2(writeRegex(node, RE2));
  const assertions = assertionsOf(node);
  // PCRE's `$` also holds before a final line feed: then the text without it matches.
  const test =
    assertions.has("end") && !assertions.has("textEnd")
      ? (text: string): boolean => find(text) || (text.endsWith("\n") && find(text.slice(0, -1)))
      : find;
  const required = requiredTexts(node);
  return {
    key: `${Number(flags.i)}${Number(flags.m)}${Number(flags.s)}${source}`,
    required,
    leastLength: leastLength(node),
    engine: linear ? "v8" : "re2",
    mayMatch: createGate(required, repeatedCharacter(node)),
    test,
  };
}

function createGate(
  required: readonly (readonly string[])[],
  repeated: { readonly char: string; readonly times: number } | undefined,
): (folded: string) => boolean {
  return (folded) => {
    for (const list of required) if (!list.some((part) => folded.includes(part))) return false;
    if (repeated === undefined) return true;
    let position = -1;
    for (let times = 0; times < repeated.times; times++) {
      position = folded.indexOf(repeated.char, position + 1);
      if (position < 0) return false;
    }
    return true;
  };
}

function matchWithV8(source: string): (text: string) => boolean {
  const expression = new RegExp(source, "u");
  return (text) => expression.test(text);
}

function matchWithRe2(source: string): (text: string) => boolean {
  let expression: RE2JS;
  try {
    expression = RE2JS.compile(source);
  } catch (error) {
    throw new RegexError(
      `It is too large for the engine (${error instanceof Error ? error.message : String(error)})`,
      false,
    );
  }
  return (text) => expression.test(text);
}

function assertionsOf(node: RegexNode, found: Set<string> = new Set()): Set<string> {
  if (node.kind === "assert") found.add(node.assertion);
  else if (node.kind === "repeat") assertionsOf(node.item, found);
  else if (node.kind !== "set") for (const item of node.items) assertionsOf(item, found);
  return found;
}
