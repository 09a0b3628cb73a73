import { compileRegex } from "./regex/compile.ts";
import type { Rule } from "./rule.ts";
import { ANY, ONE, type Pattern } from "./sigma/pattern.ts";
import type { Condition, ValueTest } from "./signature.ts";

/** A piece of a pattern: text, or a number for a wildcard. */
type PackedPart = string | number;

const PARTS = [ANY, ONE] as const;

type PackedTest =
  | Exclude<ValueTest, { readonly kind: "pattern" | "regex" }>
  | (Omit<ValueTest & { kind: "pattern" }, "pattern"> & { readonly parts: readonly PackedPart[] })
  | { readonly kind: "regex"; readonly key: string };

type PackedCondition =
  | { readonly op: "and" | "or"; readonly items: readonly PackedCondition[] }
  | { readonly op: "atleast"; readonly count: number; readonly items: readonly PackedCondition[] }
  | { readonly op: "not"; readonly item: PackedCondition }
  | { readonly op: "test"; readonly field: string | undefined; readonly test: PackedTest };

/**
 * Rules as plain data that a structured clone can hand to another thread, which is much faster than loading them there again. What
 * only people read is left out: names of search identifiers and examples.
 */
export interface PackedRules {
  readonly rules: readonly Omit<Rule, "condition" | "written">[];
  /** By index of the rule; then those of its exceptions. */
  readonly conditions: readonly (readonly (PackedCondition | undefined)[])[];
}

/** Makes plain data of rules. */
export function packRules(rules: readonly Rule[]): PackedRules {
  const pack = memoized(packCondition);
  return {
    rules: rules.map(({ condition: _condition, written: _written, extension, ...rest }) => ({
      ...rest,
      extension: {
        ...extension,
        examples: [],
        exceptions: extension.exceptions.map((rule) => ({ ...rule, condition: NEVER })),
      },
    })),
    conditions: rules.map(({ condition, extension }) =>
      [condition, ...extension.exceptions.map((exception) => exception.condition)].map((one) =>
        one === undefined ? undefined : pack(one),
      ),
    ),
  };
}

/** Makes rules of plain data: they judge as those that were packed. */
export function unpackRules({ rules, conditions }: PackedRules): readonly Rule[] {
  const unpack = memoized(unpackCondition);
  return rules.map((rule, index) => {
    const [own, ...others] = (conditions[index] ?? []).map((one) => (one === undefined ? undefined : unpack(one)));
    const exceptions = rule.extension.exceptions.map((exception, at) => ({
      ...exception,
      condition: others[at] ?? NEVER,
    }));
    return { ...rule, condition: own, extension: { ...rule.extension, exceptions } };
  });
}

const NEVER: Condition = { op: "or", items: [] };

/** Conditions share their parts: each is made once. */
function memoized<From extends object, To>(make: (from: From, again: (part: From) => To) => To): (from: From) => To {
  const known = new Map<From, To>();
  const again = (from: From): To => {
    let made = known.get(from);
    if (made === undefined) {
      made = make(from, again);
      known.set(from, made);
    }
    return made;
  };
  return again;
}

function packCondition(condition: Condition, again: (part: Condition) => PackedCondition): PackedCondition {
  if (condition.op === "test") return { ...condition, test: packTest(condition.test) };
  return condition.op === "not"
    ? { op: "not", item: again(condition.item) }
    : { ...condition, items: condition.items.map(again) };
}

function unpackCondition(condition: PackedCondition, again: (part: PackedCondition) => Condition): Condition {
  if (condition.op === "test") return { ...condition, test: unpackTest(condition.test) };
  return condition.op === "not"
    ? { op: "not", item: again(condition.item) }
    : { ...condition, items: condition.items.map(again) };
}

function packTest(test: ValueTest): PackedTest {
  if (test.kind === "regex") return { kind: "regex", key: test.regex.key };
  if (test.kind !== "pattern") return test;
  const { pattern, ...rest } = test;
  return { ...rest, parts: pattern.map((part) => (typeof part === "string" ? part : PARTS.indexOf(part))) };
}

function unpackTest(test: PackedTest): ValueTest {
  if (test.kind === "regex") return unpackRegex(test.key);
  if (test.kind !== "pattern") return test;
  const { parts, ...rest } = test;
  const pattern: Pattern = parts.map((part) => (typeof part === "string" ? part : (PARTS[part] ?? ANY)));
  return { ...rest, pattern };
}

/** The key of an expression is its flags i, m, s as digits, and its source. */
function unpackRegex(key: string): ValueTest {
  const flag = (index: number): boolean => key[index] === "1";
  const compiled = compileRegex(key.slice(3), { i: flag(0), m: flag(1), s: flag(2) });
  if ("error" in compiled)
    throw new Error(`The regular expression ${key.slice(3)} was compiled before, and is not now.`);
  return { kind: "regex", regex: compiled.regex };
}
