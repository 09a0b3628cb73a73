import type { LogSource } from "../event.ts";
import type { Parameters } from "./parameters.ts";

/** Reads `product`, `category` and `service`, in lower case as rules are read; at least one must be there. */
export function readLogSourceParts(from: Parameters): LogSource | undefined {
  const entries = (["product", "category", "service"] as const).flatMap((key) => {
    const value = from.text(key, true);
    return value === undefined ? [] : [[key, value.toLowerCase()]];
  });
  if (entries.length > 0) return Object.fromEntries(entries) as LogSource;
  from.report("pipeline-missing-key", "A log source needs a category, product or service.");
  return undefined;
}
