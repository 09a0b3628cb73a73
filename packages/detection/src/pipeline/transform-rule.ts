import { hashOf } from "../hash.ts";
import type { ScalarTree, Tree } from "../sigma/tree.ts";
import type { Context } from "./context.ts";
import { type Detection, itemsOf, readEntry } from "./detection.ts";
import type { PipelineItem, Plain, Transformation } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import type { RuleDraft } from "./rule-draft.ts";

type Added = Extract<Transformation, { type: "add_condition" }>;

/**
 * Adds a search identifier and joins it to every condition by and.
 * @throws {PipelineRefusal} when its name is taken, or a template needs a part that the log source does not have
 */
export function addCondition(added: Added, pipelineItem: PipelineItem, draft: RuleDraft): void {
  const at = draft.conditions[0]?.at ?? draft.tree.at;
  const name = added.name ?? freeName(added, draft);
  if (draft.detections.has(name))
    throw new PipelineRefusal(`"add_condition" would replace the search identifier "${name}".`, at);
  const detection: Detection = {
    kind: "detection",
    at,
    join: "and",
    items: added.conditions.map(({ key, values, isList }) => {
      const scalars = values.map((value): ScalarTree => ({
        kind: "scalar",
        at,
        value: added.template ? fillIn(value, draft, at) : value,
      }));
      const [only] = scalars;
      const value: Tree = !isList && only !== undefined ? only : { kind: "list", at, items: scalars };
      return readEntry({ key, at, value });
    }),
  };
  if (pipelineItem.id !== undefined) for (const item of itemsOf(detection)) item.applied.add(pipelineItem.id);
  draft.detections.set(name, detection);
  for (const condition of draft.conditions)
    condition.text = `${added.negated ? "not " : ""}${name} and (${condition.text})`;
}

/** A name that says what was added, so that a rule's revision does not depend on the order of unrelated items. */
function freeName(added: Added, draft: RuleDraft): string {
  const content = JSON.stringify([added.conditions, added.negated]);
  for (let turn = 0; ; turn++) {
    const name = `_cond_${hashOf(content, String(turn)).slice(0, 10)}`;
    if (!draft.detections.has(name)) return name;
  }
}

/** `$category`, `$product` and `$service`, or `${category}` …, in a text; `$$` is a dollar sign. */
function fillIn(value: Plain, { logSource }: RuleDraft, at: number): Plain {
  if (typeof value !== "string") return value;
  const parts: Readonly<Record<string, string | undefined>> = {
    category: logSource.category,
    product: logSource.product,
    service: logSource.service,
  };
  return value.replace(
    /\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g,
    (whole, dollar?: string, bare?: string, braced?: string) => {
      if (dollar !== undefined) return "$";
      const name = bare ?? braced ?? "";
      if (!Object.hasOwn(parts, name)) return whole;
      const part = parts[name];
      if (part === undefined) throw new PipelineRefusal(`The rule's log source has no ${name} for "${value}".`, at);
      return part;
    },
  );
}

/** Adds, removes or sets the fields that a rule lists for whoever looks into its findings. */
export function changeFieldList(
  transformation: Extract<Transformation, { type: "add_field" | "remove_field" | "set_field" }>,
  draft: RuleDraft,
): void {
  const { type, fields } = transformation;
  if (type === "set_field") draft.fields = fields;
  else if (type === "add_field") draft.fields = [...draft.fields, ...fields];
  else
    for (const field of fields) {
      const index = draft.fields.indexOf(field);
      if (index >= 0) draft.fields = draft.fields.toSpliced(index, 1);
    }
}

/**
 * Refuses a rule with fields that were not mapped.
 * @throws {PipelineRefusal} naming them
 */
export function requireMapping(draft: RuleDraft, context: Context): void {
  const unmapped = new Set<string>();
  for (const detection of draft.detections.values())
    for (const { field } of itemsOf(detection))
      if (field !== undefined && !context.mapped.has(field)) unmapped.add(field);
  if (unmapped.size > 0) throw new PipelineRefusal(`The mapping has no name for: ${[...unmapped].join(", ")}.`);
}
