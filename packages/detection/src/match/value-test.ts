import { fold, foldDashes } from "../fold.ts";
import { contains, parseAddress } from "../network.ts";
import { ANY, mapLiterals, patternKey, type Pattern } from "../sigma/pattern.ts";
import type { Comparison, Position, TimePart, ValueTest } from "../signature.ts";
import type { FieldSlot } from "./field-slot.ts";
import { globMatcher } from "./glob.ts";
import { Marks } from "./marks.ts";
import { TextIndex } from "./text-index.ts";

/** Decides a test on a loaded field. */
export type SlotTest = (slot: FieldSlot) => boolean;

/** Equal for tests that mean the same. */
export function testKey(test: ValueTest): string {
  switch (test.kind) {
    case "pattern":
      return `p${Number(test.cased)}${Number(test.dashes)}${patternKey(test.cased ? test.pattern : mapLiterals(test.pattern, fold))}`;
    case "regex":
      return `r${test.regex.key}`;
    case "cidr":
      return `n${test.network.text}`;
    case "compare":
      return `c${test.comparison} ${test.part ?? ""} ${test.value}`;
    case "fieldref":
      return `f${test.position} ${Number(test.cased)} ${test.field}`;
    default:
      return test.kind;
  }
}

/** A folded text and where it has to be in a folded value. */
export interface Literal {
  readonly text: string;
  readonly position: Position;
}

/** The literal that a test comes down to, if it does. */
export function literalOf(test: ValueTest): Literal | undefined {
  return test.kind === "pattern" && !test.cased && !test.dashes
    ? literalForm(mapLiterals(test.pattern, fold))
    : undefined;
}

/** Time that a test takes, relative to others. */
export function costOf(test: ValueTest, literal: Literal | undefined): number {
  switch (test.kind) {
    case "exists":
    case "null":
      return 0.5;
    case "pattern":
      return literal === undefined ? 4 : literal.position === "anywhere" ? 2 : 1;
    case "regex":
      return test.regex.engine === "v8" ? 20 : 100;
    case "fieldref":
      return 6;
    default:
      return 4;
  }
}

/** Literals that are looked for one by one, as far as their positions are known, and others. */
const FEW_LITERALS = { placed: 16, anywhere: 6 } as const;

/** Compiles the test whether one of several literals is there. */
export function compileAny(literals: readonly Literal[]): SlotTest {
  const anywhere = literals.filter(({ position }) => position === "anywhere").length;
  if (anywhere <= FEW_LITERALS.anywhere && literals.length - anywhere <= FEW_LITERALS.placed) {
    const tests = literals.map(({ text, position }) => ({ text, holds: HOLDS[position] }));
    return (slot) => {
      for (let index = 0; index < slot.count; index++) {
        const value = slot.foldedAt(index);
        for (const { text, holds } of tests) if (holds(value, text)) return true;
      }
      return false;
    };
  }
  const marks = new Marks(1);
  let made: TextIndex | undefined;
  return (slot) => {
    if (made === undefined) {
      made = new TextIndex();
      for (const { position, text } of literals) made.add(position, text, 0);
    }
    marks.clear();
    for (let index = 0; index < slot.count; index++) {
      made.search(slot, index, marks);
      if (marks.count > 0) return true;
    }
    return false;
  };
}

/** Compiles a test; `other` reads the field that a fieldref names. */
export function compileTest(test: ValueTest, other: (field: string) => FieldSlot): SlotTest {
  switch (test.kind) {
    case "exists":
      return (slot) => slot.present;
    case "null":
      return (slot) => slot.count === 0 && !slot.structured;
    case "pattern":
      return compilePattern(test);
    case "regex": {
      const { regex } = test;
      const { leastLength, required } = regex;
      return (slot) => {
        for (let index = 0; index < slot.count; index++) {
          const text = slot.raw[index]!;
          if (text.length < leastLength) continue;
          if (required.length > 0 && !regex.mayMatch(slot.foldedAt(index))) continue;
          if (regex.test(text)) return true;
        }
        return false;
      };
    }
    case "cidr":
      return some((text) => {
        const address = parseAddress(text.trim());
        return address !== undefined && contains(test.network, address);
      });
    case "compare": {
      const holds = comparison(test.comparison, test.value);
      const { part } = test;
      return some((text) => {
        const number = part === undefined ? toNumber(text) : timePart(text, part);
        return number !== undefined && holds(number);
      });
    }
    case "fieldref":
      return compileReference(test, other(test.field));
  }
}

/** Pairs of values that are compared one by one; of more, one side is indexed, so that two long lists do not cost their product. */
const FEW_PAIRS = 4_096;

function compileReference(test: ValueTest & { kind: "fieldref" }, target: FieldSlot): SlotTest {
  const normalise = test.cased ? (text: string): string => text : fold;
  const holds = HOLDS[test.position];
  const pairwise: SlotTest = (slot) => {
    const others = target.raw.slice(0, target.count).map(normalise);
    for (let index = 0; index < slot.count; index++) {
      const text = normalise(slot.raw[index] ?? "");
      if (others.some((part) => holds(text, part))) return true;
    }
    return false;
  };
  return (slot) => {
    if (slot.count * target.count <= FEW_PAIRS) return pairwise(slot);
    const index = new TextIndex();
    for (let value = 0; value < target.count; value++) index.add(test.position, target.foldedAt(value), value);
    const marks = new Marks(target.count);
    for (let value = 0; value < slot.count; value++) {
      marks.clear();
      index.search(slot, value, marks);
      for (let hit = 0; hit < marks.count; hit++)
        if (!test.cased || holds(slot.raw[value] ?? "", target.raw[marks.list[hit]!] ?? "")) return true;
    }
    return false;
  };
}

const equal = (text: string, part: string): boolean => text === part;
const startsWith = (text: string, part: string): boolean => text.startsWith(part);
const endsWith = (text: string, part: string): boolean => text.endsWith(part);
const includes = (text: string, part: string): boolean => text.includes(part);
const HOLDS: Readonly<Record<Position, (text: string, part: string) => boolean>> = {
  whole: equal,
  start: startsWith,
  end: endsWith,
  anywhere: includes,
};

function some(holds: (text: string) => boolean): SlotTest {
  return (slot) => {
    for (let index = 0; index < slot.count; index++) if (holds(slot.raw[index] ?? "")) return true;
    return false;
  };
}

function compilePattern(test: ValueTest & { kind: "pattern" }): SlotTest {
  const pattern = mapLiterals(test.pattern, (text) => {
    const cased = test.cased ? text : fold(text);
    return test.dashes ? foldDashes(cased) : cased;
  });
  const matches = textMatcher(pattern);
  if (test.cased) return some(test.dashes ? (text) => matches(foldDashes(text)) : matches);
  if (test.dashes) {
    return (slot) => {
      for (let index = 0; index < slot.count; index++) if (matches(slot.dashedAt(index))) return true;
      return false;
    };
  }
  return (slot) => {
    for (let index = 0; index < slot.count; index++) if (matches(slot.foldedAt(index))) return true;
    return false;
  };
}

/** The one literal of a pattern and where it must lie, or undefined when wildcards stand elsewhere than at the ends. */
export function literalForm(pattern: Pattern): Literal | undefined {
  const before = pattern[0] === ANY;
  const after = pattern.length > (before ? 1 : 0) && pattern.at(-1) === ANY;
  const inner = pattern.slice(before ? 1 : 0, after ? -1 : undefined);
  const [text = ""] = inner;
  if (inner.length > 1 || typeof text !== "string") return undefined;
  return { text, position: before ? (after || text === "" ? "anywhere" : "end") : after ? "start" : "whole" };
}

function textMatcher(pattern: Pattern): (text: string) => boolean {
  const form = literalForm(pattern);
  if (form === undefined) return globMatcher(pattern);
  const { text: part } = form;
  const holds = HOLDS[form.position];
  return (text) => holds(text, part);
}

function comparison(kind: Comparison, value: number): (number: number) => boolean {
  switch (kind) {
    case "lt":
      return (number) => number < value;
    case "lte":
      return (number) => number <= value;
    case "gt":
      return (number) => number > value;
    case "gte":
      return (number) => number >= value;
    case "eq":
      return (number) => number === value;
  }
}

/** A decimal number written in full, or undefined. */
export function toNumber(text: string): number | undefined {
  const trimmed = text.trim();
  return /^[-+]?(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:e[-+]?\d{1,4})?$/i.test(trimmed)
    ? Number(trimmed)
    : undefined;
}

const DAY = 86_400_000;

/** A part of an ISO 8601 date as it is written, without any change of time zone; weeks are ISO 8601 weeks. */
export function timePart(text: string, part: TimePart): number | undefined {
  const match = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour, minute] = match;
  switch (part) {
    case "year":
      return Number(year);
    case "month":
      return Number(month);
    case "day":
      return Number(day);
    case "hour":
      return hour === undefined ? undefined : Number(hour);
    case "minute":
      return minute === undefined ? undefined : Number(minute);
    case "week": {
      const time = Date.UTC(Number(year), Number(month) - 1, Number(day));
      const weekday = (new Date(time).getUTCDay() + 6) % 7;
      const thursday = time + (3 - weekday) * DAY;
      return Math.floor((thursday - Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1)) / (7 * DAY)) + 1;
    }
  }
}
