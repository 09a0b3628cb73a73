import { fieldMatches, itemMatches } from "./check-conditions.ts";
import type { Context } from "./context.ts";
import { type Detection, type DetectionItem, itemOf, mapItems, negate } from "./detection.ts";
import type { FieldSlot } from "./field-slots.ts";
import type { PipelineItem, Transformation } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { RuleDraft } from "./rule-draft.ts";
import { anywhere } from "./value.ts";

/** Transformations that give fields other names. */
export type FieldTransformation = Extract<
  Transformation,
  { type: "field_name_mapping" | "field_name_prefix_mapping" | "field_name_prefix" | "field_name_suffix" }
>;

/** Gives fields other names, wherever a rule names fields. Several names for one are alternatives. */
export function renameFields(
  transformation: FieldTransformation,
  pipelineItem: PipelineItem,
  draft: RuleDraft,
  context: Context,
): void {
  const rename = (field: string, isTracked: boolean): readonly string[] => {
    const names = namesFor(transformation, field);
    if (names === undefined || !fieldMatches(pipelineItem, field, context)) return [field];
    if (isTracked) track(field, names, pipelineItem.id, context);
    return names;
  };
  draft.fields = draft.fields.flatMap((field) => rename(field, true));
  for (const slot of draft.slots) renameSlot(slot, (field) => rename(field, slot.isTracked));
  for (const detection of draft.detections.values())
    mapItems(detection, (item) => {
      if (!itemMatches(pipelineItem, item, context)) return item;
      return renameItem(transformation, pipelineItem, item, context, (field) => rename(field, true));
    });
}

/** The names that a field gets, or undefined when the transformation says nothing of it. */
function namesFor(transformation: FieldTransformation, field: string | undefined): readonly string[] | undefined {
  if (transformation.type === "field_name_mapping") return transformation.mapping.get(field ?? null);
  if (field === undefined) return undefined;
  if (transformation.type === "field_name_prefix") return [transformation.text + field];
  if (transformation.type === "field_name_suffix") return [field + transformation.text];
  for (const [prefix, names] of transformation.mapping)
    if (prefix !== null && field.startsWith(prefix)) return names.map((name) => name + field.slice(prefix.length));
  return undefined;
}

/** Moves what is known of a name to the names it becomes. */
function track(field: string, names: readonly string[], id: string | undefined, context: Context): void {
  if (names.length === 1 && names[0] === field) return;
  const applied = context.fieldsApplied.get(field) ?? new Set();
  if (id !== undefined) applied.add(id);
  context.fieldsApplied.delete(field);
  for (const name of names) context.fieldsApplied.set(name, new Set(applied));
}

function renameSlot(slot: FieldSlot, rename: (field: string) => readonly string[]): void {
  slot.names = slot.names.flatMap((name) => {
    const names = slot.aliases.has(name) ? [name] : rename(name);
    if (slot.isSingle && names.length !== 1)
      throw new PipelineRefusal(`"${slot.what}" needs one field, but "${name}" is mapped to ${names.length}.`, slot.at);
    return names;
  });
}

function renameItem(
  transformation: FieldTransformation,
  pipelineItem: PipelineItem,
  item: DetectionItem,
  context: Context,
  rename: (field: string) => readonly string[],
): DetectionItem | Detection {
  const { field } = item;
  const id = pipelineItem.id;
  let isReference = false;
  item.values = item.values.flatMap((value) => {
    const { meaning } = value;
    if (meaning.kind !== "fieldref" || !fieldMatches(pipelineItem, meaning.field, context)) return [value];
    isReference = true;
    return rename(meaning.field).map((name) => ({ at: value.at, meaning: { ...meaning, field: name } }));
  });
  const names = namesFor(transformation, field);
  const isField = names !== undefined && fieldMatches(pipelineItem, field, context);
  if (!isField && !isReference) return item;
  if (names !== undefined) context.mapped.add(field ?? "", names);
  if (!isField) {
    if (id !== undefined) item.applied.add(id);
    return item;
  }
  if (field === undefined)
    // A keyword is looked for anywhere in a value; under a name it has to say so itself.
    item.values = item.values.map((value) =>
      value.meaning.kind === "text"
        ? { at: value.at, meaning: { ...value.meaning, parts: anywhere(value.meaning.parts) } }
        : value,
    );
  const [only] = names;
  if (only === undefined)
    throw new PipelineRefusal(`"${field ?? "Keywords"}" is mapped to an empty list of fields.`, item.at);
  if (names.length === 1) {
    item.field = only;
    if (id !== undefined) item.applied.add(id);
    return item;
  }
  const alternatives: Detection = {
    kind: "detection",
    at: item.at,
    join: "or",
    items: names.map((name) =>
      itemOf({ ...item, field: name, negated: false, applied: new Set(id === undefined ? [] : [id]) }),
    ),
  };
  return item.negated ? negate(alternatives) : alternatives;
}
