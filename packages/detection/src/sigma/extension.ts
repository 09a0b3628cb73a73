import type { JsonObject, JsonValue } from "../event.ts";
import {
  type ExampleEvent,
  RULE_KINDS,
  type ResponseHint,
  type RuleExample,
  type RuleExtension,
  type RuleKind,
} from "../rule.ts";
import { parseDuration } from "./duration.ts";
import { nearest } from "./nearest.ts";
import type { Reporter } from "./reporter.ts";
import { type MapTree, type Tree, child, toJson } from "./tree.ts";

const DEFAULT_WINDOW = 600_000;
const DEFAULT_EXTENSION: RuleExtension = { kind: "security", response: [], examples: [] };
const EXAMPLE_KINDS = ["positive", "negative", "near_miss"] as const;
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

/** Reads the `vedette:` key of a rule. Every unknown key and wrong value is reported. */
export function readExtension(root: Tree, reporter: Reporter): RuleExtension {
  const tree = child(root, "vedette");
  if (tree === undefined) return DEFAULT_EXTENSION;
  if (!isMapOf(tree, "vedette", ["kind", "suppression", "response", "examples"], reporter)) return DEFAULT_EXTENSION;
  const kind = readChoice<RuleKind>(child(tree, "kind"), "kind", RULE_KINDS, "security", reporter);
  const suppression = readSuppression(child(tree, "suppression"), reporter);
  const response = readList(child(tree, "response"), "response", reporter).flatMap(
    (item) => readResponse(item, reporter) ?? [],
  );
  const examples = readList(child(tree, "examples"), "examples", reporter).flatMap(
    (item) => readExample(item, reporter) ?? [],
  );
  return { kind, ...(suppression === undefined ? {} : { suppression }), response, examples };
}

function readSuppression(tree: Tree | undefined, reporter: Reporter): RuleExtension["suppression"] {
  if (tree === undefined || !isMapOf(tree, "suppression", ["by", "window"], reporter)) return undefined;
  const by = child(tree, "by");
  const window = child(tree, "window");
  const names = by === undefined ? [] : by.kind === "list" ? by.items : [by];
  const fields = names.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [item.value] : [],
  );
  if (by === undefined || fields.length !== names.length)
    reporter.error("rule-extension", '"suppression.by" must be a list of field names.', tree.at);
  return {
    by: fields,
    window: window === undefined ? DEFAULT_WINDOW : (readDuration(window, "suppression.window", reporter) ?? 0),
  };
}

function readResponse(tree: Tree, reporter: Reporter): ResponseHint | undefined {
  if (!isMapOf(tree, "response", ["action", "field", "for"], reporter)) return undefined;
  const action = readChoice(child(tree, "action"), "response.action", ["block_address"] as const, undefined, reporter);
  const field = child(tree, "field");
  const duration = child(tree, "for");
  if (field?.kind !== "scalar" || typeof field.value !== "string") {
    reporter.error(
      "rule-extension",
      '"response.field" must name the field that holds the target.',
      field?.at ?? tree.at,
    );
    return undefined;
  }
  if (duration === undefined) {
    reporter.error(
      "rule-extension",
      '"response.for" is missing: how long the action stays in force.',
      tree.at,
      "Write for instance `for: 15m`.",
    );
    return undefined;
  }
  const milliseconds = readDuration(duration, "response.for", reporter);
  return action === undefined || milliseconds === undefined
    ? undefined
    : { action, field: field.value, for: milliseconds };
}

function readExample(tree: Tree, reporter: Reporter): RuleExample | undefined {
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
  if (!isMapOf(tree, "examples.events", ["at", "document", ...DOCUMENT_KEYS], reporter)) return undefined;
  const at = child(tree, "at");
  const offset = at === undefined ? 0 : readDuration(at, "at", reporter);
  if (offset === undefined) return undefined;
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
    return { at: offset, document: toJson(document) as JsonObject };
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
  return { at: offset, document: otelDocument(Object.fromEntries(entries)) };
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

function isMapOf(tree: Tree, what: string, keys: readonly string[], reporter: Reporter): tree is MapTree {
  if (tree.kind !== "map") {
    reporter.error("rule-extension", `"${what}" must be a map with the keys ${keys.join(", ")}.`, tree.at);
    return false;
  }
  let known = true;
  for (const { key, at } of tree.entries) {
    if (keys.includes(key)) continue;
    known = false;
    const guess = nearest(key, keys);
    reporter.error(
      "rule-extension",
      `Unknown key "${key}" in "${what}".`,
      at,
      guess === undefined ? `The keys are: ${keys.join(", ")}.` : `Did you mean "${guess}"?`,
    );
  }
  return known;
}

function readList(tree: Tree | undefined, what: string, reporter: Reporter): readonly Tree[] {
  if (tree === undefined) return [];
  if (tree.kind === "list") return tree.items;
  reporter.error("rule-extension", `"${what}" must be a list.`, tree.at);
  return [];
}

function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: Value,
  reporter: Reporter,
): Value;
function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: undefined,
  reporter: Reporter,
): Value | undefined;
function readChoice<Value extends string>(
  tree: Tree | undefined,
  what: string,
  allowed: readonly Value[],
  fallback: Value | undefined,
  reporter: Reporter,
): Value | undefined {
  if (tree === undefined && fallback !== undefined) return fallback;
  const written = tree?.kind === "scalar" ? tree.value : undefined;
  const found = allowed.find((value) => value === written);
  if (found !== undefined) return found;
  reporter.error("rule-extension", `"${what}" must be one of: ${allowed.join(", ")}.`, tree?.at);
  return fallback;
}

function readDuration(tree: Tree, what: string, reporter: Reporter): number | undefined {
  const milliseconds = tree.kind === "scalar" && typeof tree.value === "string" ? parseDuration(tree.value) : undefined;
  if (milliseconds === undefined)
    reporter.error("rule-extension", `"${what}" must be a duration such as 30s, 10m or 1h.`, tree.at);
  return milliseconds;
}
