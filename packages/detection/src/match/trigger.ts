import { fold } from "../fold.ts";
import { type Pattern, mapLiterals } from "../sigma/pattern.ts";
import type { Predicate } from "./predicates.ts";
import { literalForm } from "./value-test.ts";

/** Something cheap to look for in an event without which a predicate cannot hold. */
export type Atom =
  | {
      readonly kind: "text";
      readonly slot: number;
      readonly position: "whole" | "start" | "end" | "anywhere";
      readonly text: string;
    }
  | { readonly kind: "predicate"; readonly id: number };

/** Atoms of which one is in every event that fulfils a condition, and how often that may be (an estimate between 0 and 1). */
export interface Trigger {
  readonly atoms: readonly Atom[];
  readonly weight: number;
}

/** A compiled condition: predicates by id. */
export type Node =
  | { readonly op: "and" | "or"; readonly items: readonly Node[] }
  | { readonly op: "atleast"; readonly count: number; readonly items: readonly Node[] }
  | { readonly op: "not"; readonly item: Node }
  | { readonly op: "predicate"; readonly predicate: Predicate };

/** Fields that say what an event is, so that equality on them holds for many events. */
const COMMON_FIELD_WEIGHT = 0.5;

/**
 * The rarest trigger of a condition, or undefined when it can hold for an event in which nothing is to be found (then the rule is
 * evaluated for every event of its log source).
 */
export function chooseTrigger(node: Node, isCommon: (slot: number) => boolean): Trigger | undefined {
  switch (node.op) {
    case "not":
      return undefined;
    case "predicate":
      return predicateTrigger(node.predicate, isCommon);
    case "and": {
      let best: Trigger | undefined;
      for (const item of node.items) {
        const trigger = chooseTrigger(item, isCommon);
        if (trigger !== undefined && (best === undefined || trigger.weight < best.weight)) best = trigger;
      }
      return best;
    }
    default: {
      const atoms: Atom[] = [];
      let weight = 0;
      for (const item of node.items) {
        const trigger = chooseTrigger(item, isCommon);
        if (trigger === undefined) return undefined;
        atoms.push(...trigger.atoms);
        weight += trigger.weight;
      }
      return { atoms, weight };
    }
  }
}

function predicateTrigger(predicate: Predicate, isCommon: (slot: number) => boolean): Trigger {
  const { test, slot, id } = predicate;
  const itself = (weight: number): Trigger => ({ atoms: [{ kind: "predicate", id }], weight });
  const texts = (
    parts: readonly string[],
    position: "whole" | "start" | "end" | "anywhere",
    weight: number,
  ): Trigger => ({
    atoms: parts.map((text) => ({ kind: "text", slot, position, text })),
    weight: isCommon(slot) ? Math.max(weight, COMMON_FIELD_WEIGHT) : predicate.isKeyword ? weight * 2 : weight,
  });
  if (test.kind === "regex") {
    const { required } = test.regex;
    if (required === undefined || required.length === 0) return itself(1);
    return texts(required, "anywhere", sum(required.map(rarity)));
  }
  if (test.kind === "cidr") return itself(0.4);
  if (test.kind === "fieldref") return itself(0.6);
  if (test.kind !== "pattern") return itself(0.9);
  const pattern = mapLiterals(test.pattern, fold);
  const form = test.dashes ? undefined : literalForm(pattern);
  if (form !== undefined && form.text !== "")
    return texts([form.text], form.position, form.position === "whole" ? rarity(form.text) / 4 : rarity(form.text));
  if (form?.position === "whole") return texts([""], "whole", 0.3);
  const piece = longestPiece(pattern, test.dashes);
  return piece === "" ? itself(0.9) : texts([piece], "anywhere", rarity(piece));
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

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
