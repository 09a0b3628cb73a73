import type { JsonValue } from "../event.ts";
import type { Plain, Relation } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";

/**
 * Compares as Python does: true and false are 1 and 0; only values of one kind have an order.
 * @throws {PipelineRefusal} when they have none
 */
export function relates(left: JsonValue, relation: Relation, right: Plain, what: string): boolean {
  const a = typeof left === "boolean" ? Number(left) : left;
  const b = typeof right === "boolean" ? Number(right) : right;
  if (relation === "eq") return a === b;
  if (relation === "ne") return a !== b;
  const ordered =
    (typeof a === "number" && typeof b === "number") || (typeof a === "string" && typeof b === "string")
      ? a < b
        ? -1
        : a > b
          ? 1
          : 0
      : undefined;
  if (ordered === undefined)
    throw new PipelineRefusal(
      `"${relation}" cannot compare ${what} with ${JSON.stringify(right)}: they are of other types.`,
    );
  if (relation === "gte") return ordered >= 0;
  if (relation === "gt") return ordered > 0;
  return relation === "lte" ? ordered <= 0 : ordered < 0;
}
