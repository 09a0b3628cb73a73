import { BlockList, isIPv4, isIPv6 } from "node:net";
import { RE2JS } from "re2js";
import type { JsonObject, JsonValue, LogSource } from "../event.ts";
import { ANY_KEY, type FieldMapping, type FieldPath } from "../mapping.ts";
import { isStep, takeStep } from "../mappings/path-step.ts";

/** A rule as YAML gives it. */
export type RawRule = { readonly detection: RawDetection; readonly logsource: LogSource };

/** Search identifiers with their condition. */
export type RawDetection = Readonly<Record<string, JsonValue>>;

/** Values for `expand`, by placeholder name. */
export type NaivePlaceholders = Readonly<Record<string, readonly string[]>>;

/**
 * The specification read word by word, for one rule and one event: no index, nothing shared with the engine but the mapping. The log source
 * is checked first.
 */
export function naiveMatch(
  rule: RawRule,
  document: JsonObject,
  mapping: FieldMapping,
  placeholders: NaivePlaceholders = {},
): boolean {
  const source = mapping
    .logSources(document)
    .find((candidate) =>
      (["product", "category", "service"] as const).every(
        (key) =>
          rule.logsource[key] === undefined ||
          rule.logsource[key] === null ||
          rule.logsource[key].toLowerCase() === candidate[key],
      ),
    );
  const isEverywhere = Object.keys(rule.logsource).length === 0;
  if (source === undefined && !isEverywhere) return false;
  return naiveDetection(rule.detection, { document, mapping, source: source ?? {}, placeholders });
}

/** Whether a detection by itself says yes: what exceptions and filters are made of. */
export function naiveDetection(detection: RawDetection, context: NaiveContext): boolean {
  const { condition, ...searches } = detection;
  const conditions = (Array.isArray(condition) ? condition : [condition]) as readonly string[];
  return conditions.some((text) => evaluate(text, searches, (name) => search(searches[name] ?? null, context)));
}

/** The event that is looked at, and as what. */
export interface NaiveContext {
  readonly document: JsonObject;
  readonly mapping: FieldMapping;
  readonly source: LogSource;
  readonly placeholders: NaivePlaceholders;
}

/**
 * What a filter leaves of a rule: it takes away the events that its condition describes (`selection`), or those that it does not (`not
 * selection`), whichever does not take away an event in which nothing of what it looks for is found.
 */
export function naiveKeeps(filter: RawDetection, context: NaiveContext): boolean {
  const { rules: _, condition, ...searches } = filter;
  const describesWhatIsKept = evaluate(String(condition), searches, () => false);
  return naiveDetection({ ...searches, condition: condition ?? "" }, context) === describesWhatIsKept;
}

function evaluate(
  text: string,
  searches: Readonly<Record<string, JsonValue>>,
  holds: (name: string) => boolean,
): boolean {
  const words = text.replace(/[()]/g, " $& ").trim().split(/\s+/);
  let at = 0;
  const either = (): boolean => {
    let result = both();
    while (words[at]?.toLowerCase() === "or") {
      at++;
      const right = both();
      result = result || right;
    }
    return result;
  };
  const both = (): boolean => {
    let result = negated();
    while (words[at]?.toLowerCase() === "and") {
      at++;
      const right = negated();
      result = result && right;
    }
    return result;
  };
  const negated = (): boolean => {
    if (words[at]?.toLowerCase() !== "not") return operand();
    at++;
    return !negated();
  };
  const operand = (): boolean => {
    const word = words[at++] ?? "";
    if (word === "(") {
      const result = either();
      at++;
      return result;
    }
    if (words[at]?.toLowerCase() !== "of") return holds(word);
    const pattern = words[at + 1] ?? "";
    at += 2;
    const names = Object.keys(searches)
      .filter((name) => pattern === "them" || new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name))
      .filter((name) => pattern.startsWith("_") || !name.startsWith("_"));
    const count = names.filter(holds).length;
    return word.toLowerCase() === "all" ? count === names.length : count >= (/^\d+$/.test(word) ? Number(word) : 1);
  };
  return either();
}

function search(value: JsonValue, context: NaiveContext): boolean {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((item) => search(item, context));
  if (typeof value === "object" && value !== null)
    return Object.entries(value).every(([key, item]) => fieldItem(key, item, context));
  return fieldItem("", value, context);
}

function fieldItem(key: string, value: JsonValue, context: NaiveContext): boolean {
  const [field = "", ...modifiers] = key.split("|");
  const values = Array.isArray(value) ? (value as readonly JsonValue[]) : [value];
  const results = values.map((item) => single(field, modifiers, item, context));
  const joined = modifiers.includes("all") ? results.every(Boolean) : results.some(Boolean);
  return modifiers.includes("neq") ? !joined : joined;
}

const folded = new Map<string, string>();
/** Folded text by text; what is remembered only saves time. */
function lower(text: string): string {
  const known = folded.get(text);
  if (known !== undefined) return known;
  if (folded.size > 20_000) folded.clear();
  const result = [...text].map((char) => (char === "İ" ? char : char === "ς" ? "σ" : char.toLowerCase())).join("");
  folded.set(text, result);
  return result;
}

function single(field: string, modifiers: readonly string[], value: JsonValue, context: NaiveContext): boolean {
  const has = (name: string): boolean => modifiers.includes(name);
  const found = field === "" ? keywords(context) : read(field, context);
  if (has("exists")) return found.present === value;
  if (value === null) return found.texts.length === 0 && !found.structured;
  const part = modifiers.find((name) => ["minute", "hour", "day", "week", "month", "year"].includes(name));
  const comparison = modifiers.find((name) => ["lt", "lte", "gt", "gte"].includes(name));
  if (part !== undefined || comparison !== undefined) {
    return found.texts.some((text) => {
      const number =
        part === undefined
          ? /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(text)
            ? Number(text)
            : Number.NaN
          : datePart(text, part);
      const limit = Number(value);
      if (comparison === "lt") return number < limit;
      if (comparison === "lte") return number <= limit;
      if (comparison === "gt") return number > limit;
      return comparison === "gte" ? number >= limit : number === limit;
    });
  }
  if (has("cidr")) return found.texts.some((text) => inNetwork(text.trim(), String(value)));
  if (has("re")) {
    const flags =
      (has("i") ? RE2JS.CASE_INSENSITIVE : 0) | (has("m") ? RE2JS.MULTILINE : 0) | (has("s") ? RE2JS.DOTALL : 0);
    const source = has("expand") ? expandRegex(String(value), context.placeholders) : String(value);
    const expression = regex(
      has("startswith") ? `\\A(?:${source})` : has("endswith") ? `(?:${source})\\z` : source,
      flags,
    );
    return found.texts.some(
      (text) =>
        expression.test(text) || (!has("endswith") && text.endsWith("\n") && expression.test(text.slice(0, -1))),
    );
  }
  const fold = has("cased") ? (text: string): string => text : lower;
  if (has("fieldref")) {
    const others = read(String(value), context).texts.map(fold);
    return found.texts
      .map(fold)
      .some((text) =>
        others.some((other) =>
          has("startswith")
            ? text.startsWith(other)
            : has("endswith")
              ? text.endsWith(other)
              : has("contains")
                ? text.includes(other)
                : text === other,
        ),
      );
  }
  if (found.texts.length === 0) return false;
  const plain = has("expand") ? expand(String(value), context.placeholders) : [String(value)];
  const key = `${field === "" ? "keyword" : "field"}|${modifiers.join("|")}|${JSON.stringify(plain)}`;
  let expressions = patterns.get(key);
  if (expressions === undefined) {
    const anywhere = field === "" || has("contains");
    const written = plain.flatMap((text) => variants(text, modifiers));
    expressions = written.map((variant) => {
      const body = toExpression(fold(variant));
      return new RegExp(
        `^${anywhere || has("endswith") ? "[^]*" : ""}${body}${anywhere || has("startswith") ? "[^]*" : ""}$`,
        "u",
      );
    });
    patterns.set(key, expressions);
  }
  return expressions.some((expression) => found.texts.some((text) => expression.test(fold(text))));
}

const patterns = new Map<string, readonly RegExp[]>();

const regexes = new Map<string, RE2JS>();
function regex(source: string, flags: number): RE2JS {
  const key = `${flags}${source}`;
  let expression = regexes.get(key);
  if (expression === undefined) regexes.set(key, (expression = RE2JS.compile(source, flags)));
  return expression;
}

/** A Sigma string as a regular expression: backslashes as the specification's table of escapes has them. */
function toExpression(text: string): string {
  return text.replace(/\\[\\*?]|\*|\?|[\\^$.+()[\]{}|/]/g, (piece) => {
    if (piece === "*") return "[^]*";
    if (piece === "?") return "[^]";
    return piece.length === 2 ? `\\${piece[1] ?? ""}` : `\\${piece}`;
  });
}

const PLACEHOLDER = /(?<!\\)((?:\\\\)*)%([^%\\]+)%/;

/** Every text that putting the placeholders' values in gives. */
function expand(text: string, placeholders: NaivePlaceholders): readonly string[] {
  const match = PLACEHOLDER.exec(text);
  if (match === null) return [text.replaceAll("\\%", "%")];
  const [whole, before = "", name = ""] = match;
  const start = text.slice(0, match.index).replaceAll("\\%", "%") + before;
  return expand(text.slice(match.index + whole.length), placeholders).flatMap((rest) =>
    (placeholders[name] ?? []).map((value) => start + value + rest),
  );
}

function expandRegex(text: string, placeholders: NaivePlaceholders): string {
  return text.replace(new RegExp(PLACEHOLDER, "g"), (_, before: string, name: string) => {
    const values = (placeholders[name] ?? []).map((value) => toExpression(value).replaceAll("[^]", "[\\s\\S]"));
    return `${before}(?:${values.join("|")})`;
  });
}

/** The strings that `windash` and encodings make of a value, in the order of the modifiers; wildcards stay wildcards. */
function variants(value: string, modifiers: readonly string[]): readonly string[] {
  const windash = modifiers.indexOf("windash");
  const encodes = modifiers.some((modifier) => /^(?:utf16|wide|base64)/.test(modifier));
  if (!encodes) return windash < 0 ? [value] : dashes(value);
  return (windash < 0 ? [value] : dashes(value)).flatMap((text) => encodings(text, modifiers));
}

function encodings(value: string, modifiers: readonly string[]): readonly string[] {
  let result: readonly string[] = [value];
  let bytes: Buffer | undefined;
  const unescaped = value.replace(/\\([\\*?])/g, "$1");
  const escaped = (text: string): string => text.replace(/[\\*?]/g, "\\$&");
  for (const modifier of modifiers) {
    if (modifier === "wide" || modifier === "utf16le") bytes = Buffer.from(unescaped, "utf16le");
    else if (modifier === "utf16be") bytes = Buffer.from(unescaped, "utf16le").swap16();
    else if (modifier === "utf16")
      bytes = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(unescaped, "utf16le")]);
    else if (modifier === "base64") result = [escaped((bytes ?? Buffer.from(unescaped)).toString("base64"))];
    else if (modifier === "base64offset") {
      const body = bytes ?? Buffer.from(unescaped);
      result = [0, 1, 2].map((shift) => {
        const whole = Buffer.concat([Buffer.alloc(shift), body])
          .toString("base64")
          .replace(/=+$/, "");
        // A character of Base64 holds 6 bits: those that are wholly inside the value do not depend on its neighbours.
        return escaped(whole.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + body.length) * 8) / 6)));
      });
    }
  }
  if (bytes !== undefined && !modifiers.some((modifier) => modifier.startsWith("base64")))
    return [escaped(bytes.toString("latin1"))];
  return result;
}

function dashes(text: string): readonly string[] {
  const at = text.search(/[-/–—―]/);
  if (at < 0) return [text];
  return dashes(text.slice(at + 1)).flatMap((rest) =>
    ["-", "/", "–", "—", "―"].map((dash) => text.slice(0, at) + dash + rest),
  );
}

/** The IPv4 address that an IPv6 one stands for, if it is such; a URL writes every IPv6 address in one way. */
function mappedV4(text: string): string | undefined {
  const [address = ""] = text.split("%");
  if (!isIPv6(address)) return undefined;
  const [, high, low] = /^\[::ffff:([0-9a-f]+):([0-9a-f]+)\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return undefined;
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return [left >> 8, left & 255, right >> 8, right & 255].join(".");
}

function inNetwork(address: string, network: string): boolean {
  const [written = "", bits] = network.trim().split("/");
  const isMapped = mappedV4(written) !== undefined && Number(bits ?? 128) >= 96;
  const base = isMapped ? (mappedV4(written) ?? "") : written;
  const prefix = isMapped ? String(Number(bits ?? 128) - 96) : bits;
  const family = isIPv4(base) ? "ipv4" : "ipv6";
  const mapped = mappedV4(address) ?? address;
  if (family === "ipv4" ? !isIPv4(mapped) : !isIPv6(address)) return false;
  const list = new BlockList();
  list.addSubnet(base, prefix === undefined ? (family === "ipv4" ? 32 : 128) : Number(prefix), family);
  return list.check(family === "ipv4" ? mapped : address, family);
}

function datePart(text: string, part: string): number {
  const match = /^\s*(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d))?/.exec(text);
  if (match === null) return Number.NaN;
  const [, year, month, day, hour, minute] = match.map(Number);
  if (part === "week") {
    // ISO 8601: the week that has the year's first Thursday is week 1.
    const date = new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day));
    date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
    return Math.ceil(((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000 + 1) / 7);
  }
  return { year, month, day, hour, minute }[part] ?? Number.NaN;
}

interface Found {
  readonly present: boolean;
  readonly structured: boolean;
  readonly texts: readonly string[];
}

function read(field: string, { document, mapping, source }: NaiveContext): Found {
  const places = mapping
    .paths(field, source)
    .map((path) => follow(document, path))
    .filter((values) => values.length > 0)
    .map(describe);
  const first = places.find(({ texts, structured }) => texts.length > 0 || structured);
  return first ?? places[0] ?? { present: false, structured: false, texts: [] };
}

function follow(value: JsonValue, path: FieldPath): readonly JsonValue[] {
  const [key, ...rest] = path;
  if (key === undefined) return [value];
  if (isStep(key) && key !== ANY_KEY) {
    const next = takeStep(value, key);
    return next === undefined ? [] : follow(next, rest);
  }
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap((item) => follow(item, path));
  if (typeof value === "object" && value !== null && key === ANY_KEY)
    return Object.values(value).flatMap((item) => follow(item, rest));
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return [];
  return follow((value as JsonObject)[key] ?? null, rest);
}

function describe(values: readonly JsonValue[]): Found {
  const flatten = (value: JsonValue): readonly JsonValue[] =>
    Array.isArray(value) ? (value as readonly JsonValue[]).flatMap(flatten) : [value];
  const flat = values.flatMap(flatten);
  const plain = flat.filter((value) => ["string", "number", "boolean"].includes(typeof value));
  return {
    present: true,
    structured: flat.some((value) => typeof value === "object" && value !== null),
    texts: plain.map(String),
  };
}

function keywords({ document, mapping }: NaiveContext): Found {
  const texts: string[] = [];
  const visit = (value: JsonValue): void => {
    if (typeof value === "object" && value !== null) for (const item of Object.values(value)) visit(item);
    else if (value !== null) texts.push(String(value));
  };
  for (const root of mapping.keywordRoots ?? [[]]) for (const value of follow(document, root)) visit(value);
  return { present: texts.length > 0, structured: false, texts };
}
