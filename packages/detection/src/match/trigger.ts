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
  /** Whether the condition holds whenever one of the atoms is there. */
  readonly isExact: boolean;
}

/**
 * The rarest trigger of a condition, or undefined when it can hold for an event in which nothing is to be found (then the rule is
 * evaluated for every event of its log source).
 */
export function chooseTrigger(node: Node): Trigger | undefined {
  switch (node.op) {
    case "not":
      return undefined;
    case "predicate":
      return predicateTrigger(node.predicate);
    case "and": {
      let best: Trigger | undefined;
      for (const item of node.items) {
        const trigger = chooseTrigger(item);
        if (trigger !== undefined && (best === undefined || trigger.weight < best.weight)) best = trigger;
      }
      return best === undefined ? undefined : { ...best, isExact: false };
    }
    default: {
      const atoms: Atom[] = [];
      let weight = 0;
      let isExact = node.op === "or";
      for (const item of node.items) {
        const trigger = chooseTrigger(item);
        if (trigger === undefined) return undefined;
        atoms.push(...trigger.atoms);
        weight += trigger.weight;
        isExact &&= trigger.isExact;
      }
      return { atoms, weight, isExact };
    }
  }
}

function predicateTrigger({ test, slot, id, literals }: Predicate): Trigger {
  if (literals !== undefined) return textTrigger(slot, literals, true);
  const itself = (weight: number): Trigger => ({ atoms: [{ kind: "predicate", id }], weight, isExact: true });
  const anywhere = (texts: readonly string[]): Trigger =>
    textTrigger(
      slot,
      texts.map((text) => ({ text, position: "anywhere" })),
      false,
    );
  switch (test?.kind) {
    case "regex": {
      const { required } = test.regex;
      return required === undefined || required.length === 0 ? itself(1) : anywhere(required);
    }
    case "cidr":
      return itself(0.4);
    case "fieldref":
      return itself(0.6);
    case "pattern": {
      const piece = longestPiece(mapLiterals(test.pattern, fold), test.dashes);
      return piece === "" ? itself(0.9) : anywhere([piece]);
    }
    default:
      return itself(0.9);
  }
}

function textTrigger(slot: number, literals: readonly Literal[], isExact: boolean): Trigger {
  return {
    atoms: literals.map(({ text, position }) => ({ kind: "text", slot, position, text })),
    weight: literals.reduce((sum, { text, position }) => sum + rarity(text) / (position === "whole" ? 4 : 1), 0),
    isExact,
  };
}

/** The longest literal; with `windash`, the longest stretch without any of the five dashes. */
function longestPiece(pattern: Pattern, dashes: boolean): string {
  let best = "";
  for (const part of pattern) {
    if (typeof part !== "string") continue;
    for (const piece of dashes ? part.split(/[-/\u2013\u2014\u2015]/) : [part])
      if (piece.length > best.length) best = piece;
  }
  return best;
}

/** Longer texts are rarer; what every Windows path or command line has counts little. */
function rarity(text: string): number {
  const telling = text.replace(/\.(?:exe|dll)|c:\\|\\?windows\\|system32|\\|http|\s/g, "").length;
  return 0.5 / (1 + telling * telling * 0.25);
}
