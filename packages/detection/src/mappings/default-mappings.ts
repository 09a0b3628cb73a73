import type { FieldMapping } from "../mapping.ts";
import { jsonMapping } from "./json.ts";
import { otelMapping } from "./otel.ts";
import { windowsEvtxMapping, windowsFlatMapping } from "./windows.ts";

/** Every mapping that is shipped, in the order they are asked whether they accept a document. */
export const DEFAULT_MAPPINGS: readonly FieldMapping[] = [
  otelMapping,
  windowsFlatMapping,
  windowsEvtxMapping,
  jsonMapping,
];
