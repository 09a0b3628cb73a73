import type { Rule } from "@vedette/detection";

type Condition = NonNullable<Rule["condition"]>;

/** Rules that have a literal for it to stay as it is: what many rules name is common in events, and a variant should be as well. */
const SHARED = 4;
const CLASSES = ["aeiou", "bcdfghjklmnpqrstvwxyz", "0123456789"];

/**
 * Synthetic rules: those given, again and again, with other letters and digits in the literals that few rules share. Programs, folders and
 * options that many rules name stay, so that a variant is a candidate as often as a real rule would be.
 */
export function variantsOf(rules: readonly Rule[], count: number): readonly Rule[] {
  const users = new Map<string, number>();
  for (const { condition } of rules)
    for (const text of new Set(condition === undefined ? [] : literalsOf(condition)))
      users.set(text, (users.get(text) ?? 0) + 1);
  return Array.from({ length: Math.max(0, count) }, (_, index) => {
    const rule = rules[index % rules.length];
    const turn = 1 + Math.floor(index / rules.length);
    if (rule?.condition === undefined) throw new Error("There is no rule to vary.");
    const isOwn = (text: string): boolean => (users.get(text) ?? 0) < SHARED;
    const share = (part: Condition): number => {
      const literals = literalsOf(part);
      return literals.length === 0 ? -1 : literals.filter(isOwn).length / literals.length;
    };
    // All of the part that is most the rule's own changes, so that a variant is no repetition.
    const [telling] = conjunctsOf(rule.condition).toSorted((a, b) => share(b) - share(a));
    const changed = new Set(telling === undefined ? [] : literalsOf(telling));
    const change = (text: string): string => {
      const folded = text.toLowerCase();
      return changed.has(folded) || isOwn(folded) ? shift(text, turn) : text;
    };
    return { ...rule, id: `${rule.id}-${turn}`, condition: vary(rule.condition, change) };
  });
}

/** What all has to hold, without what the rule excludes. */
function conjunctsOf(condition: Condition): readonly Condition[] {
  if (condition.op === "and") return condition.items.flatMap(conjunctsOf);
  return condition.op === "not" ? [] : [condition];
}

/** Folded literals. */
function literalsOf(condition: Condition): readonly string[] {
  if (condition.op === "not") return literalsOf(condition.item);
  if (condition.op !== "test") return condition.items.flatMap(literalsOf);
  return condition.test.kind === "pattern"
    ? condition.test.pattern.flatMap((part) => (typeof part === "string" ? [part.toLowerCase()] : []))
    : [];
}

function vary(condition: Condition, change: (text: string) => string): Condition {
  if (condition.op === "not") return { ...condition, item: vary(condition.item, change) };
  if (condition.op !== "test") return { ...condition, items: condition.items.map((item) => vary(item, change)) };
  const { test } = condition;
  if (test.kind !== "pattern") return condition;
  const pattern = test.pattern.map((part) => (typeof part === "string" ? change(part) : part));
  return { ...condition, test: { ...test, pattern } };
}

/** Letters moved on among vowels or consonants, digits among digits; the ends of file names stay. */
function shift(text: string, turn: number): string {
  return text
    .split(/(\.(?:exe|dll|ps1|bat|cmd|vbs|js|sys|tmp)\b)/i)
    .map((piece, index) =>
      index % 2 === 1 || piece.length < 4
        ? piece
        : [...piece]
            .map((char, position) => {
              const letters = CLASSES.find((each) => each.includes(char.toLowerCase()));
              if (letters === undefined || position % 3 !== turn % 3) return char;
              const moved = letters.charAt((letters.indexOf(char.toLowerCase()) + turn) % letters.length);
              return char === char.toLowerCase() ? moved : moved.toUpperCase();
            })
            .join(""),
    )
    .join("");
}
