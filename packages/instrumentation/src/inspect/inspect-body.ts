import type { InspectionSettings } from "../settings.ts";
import { bodyFields, type BodyField, type BodyFormat } from "./body-fields.ts";
import { readingsOf } from "./decode.ts";
import { inspectFileName, inspectPairs } from "./inspect-request.ts";
import { inspectName, inspectValue } from "./inspect-value.ts";
import { Inspection, type InspectionResult } from "./inspection.ts";

/**
 * Inspects the fields of a body, each as the application reads it.
 *
 * @param text What was seen of the body, as UTF-8.
 * @param complete False when the body went on: the answer then says that bytes ended the inspection.
 */
export function inspectBody(
  text: string,
  format: BodyFormat,
  boundary: string,
  complete: boolean,
  settings: InspectionSettings,
): InspectionResult {
  const inspection = new Inspection({
    maxValueLength: settings.maxValueLength,
    maxTotalLength: settings.maxBodyLength,
    maxParameters: settings.maxBodyFields,
    maxMilliseconds: settings.maxMilliseconds,
  });
  if (!complete) inspection.truncatedBy = "bytes";
  if (format === "form") inspectPairs(inspection, "body", text.replace(/[\r\n]{1,4}$/, ""));
  else for (const field of bodyFields(text, format, boundary)) if (!inspectField(inspection, field)) break;
  return inspection;
}

/** False when nothing more is to be looked at. */
function inspectField(inspection: Inspection, { path, text, kind }: BodyField): boolean {
  if (text === "") return true;
  if (kind !== "name" && !inspection.admitParameter()) return false;
  const allowed = inspection.take(text.length);
  if (allowed === 0) return false;
  const value = allowed < text.length ? text.slice(0, allowed) : text;
  if (kind === "name") {
    // "prototype" inside "constructor" is known by its path only.
    inspection.add("body", path, text, inspectName(text === "prototype" ? path : value));
    return true;
  }
  // Where a JSON value is percent-encoded, somebody decodes it further on.
  for (const reading of readingsOf(value, false))
    inspection.add("body", path, reading, kind === "file name" ? inspectFileName(reading) : inspectValue(reading));
  return true;
}
