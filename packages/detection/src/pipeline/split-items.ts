import { type Detection, type DetectionItem, itemOf, negate } from "./detection.ts";
import type { Transformation } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import { type Meaning, type Value, parseText, printText } from "./value.ts";

const LENGTHS: ReadonlyMap<number, string> = new Map([
  [32, "MD5"],
  [40, "SHA1"],
  [64, "SHA256"],
  [128, "SHA512"],
]);

/** The texts of an item, or undefined when one of its values is no text. */
function textsOf(item: DetectionItem): readonly string[] | undefined {
  const texts = item.values.flatMap(({ meaning }) => (meaning.kind === "text" ? [printText(meaning.parts)] : []));
  return texts.length === item.values.length ? texts : undefined;
}

const textValue = (text: string, at: number): Value => ({
  at,
  meaning: { kind: "text", parts: parseText(text), cased: false },
});

/**
 * Makes one item with hashes (`MD5=…`, or bare ones told apart by length) an item for each algorithm; undefined when it is not about
 * hashes.
 * @throws {PipelineRefusal} when none of its hashes is of a known algorithm
 */
export function splitHashes(
  transformation: Extract<Transformation, { type: "hashes_fields" }>,
  item: DetectionItem,
): Detection | undefined {
  const { algorithms, prefix, dropAlgorithm, fields } = transformation;
  if (item.field === undefined || !fields.has(item.field)) return undefined;
  const texts = textsOf(item);
  if (texts === undefined) return undefined;
  const byField = new Map<string, string[]>();
  for (const text of texts) {
    const parts = text.includes("|") ? text.split("|") : text.split("=");
    const [first = "", second] = parts;
    const isNamed = parts.length === 2;
    const hash = trimWildcards(isNamed ? (second ?? "") : first);
    const algorithm = isNamed ? first.replace(/^\*+/, "").toUpperCase() : (LENGTHS.get(hash.length) ?? "");
    if (!algorithms.has(algorithm)) continue;
    const field = prefix + (dropAlgorithm ? "" : algorithm);
    byField.set(field, [...(byField.get(field) ?? []), hash]);
  }
  byField.delete("");
  if (byField.size === 0)
    throw new PipelineRefusal(
      `None of the hashes in "${item.field}" is of ${[...algorithms].join(", ")}, which are what "hashes_fields" takes.`,
      item.at,
    );
  const found = [...byField.values()].reduce((sum, hashes) => sum + hashes.length, 0);
  if (found < texts.length && (item.join === "and" || item.negated))
    throw new PipelineRefusal(
      `A hash in "${item.field}" is of an algorithm that "hashes_fields" does not take.`,
      item.at,
    );
  const detection: Detection = {
    kind: "detection",
    at: item.at,
    join: item.join,
    items: [...byField].map(([field, hashes]) =>
      itemOf({
        at: item.at,
        field: field === "keyword" ? undefined : field,
        values: hashes.map((hash) => textValue(hash, item.at)),
        join: item.join,
      }),
    ),
  };
  return item.negated ? negate(detection) : detection;
}

const trimWildcards = (text: string): string => text.replace(/^[*?]+/, "").replace(/[*?]+$/, "");

/** Makes the named groups that an expression finds in a value items of their own; undefined when it finds nothing. */
export function extractFields(
  transformation: Extract<Transformation, { type: "extract_fields" }>,
  item: DetectionItem,
): Detection | undefined {
  const { regex, prefix, preserveUnmatched } = transformation;
  const texts = textsOf(item);
  if (texts === undefined) return undefined;
  const alternatives: (Detection | DetectionItem)[] = [];
  let dropped = 0;
  for (const [index, text] of texts.entries()) {
    const match = regex.matchStart(text);
    if (match === undefined) {
      const value = item.values[index];
      if (preserveUnmatched && value !== undefined)
        alternatives.push(itemOf({ at: item.at, field: item.field, values: [value] }));
      else dropped++;
      continue;
    }
    const items = [...regex.names].flatMap(([name, group]) => {
      const content = match.groups[group];
      if (content === undefined || content === "") return [];
      const value: Value = { at: item.at, meaning: extracted(content) };
      const field = prefix === undefined || prefix === "" ? name : `${prefix}.${name}`;
      return [itemOf({ at: item.at, field, values: [value] })];
    });
    if (items.length > 0) alternatives.push({ kind: "detection", at: item.at, join: "and", items });
    else dropped++;
  }
  if (alternatives.length === 0) return undefined;
  if (dropped > 0 && (item.join === "and" || item.negated))
    throw new PipelineRefusal(`"extract_fields" finds nothing in a value of "${item.field ?? "keywords"}".`, item.at);
  const detection: Detection = { kind: "detection", at: item.at, join: item.join, items: alternatives };
  return item.negated ? negate(detection) : detection;
}

/** What a captured text is: null, a number without leading zeros, or a text. */
function extracted(text: string): Meaning {
  if (["null", "none"].includes(text.toLowerCase())) return { kind: "null" };
  const isNumber = /^\s*[+-]?(?:\d+(?:_\d+)*|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.test(text);
  if (isNumber && (text === "0" || !text.startsWith("0")))
    return { kind: "number", value: Number(text.replaceAll("_", "")) };
  return { kind: "text", parts: parseText(text), cased: false };
}
