import { fold } from "../fold.ts";
import type { Condition } from "../signature.ts";
import type { WantedValue } from "./explanation.ts";
import type { FieldReader, FieldReading } from "./read-field.ts";
import { placeOf, quote } from "./wording.ts";

/** A field that failed, with what it was asked. */
export interface Miss {
  readonly asked: readonly Condition[];
  readonly needs: "any" | "all";
  readonly negated: boolean;
  readonly reading: FieldReading;
  readonly wanted: readonly WantedValue[];
  readonly read: FieldReader;
}

/** Missing values that are listed. */
const LISTED = 5;

/** What comes near in a field that failed, or null. */
export function hintFor(miss: Miss): string | null {
  const { asked, needs, negated, reading, wanted } = miss;
  if (negated) return null;
  if (reading.near !== undefined)
    return `the event has ${quote(reading.near)}; names of fields are compared with their upper and lower case`;
  if (reading.texts.length === 0) return null;
  if (needs === "all" && wanted.length > 1) {
    const missing = wanted.filter(({ held }) => !held);
    if (missing.length === wanted.length) return null;
    const listed = missing.slice(0, LISTED).map(({ value }) => value);
    const more = missing.length > LISTED ? `, and ${missing.length - LISTED} more` : "";
    return `${wanted.length - missing.length} of the ${wanted.length} values asked for are there; missing: ${listed.join(", ")}${more}`;
  }
  for (const condition of asked) {
    const near = nearMiss(condition, reading.texts);
    if (near !== undefined) return near;
  }
  return null;
}

function nearMiss(condition: Condition, texts: readonly string[]): string | undefined {
  if (condition.op !== "test") return undefined;
  const { test } = condition;
  if (test.kind === "cidr")
    return texts.some((text) => /[:.]/.test(text) && /^[\d.:a-f]+$/i.test(text.trim()))
      ? undefined
      : "the value is not an address";
  if (test.kind === "compare") {
    if (texts.some((text) => /\d/.test(text))) return undefined;
    return test.part === undefined ? "the value is not a number" : "the value is not a date";
  }
  if (test.kind !== "pattern") return undefined;
  const { position, inner } = placeOf(test.pattern);
  if (position === undefined || inner === "") return undefined;
  for (const text of texts) {
    if (text.trim() !== text && related(position, fold(text.trim()), fold(inner)))
      return `${quote(inner)} would hold without the white space around the value`;
    if (test.cased && related(position, fold(text), fold(inner)))
      return `${quote(inner)} is there in other upper and lower case, and the rule asks for these (cased)`;
    if (position !== "anywhere" && fold(text).includes(fold(inner)))
      return `${quote(inner)} is in the value, but not ${PLACES[position]}`;
  }
  return undefined;
}

const PLACES = { whole: "the whole of it", start: "at its start", end: "at its end" } as const;

function related(position: "whole" | "start" | "end" | "anywhere", text: string, part: string): boolean {
  switch (position) {
    case "whole":
      return text === part;
    case "start":
      return text.startsWith(part);
    case "end":
      return text.endsWith(part);
    case "anywhere":
      return text.includes(part);
  }
}
