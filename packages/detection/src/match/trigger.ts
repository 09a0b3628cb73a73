import { fold } from "../fold.ts";
import { type Pattern, mapLiterals } from "../sigma/pattern.ts";
import type { Position } from "../signature.ts";
import type { Node } from "./condition-tree.ts";
import type { Predicate } from "./predicates.ts";
import { type Literal } from "./value-test.ts";

/** Something cheap to look for in an event without which a condition cannot hold. */
export type Atom =
  | { readonly kind: "text"; readonly slot: number; readonly position: Position; readonly text: string }
  | { readonly kind: "predicate"; readonly id: number };

/** Atoms of which one is in every event that fulfils a condition. */
export interface Trigger {
  readonly atoms: readonly Atom[];
  /** How often one of them is there: an estimate between 0 and about 1. */
  readonly weight: number;
  /** Whether the condition holds whenever one of the atoms is found; not of keywords, because values are searched as if they were one. */
  readonly isExact: boolean;
}

/** Combinations of the triggers of alternatives: the best of each, the second of each, and so on. */
const MAX_VARIANTS = 4;

/** How many predicates of all rules look for a text: what many rules ask for is seen in many events. */
export type Popularity = (text: string) => number;

/** Predicates that make a text twice as common as its length says. */
const POPULAR = 4;

/**
 * The triggers that a condition has, the rarest first; none when it can hold for an event in which nothing is to be found (then the rule
 * is evaluated for every event of its log source).
 */
export function triggersOf(node: Node, popularity: Popularity): readonly Trigger[] {
  switch (node.op) {
    case "not":
      return [];
    case "predicate":
      return node.predicate.inner === undefined
        ? predicateTriggers(node.predicate, popularity)
        : triggersOf(node.predicate.inner, popularity);
    case "and":
      return node.items
        .flatMap((item) => triggersOf(item, popularity))
        .map((trigger) => ({ ...trigger, isExact: false }))
        .sort((a, b) => a.weight - b.weight);
    default: {
      const choices = node.items.map((item) => triggersOf(item, popularity));
      if (choices.some(({ length }) => length === 0)) return [];
      const variants = Math.min(MAX_VARIANTS, Math.max(...choices.map(({ length }) => length)));
      return Array.from({ length: variants }, (_, variant) => {
        const triggers = choices.map((of) => of[Math.min(variant, of.length - 1)]!);
        return {
          atoms: triggers.flatMap(({ atoms }) => atoms),
          weight: triggers.reduce((sum, { weight }) => sum + weight, 0),
          isExact: node.op === "or" && triggers.every(({ isExact }) => isExact),
        };
      });
    }
  }
}

function predicateTriggers(
  { test, slot, id, literals, isKeyword }: Predicate,
  popularity: Popularity,
): readonly Trigger[] {
  if (literals !== undefined) return [textTrigger(slot, literals, !isKeyword, popularity)];
  const itself = (weight: number): readonly Trigger[] => [
    { atoms: [{ kind: "predicate", id }], weight, isExact: true },
  ];
  const anywhere = (texts: readonly string[]): Trigger =>
    textTrigger(
      slot,
      texts.map((text) => ({ text, position: "anywhere" })),
      false,
      popularity,
    );
  switch (test?.kind) {
    case "regex": {
      const { required } = test.regex;
      return required.length === 0 ? itself(1) : required.map(anywhere);
    }
    case "cidr":
      return itself(0.4);
    case "fieldref":
      return itself(0.6);
    case "pattern": {
      const pieces = piecesOf(mapLiterals(test.pattern, fold), test.dashes);
      return pieces.length === 0 ? itself(0.9) : pieces.map((piece) => anywhere([piece]));
    }
    default:
      return itself(0.9);
  }
}

function textTrigger(slot: number, literals: readonly Literal[], isExact: boolean, popularity: Popularity): Trigger {
  return {
    atoms: literals.map(({ text, position }) => ({ kind: "text", slot, position, text })),
    weight: literals.reduce((sum, literal) => sum + rarity(literal) * (1 + popularity(literal.text) / POPULAR), 0),
    isExact,
  };
}

/** The literals, the longest first; with `windash`, the stretches without any of the five dashes. */
function piecesOf(pattern: Pattern, dashes: boolean): readonly string[] {
  return pattern
    .flatMap((part) => (typeof part !== "string" ? [] : dashes ? part.split(/[-/\u2013\u2014\u2015]/) : [part]))
    .filter((piece) => piece !== "")
    .sort((a, b) => b.length - a.length);
}

/** Longer texts are rarer; what every Windows path or command line has counts little. */
function rarity({ text, position }: Literal): number {
  if (text === "") return position === "whole" ? 0.3 : 4;
  const telling = text.replace(/\.(?:exe|dll)|c:\\|\\?windows\\|system32|\\|http|[\s".:]/g, "").length;
  return (telling === 0 ? 4 : 0.5 / (1 + telling * telling * 0.25)) / (position === "whole" ? 4 : 1);
}
