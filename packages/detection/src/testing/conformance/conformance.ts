import { ATTRIBUTE_ENTRIES } from "./attributes.ts";
import { COLLECTION_ENTRIES } from "./collections.ts";
import { CORRELATION_ENTRIES } from "./correlations.ts";
import { DETECTION_ENTRIES } from "./detections.ts";
import type { ConformanceEntry } from "./entry.ts";
import { MODIFIER_ENTRIES } from "./modifiers.ts";

/** Everything that is said and shown of rules, filters, collections and correlations. */
export const CONFORMANCE: readonly ConformanceEntry[] = [
  ...ATTRIBUTE_ENTRIES,
  ...DETECTION_ENTRIES,
  ...MODIFIER_ENTRIES,
  ...COLLECTION_ENTRIES,
  ...CORRELATION_ENTRIES,
];
