import { ATTRIBUTE_ENTRIES } from "./attributes.ts";
import { COLLECTION_ENTRIES } from "./collections.ts";
import { DETECTION_ENTRIES } from "./detections.ts";
import type { ConformanceEntry } from "./entry.ts";
import { MODIFIER_ENTRIES } from "./modifiers.ts";

/** Everything that is said and shown of signatures, filters and collections. */
export const CONFORMANCE: readonly ConformanceEntry[] = [
  ...ATTRIBUTE_ENTRIES,
  ...DETECTION_ENTRIES,
  ...MODIFIER_ENTRIES,
  ...COLLECTION_ENTRIES,
];
