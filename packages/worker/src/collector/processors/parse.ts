import type { JsonObject, JsonValue } from "@vedette/detection";
import { isWithinDepth } from "../json-depth.ts";
import type { Processor } from "./processor.ts";

/** A processor that adds the structured form of a body whose text is a JSON object; the text stays for keyword searches. */
export const createParseProcessor = (name: string): Processor => ({
  name,
  apply(record) {
    const body = record.document["body"] as JsonObject | undefined;
    const text = body?.["text"];
    if (typeof text !== "string" || body?.["structured"] !== undefined || !/^\s*\{/.test(text)) return record;
    let parsed: JsonValue;
    try {
      parsed = JSON.parse(text) as JsonValue;
    } catch {
      // A text that only looks like JSON stays a text.
      return record;
    }
    if (!isWithinDepth(parsed)) return record;
    return { ...record, document: { ...record.document, body: { ...body, structured: parsed } } };
  },
});
