import { base64, utf16, utf8 } from "../sigma/encoding.ts";
import { ANY, ONE } from "../sigma/pattern.ts";
import type { ScalarTree } from "../sigma/tree.ts";
import type { Plain } from "./pipeline.ts";

/** A placeholder (`%name%`) of a value with the modifier `expand`. */
export interface Placeholder {
  readonly placeholder: string;
}

/** A piece of a text as a rule has it: literal, wildcard or placeholder. */
export type TextPart = string | typeof ANY | typeof ONE | Placeholder;

/** What a value is once its modifiers are applied, as transformations and conditions see it. */
export type Meaning =
  | { readonly kind: "text"; readonly parts: readonly TextPart[]; readonly cased: boolean }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" }
  | { readonly kind: "regex"; readonly source: string; readonly flags: readonly string[] }
  | { readonly kind: "fieldref"; readonly field: string; readonly others: readonly string[] }
  /** `windash` and `base64offset` stand for several texts, which no transformation looks into; the rest are no texts. */
  | { readonly kind: "several" | "cidr" | "exists" | "compare" | "other" };

/** A value of a detection item. */
export interface Value {
  readonly at: number;
  readonly meaning: Meaning;
  /** As the rule has it, while no transformation changed it: modifiers other than `all` and `neq`. */
  readonly source?: { readonly modifiers: readonly string[]; readonly tree: ScalarTree } | undefined;
}

const COMPARISONS = ["lt", "lte", "gt", "gte", "minute", "hour", "day", "week", "month", "year"];
const POSITIONS = ["contains", "startswith", "endswith"];
const ENCODINGS = ["base64", "wide", "utf16", "utf16le", "utf16be"];
const PLACEHOLDER = /(?<!\\)%([^%\\]+)%/g;

/** Reads a value with its modifiers. */
export function readValue(modifiers: readonly string[], tree: ScalarTree): Value {
  return { at: tree.at, meaning: meaningOf(modifiers, tree.value), source: { modifiers, tree } };
}

function meaningOf(modifiers: readonly string[], value: Plain): Meaning {
  const has = (name: string): boolean => modifiers.includes(name);
  if (modifiers.length === 0) return plainMeaning(value);
  if (has("re"))
    return {
      kind: "regex",
      source: String(value),
      flags: modifiers.filter((name) => name !== "re" && name !== "expand"),
    };
  if (has("fieldref"))
    return { kind: "fieldref", field: String(value), others: modifiers.filter((name) => name !== "fieldref") };
  if (has("cidr")) return { kind: "cidr" };
  if (has("exists")) return { kind: "exists" };
  if (modifiers.some((name) => COMPARISONS.includes(name))) return { kind: "compare" };
  if (has("windash") || has("base64offset")) return { kind: "several" };
  if (value === null) return { kind: "null" };
  let parts = parseText(String(value));
  for (const name of modifiers) {
    if (name === "expand") parts = withPlaceholders(parts);
    else if (ENCODINGS.includes(name)) continue;
    else if (POSITIONS.includes(name)) parts = positioned(parts, name);
    else if (name !== "cased") return { kind: "other" };
    if (name === "expand" && modifiers.some((other) => ENCODINGS.includes(other)) && hasPlaceholder(parts))
      return { kind: "several" };
  }
  const encodings = modifiers.filter((name) => ENCODINGS.includes(name));
  if (encodings.length > 0) {
    const encoded = encode(parseText(String(value)), encodings);
    if (encoded === undefined) return { kind: "other" };
    parts = encoded;
    for (const name of modifiers) if (POSITIONS.includes(name)) parts = positioned(parts, name);
  }
  return { kind: "text", parts, cased: has("cased") };
}

/** What a value without modifiers is. */
export function plainMeaning(value: Plain): Meaning {
  if (value === null) return { kind: "null" };
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "boolean") return { kind: "boolean", value };
  return { kind: "text", parts: parseText(value), cased: false };
}

function encode(parts: readonly TextPart[], encodings: readonly string[]): readonly TextPart[] | undefined {
  if (parts.length > 1 || parts.some((part) => typeof part !== "string")) return undefined;
  const [text = ""] = parts as readonly string[];
  const [first, second] = encodings;
  const wide = first === "base64" ? undefined : first;
  const bytes =
    wide === undefined ? utf8(text) : utf16(text, wide === "utf16" || wide === "utf16be" ? wide : "utf16le");
  if (first === "base64" || second === "base64") return [base64(bytes)];
  return bytes.some((byte) => byte > 127) ? undefined : [String.fromCharCode(...bytes)];
}

/** Reads a Sigma text as pySigma does: a backslash escapes a wildcard or a backslash and is itself before anything else. */
export function parseText(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  let literal = "";
  const flush = (): void => {
    if (literal !== "") parts.push(literal);
    literal = "";
  };
  for (let position = 0; position < text.length; position++) {
    const char = text.charAt(position);
    const next = text.charAt(position + 1);
    if (char === "\\" && (next === "*" || next === "?" || next === "\\")) {
      literal += next;
      position++;
    } else if (char === "*" || char === "?") {
      flush();
      parts.push(char === "*" ? ANY : ONE);
    } else literal += char;
  }
  flush();
  return parts;
}

/** The text with `%name%` in its literals made placeholders; `\%` is a percent sign. */
export function withPlaceholders(parts: readonly TextPart[]): readonly TextPart[] {
  const result: TextPart[] = [];
  const add = (text: string): void => {
    if (text !== "") result.push(text.replaceAll("\\%", "%"));
  };
  for (const part of parts) {
    if (typeof part !== "string") {
      result.push(part);
      continue;
    }
    let from = 0;
    for (const match of part.matchAll(PLACEHOLDER)) {
      add(part.slice(from, match.index));
      result.push({ placeholder: match[1] ?? "" });
      from = match.index + match[0].length;
    }
    add(part.slice(from));
  }
  return result;
}

/** Whether a text has a placeholder. */
export function hasPlaceholder(parts: readonly TextPart[]): boolean {
  return parts.some((part) => typeof part === "object");
}

function positioned(parts: readonly TextPart[], position: string): readonly TextPart[] {
  const before = position !== "startswith" && parts.at(0) !== ANY;
  const after = position !== "endswith" && parts.at(-1) !== ANY;
  if (before && after && parts.length === 0) return [ANY];
  const result: TextPart[] = [...parts];
  if (before) result.unshift(ANY);
  if (after) result.push(ANY);
  return result;
}

/** A text with wildcards around it, where it has none. */
export function anywhere(parts: readonly TextPart[]): readonly TextPart[] {
  return positioned(parts, "contains");
}

/** The text as pySigma prints it, which is what pipelines' regular expressions see: backslashes stand for themselves. */
export function printText(parts: readonly TextPart[]): string {
  return parts.map(printPart).join("");
}

/** One piece as {@link printText} prints it. */
export function printPart(part: TextPart): string {
  if (part === ANY) return "*";
  if (part === ONE) return "?";
  return typeof part === "string" ? part.replace(/[*?]/g, "\\$&") : `%${part.placeholder}%`;
}

/** Joins literals that stand side by side. */
export function joinLiterals(parts: readonly TextPart[]): readonly TextPart[] {
  const result: TextPart[] = [];
  for (const part of parts) {
    const last = result.at(-1);
    if (part === "") continue;
    if (typeof part === "string" && typeof last === "string") result[result.length - 1] = last + part;
    else result.push(part);
  }
  return result;
}

/** A value as it would be written in a rule: modifiers and scalar. */
export function writeValue(value: Value): { readonly modifiers: readonly string[]; readonly tree: ScalarTree } {
  if (value.source !== undefined) return value.source;
  const scalar = (content: Plain): ScalarTree => ({ kind: "scalar", at: value.at, value: content });
  const { meaning } = value;
  switch (meaning.kind) {
    case "text": {
      const expand = hasPlaceholder(meaning.parts);
      const text = meaning.parts
        .map((part) => {
          if (typeof part !== "string") return printPart(part);
          const escaped = part.replace(/[\\*?]/g, "\\$&");
          return expand ? escaped.replaceAll("%", "\\%") : escaped;
        })
        .join("");
      return {
        modifiers: [...(expand ? ["expand"] : []), ...(meaning.cased ? ["cased"] : [])],
        tree: scalar(text),
      };
    }
    case "number":
    case "boolean":
      return { modifiers: [], tree: scalar(meaning.value) };
    case "regex":
      return { modifiers: ["re", ...meaning.flags], tree: scalar(meaning.source) };
    case "fieldref":
      return { modifiers: ["fieldref", ...meaning.others], tree: scalar(meaning.field) };
    case "null":
    case "several":
    case "cidr":
    case "exists":
    case "compare":
    case "other":
      return { modifiers: [], tree: scalar(null) };
  }
}
