import { itemMatches, ruleMatches } from "./check-conditions.ts";
import { type Context, createContext } from "./context.ts";
import { leavesOf } from "./boolean-expression.ts";
import { type Detection, itemsOf, mapItems } from "./detection.ts";
import type { DetectionItem } from "./detection.ts";
import type { PipelineItem } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { RuleDraft } from "./rule-draft.ts";
import { extractFields, splitHashes } from "./split-items.ts";
import { renameFields } from "./transform-fields.ts";
import { addCondition, changeFieldList, requireMapping } from "./transform-rule.ts";
import { changeValues } from "./transform-values.ts";

/**
 * Applies pipeline items to a rule, one after the other.
 * @throws {PipelineRefusal} when the rule is refused; the message names the item at fault
 */
export function applyItems(items: readonly PipelineItem[], draft: RuleDraft, context: Context): void {
  for (const item of items) {
    try {
      if (ruleMatches(item, draft, context)) applyItem(item, draft, context);
    } catch (error) {
      if (!(error instanceof PipelineRefusal) || error.place !== undefined) throw error;
      throw new PipelineRefusal(error.message, error.at, item.place);
    }
  }
}

function applyItem(item: PipelineItem, draft: RuleDraft, context: Context): void {
  const { transformation, id } = item;
  const isGated = context.isGated || leavesOf(item.ruleConditions.expression).some(({ type }) => type === "logsource");
  if (transformation.type === "rule_failure") throw new PipelineRefusal(transformation.message);
  if (transformation.type === "add_condition" && draft.isCorrelation) return;
  if (id !== undefined) draft.applied.add(id);
  switch (transformation.type) {
    case "nest": {
      // What is inside starts without state, as in pySigma; what it sets is known outside afterwards.
      const inner = createContext(context.vars, isGated, context.logSourcesOf);
      applyItems(transformation.items, draft, inner);
      for (const [field, ids] of inner.fieldsApplied) context.fieldsApplied.set(field, ids);
      for (const [key, value] of inner.state) context.state.set(key, value);
      context.mapped.merge(inner.mapped);
      return;
    }
    case "field_name_mapping":
    case "field_name_prefix_mapping":
    case "field_name_prefix":
    case "field_name_suffix":
      renameFields(transformation, item, draft, context);
      return;
    case "add_condition":
      addCondition(transformation, item, draft);
      if (isGated) draft.isEverywhere = true;
      return;
    case "change_logsource":
      if (draft.isCorrelation) return;
      draft.logSource = transformation.logSource;
      draft.isEverywhere = false;
      return;
    case "add_field":
    case "remove_field":
    case "set_field":
      changeFieldList(transformation, draft);
      return;
    case "set_state":
      context.state.set(transformation.key, transformation.value);
      return;
    case "set_custom_attribute":
      draft.attributes.set(transformation.attribute, transformation.value);
      return;
    case "strict_field_mapping_failure":
      if (!draft.isCorrelation) requireMapping(draft, context);
      return;
    case "drop_detection_item":
      changeItems(item, draft, context, () => undefined);
      return;
    case "detection_item_failure":
      changeItems(item, draft, context, ({ at }) => {
        throw new PipelineRefusal(transformation.message, at);
      });
      return;
    case "hashes_fields":
      changeItems(
        item,
        draft,
        context,
        (detectionItem) => marked(splitHashes(transformation, detectionItem), id) ?? detectionItem,
      );
      return;
    case "extract_fields":
      changeItems(
        item,
        draft,
        context,
        (detectionItem) => marked(extractFields(transformation, detectionItem), id) ?? detectionItem,
      );
      return;
    default:
      changeItems(item, draft, context, (detectionItem) => {
        if (changeValues(transformation, detectionItem, context) && id !== undefined) detectionItem.applied.add(id);
        return detectionItem;
      });
  }
}

function changeItems(
  pipelineItem: PipelineItem,
  draft: RuleDraft,
  context: Context,
  change: (item: DetectionItem) => DetectionItem | Detection | undefined,
): void {
  for (const detection of draft.detections.values())
    mapItems(detection, (item) => (itemMatches(pipelineItem, item, context) ? change(item) : item));
}

/** Notes on all items of a detection which pipeline item made it. */
function marked(detection: Detection | undefined, id: string | undefined): Detection | undefined {
  if (detection !== undefined && id !== undefined) for (const item of itemsOf(detection)) item.applied.add(id);
  return detection;
}
