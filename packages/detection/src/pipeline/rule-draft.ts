import type { JsonValue, LogSource } from "../event.ts";
import { readTexts } from "../sigma/attributes.ts";
import { createReporter } from "../sigma/reporter.ts";
import { type MapTree, type Tree, child, toJson } from "../sigma/tree.ts";
import { type Detection, readDetection } from "./detection.ts";
import { type FieldSlot, readSlots } from "./field-slots.ts";

/** A rule on its way through pipelines: its parts are changed in place and written back at the end. */
export interface RuleDraft {
  readonly tree: MapTree;
  readonly isCorrelation: boolean;
  logSource: LogSource;
  readonly detections: Map<string, Detection>;
  /** Conditions as written; each is one of several that make the rule match. */
  conditions: { text: string; readonly at: number }[];
  /** The `fields` attribute. */
  fields: readonly string[];
  /** Other places that name fields. */
  readonly slots: readonly FieldSlot[];
  /** Attributes that pipelines set. */
  readonly attributes: Map<string, JsonValue>;
  /** Ids of the pipeline items applied. */
  readonly applied: Set<string>;
  /** Whether the conditions that pipelines added take the place of the log source. */
  isEverywhere: boolean;
  /** Rules that a correlation refers to, as written. */
  readonly references: readonly string[];
}

/**
 * Takes a rule apart; undefined when it is too broken to be one, which its reader reports.
 * @throws {PipelineRefusal} when a search identifier cannot be read
 */
export function readDraft(tree: MapTree): RuleDraft | undefined {
  const section = child(tree, "correlation");
  const detection = child(tree, "detection");
  const condition = child(detection, "condition");
  if (section === undefined && (detection?.kind !== "map" || condition === undefined)) return undefined;
  const detections = new Map<string, Detection>();
  for (const { key, value } of detection?.kind === "map" && section === undefined ? detection.entries : [])
    if (key !== "condition" && key !== "timeframe") detections.set(key, readDetection(value));
  const conditions = condition?.kind === "list" ? condition.items : condition === undefined ? [] : [condition];
  return {
    tree,
    isCorrelation: section !== undefined,
    logSource: readLogSource(tree),
    detections,
    conditions: conditions.map((item) => ({
      text: item.kind === "scalar" ? String(item.value) : "",
      at: item.at,
    })),
    fields: textsOf(tree, "fields"),
    slots: readSlots(tree),
    attributes: new Map(),
    applied: new Set(),
    isEverywhere: false,
    references: section === undefined ? [] : textsOf(section, "rules"),
  };
}

/** The log source as it is compared: in lower case, as rules are read. */
export function readLogSource(tree: Tree): LogSource {
  const source = child(tree, "logsource");
  const entries = (["product", "category", "service"] as const).flatMap((key) => {
    const value = child(source, key);
    return value?.kind === "scalar" && typeof value.value === "string" ? [[key, value.value.toLowerCase()]] : [];
  });
  return Object.fromEntries(entries) as LogSource;
}

/** Texts under a key; what is wrong with them is for the rule's reader to say. */
export function textsOf(tree: Tree, key: string): readonly string[] {
  return readTexts(tree, key, createReporter(""));
}

/** An attribute of the rule as plain JSON, of a pipeline's making or as written. */
export function attributeOf(draft: RuleDraft, name: string): JsonValue | undefined {
  const value = child(draft.tree, name);
  return value === undefined ? draft.attributes.get(name) : toJson(value);
}
