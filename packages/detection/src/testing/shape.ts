import { expect } from "vitest";
import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { readValue } from "../match/field-slot.ts";

/** A document as some agent writes it, and what the shipped mappings must make of it. */
export interface Shape {
  readonly what: string;
  readonly document: JsonObject;
  readonly mapping: string;
  /** Log sources as `product/category/service`. */
  readonly sources: readonly string[];
  /** Rule fields and what they read, for rules of the last log source. */
  readonly fields?: JsonObject;
  readonly time?: number;
  readonly entities?: readonly string[];
}

/** A point in time and how documents write it. */
export const AT: number = Date.UTC(2026, 0, 2, 3, 4, 5);
export const ISO = "2026-01-02T03:04:05Z";

/** The shipped mapping that reads a document. */
export function mappingOf(document: JsonObject): FieldMapping {
  const mapping = DEFAULT_MAPPINGS.find((candidate) => candidate.accepts(document));
  if (mapping === undefined) throw new Error("No mapping accepts the document.");
  return mapping;
}

/** A log source as `product/category/service`. */
export const showLogSource = ({ product, category, service }: LogSource): string =>
  `${product ?? ""}/${category ?? ""}/${service ?? ""}`;

/** What rules of the last of its log sources read in a document. */
export function fieldsOf(document: JsonObject, names: readonly string[]): JsonObject {
  const mapping = mappingOf(document);
  const logSource = mapping.logSources(document).at(-1) ?? {};
  return Object.fromEntries(names.map((name) => [name, readValue(document, mapping.paths(name, logSource)) ?? null]));
}

/** Holds a shape to what is expected of it. */
export function expectShape({ document, mapping: name, sources, fields = {}, time, entities }: Shape): void {
  const mapping = mappingOf(document);
  const told = mapping.logSources(document);
  expect([mapping.name, told.map(showLogSource)]).toEqual([name, sources]);
  expect(mapping.logSources({ ...document }), "one list for one identity").toBe(told);
  expect(Object.isFrozen(told)).toBe(true);
  expect(fieldsOf(document, Object.keys(fields))).toEqual(fields);
  if (time !== undefined) expect(mapping.time(document)).toBe(time);
  if (entities !== undefined)
    expect(mapping.entities(document).map(({ kind, value }) => `${kind} ${value}`)).toEqual(entities);
}
