import type { JsonObject, JsonValue } from "../event.ts";
import type { ExampleEvent, RuleExample } from "../rule.ts";
import { isMapOf, readChoice, readDuration, readList } from "./extension-values.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child, toJson } from "./tree.ts";

const EXAMPLE_KINDS = ["positive", "negative", "near_miss"] as const;
const LOG_SOURCE_KEYS = ["product", "category", "service"] as const;
const DOCUMENT_KEYS = [
  "event_name",
  "attributes",
  "resource",
  "body",
  "severity_text",
  "severity_number",
  "scope",
  "trace_id",
  "span_id",
];

/** Reads an in-rule example (docs/sigma.md). */
export function readExample(tree: Tree, reporter: Reporter): RuleExample | undefined {
  if (!isMapOf(tree, "examples", ["name", "kind", "events", "expect"], reporter)) return undefined;
  const name = child(tree, "name");
  const kind = readChoice(child(tree, "kind"), "examples.kind", EXAMPLE_KINDS, undefined, reporter);
  const expect = child(tree, "expect");
  if (name?.kind !== "scalar" || typeof name.value !== "string") {
    reporter.error("rule-extension", "An example needs a name.", name?.at ?? tree.at);
    return undefined;
  }
  const expected = expect?.kind === "scalar" && typeof expect.value === "number" ? expect.value : undefined;
  if (expect !== undefined && (expected === undefined || !Number.isInteger(expected) || expected < 0)) {
    reporter.error("rule-extension", '"expect" must be a whole number of findings.', expect.at);
    return undefined;
  }
  if (kind !== undefined && expected !== undefined && (kind === "positive") !== expected > 0) {
    reporter.error(
      "rule-extension",
      kind === "positive" ? "A positive example expects at least 1 finding." : `A ${kind} example expects 0 findings.`,
      expect?.at ?? tree.at,
    );
    return undefined;
  }
  const list = readList(child(tree, "events"), "examples.events", reporter);
  if (list.length === 0) {
    reporter.error("rule-extension", "An example needs at least one event.", tree.at);
    return undefined;
  }
  const events = list.flatMap((item) => readEvent(item, reporter) ?? []);
  if (kind === undefined || events.length !== list.length) return undefined;
  return { name: name.value, kind, events, expect: kind === "positive" ? expected : 0 };
}

function readEvent(tree: Tree, reporter: Reporter): ExampleEvent | undefined {
  if (!isMapOf(tree, "examples.events", ["at", "logsource", "document", ...DOCUMENT_KEYS], reporter)) return undefined;
  const at = child(tree, "at");
  const offset = at === undefined ? 0 : readDuration(at, "at", reporter);
  const logSource = readLogSource(child(tree, "logsource"), reporter);
  if (offset === undefined || logSource === undefined) return undefined;
  const document = child(tree, "document");
  if (document !== undefined) {
    if (document.kind !== "map" || DOCUMENT_KEYS.some((key) => child(tree, key) !== undefined)) {
      reporter.error(
        "rule-extension",
        '"document" is a whole document and stands instead of the other keys.',
        document.at,
      );
      return undefined;
    }
    return { at: offset, document: toJson(document) as JsonObject, ...logSource };
  }
  const entries: [string, JsonValue][] = [];
  for (const entry of tree.entries) {
    if (!DOCUMENT_KEYS.includes(entry.key)) continue;
    const needsMap = ["attributes", "resource", "scope"].includes(entry.key);
    if (needsMap && entry.value.kind !== "map") {
      reporter.error("rule-extension", `"${entry.key}" must be a map.`, entry.at);
      return undefined;
    }
    entries.push([entry.key, toJson(entry.value)]);
  }
  return { at: offset, document: otelDocument(Object.fromEntries(entries)), ...logSource };
}

/** What whoever delivers the event would say of it; empty when the document tells by itself, undefined and reported when it is wrong. */
function readLogSource(tree: Tree | undefined, reporter: Reporter): Pick<ExampleEvent, "logSource"> | undefined {
  if (tree === undefined) return {};
  if (!isMapOf(tree, "logsource", LOG_SOURCE_KEYS, reporter)) return undefined;
  const texts = tree.entries.map(({ key, value }) => [key, value.kind === "scalar" ? value.value : undefined] as const);
  if (texts.length > 0 && texts.every(([, text]) => typeof text === "string"))
    return { logSource: Object.fromEntries(texts.map(([key, text]) => [key, String(text).toLowerCase()])) };
  reporter.error("rule-extension", '"logsource" needs a product, category or service, each a text.', tree.at);
  return undefined;
}

/** Brings the short forms that examples may use (`body: text`, `resource: {name: value}`) into the OTel mode's shape. */
function otelDocument(written: Record<string, JsonValue>): JsonObject {
  const { body, resource, attributes, ...rest } = written;
  const isObject = (value: JsonValue | undefined): value is JsonObject =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  return {
    ...rest,
    attributes: attributes ?? {},
    resource:
      isObject(resource) && !isObject(resource.attributes)
        ? { attributes: resource }
        : (resource ?? { attributes: {} }),
    ...(body === undefined ? {} : { body: typeof body === "string" ? { text: body } : body }),
  };
}
