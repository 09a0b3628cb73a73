import type { JsonObject, JsonValue } from "../event.ts";
import { isList, isObject, textOf } from "./dotted-name.ts";

const NAME_KEYS = ["Name", "@Name", "_Name", "name", "@name"] as const;
const TEXT_KEYS = [
  "#text",
  "_text",
  "text",
  "content",
  "Value",
  "value",
  "Text",
  "$t",
  "_",
  "boolValue",
  "intValue",
  "multiValue",
] as const;

/** The value of the element that is called so: `[{"Name": "Image", "#text": "…"}]`, `[{"@Name": "Image", "#text": "…"}]`, `[{"Image": "…"}]`. */
export function named(value: JsonValue, argument: string): JsonValue | undefined {
  if (!isList(value)) {
    if (!isObject(value)) return undefined;
    return Object.hasOwn(value, argument) ? value[argument] : namedIn(value, argument);
  }
  let first: JsonValue | undefined;
  let several: JsonValue[] | undefined;
  for (const item of value) {
    const found = isObject(item) ? namedIn(item, argument) : undefined;
    if (found === undefined) continue;
    if (first === undefined) first = found;
    else (several ??= [first]).push(found);
  }
  return several ?? first;
}

function namedIn(item: JsonObject, argument: string): JsonValue | undefined {
  const attributes = isObject(item["#attributes"]) ? item["#attributes"] : isObject(item.$) ? item.$ : item;
  for (const key of NAME_KEYS) {
    const name = attributes[key];
    if (typeof name !== "string") continue;
    if (name !== argument) return undefined;
    for (const textKey of TEXT_KEYS) {
      const text = item[textKey];
      if (text !== undefined) return text;
    }
    return null;
  }
  return Object.hasOwn(item, argument) ? item[argument] : undefined;
}

function joinTexts(value: readonly JsonValue[]): string | undefined {
  const texts = value.filter((item) => typeof item === "string" || typeof item === "number");
  return texts.length === 0 ? undefined : texts.join(" ");
}

/** A text by a list `from=to,from=to` of what it may be, in lower case; nothing for others. */
export function translated(value: JsonValue, argument: string): JsonValue | undefined {
  const text = textOf(isList(value) ? value[0] : value).toLowerCase();
  if (text === "") return undefined;
  const pair = argument.split(",").find((item) => item.startsWith(`${text}=`));
  return pair?.slice(text.length + 1);
}

/** A list of words as one text, a space between them; a text as it is. */
export function joined(value: JsonValue): JsonValue | undefined {
  return isList(value) ? joinTexts(value) : value;
}

/** Levels of lists and objects that are written as text; deeper ones are no record's. */
const MAX_DEPTH = 32;

/** The value as text: a structure as compact JSON, because rules search in it as in a text. Nothing when it is nested too deep. */
export function asText(value: JsonValue): JsonValue | undefined {
  if (typeof value !== "object" || value === null) return value;
  return isShallow(value, MAX_DEPTH) ? JSON.stringify(value) : undefined;
}

function isShallow(value: JsonValue, levels: number): boolean {
  if (typeof value !== "object" || value === null) return true;
  return levels > 0 && Object.values(value).every((item) => isShallow(item, levels - 1));
}

/** One hash of those that Sysmon writes as one text, by its name in upper case. */
export function hash(value: JsonValue, argument: string): JsonValue | undefined {
  const pair = textOf(value)
    .split(",")
    .find((item) => item.trimStart().toUpperCase().startsWith(`${argument}=`));
  return pair?.trim().slice(argument.length + 1);
}

/** From the root: stem and query of a W3C log entry, as a request line has them; `-` is no query. */
export function w3cTarget(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  const stem = textOf(value["cs-uri-stem"]);
  const query = textOf(value["cs-uri-query"]);
  if (stem === "") return undefined;
  return query === "" || query === "-" ? stem : `${stem}?${query.replace(/^\?/, "")}`;
}
