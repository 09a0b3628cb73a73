import { decoding } from "./decode-error.ts";
import { ExportTraceServiceRequestSchema } from "./generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js";
import { SpanSchema } from "./generated/opentelemetry/proto/trace/v1/trace_pb.js";
import { asObject, listField } from "./json-fields.ts";
import { parseRequestJson } from "./json-text.ts";
import type { RequestLimits } from "./limits.ts";
import type { OtlpEncoding } from "./logs.ts";
import { scanMessage } from "./scan.ts";

const countJson = (body: Uint8Array, limits: RequestLimits): number => {
  const request = asObject(parseRequestJson(body, limits), "request");
  let spans = 0;
  for (const [i, resource] of listField(request, "resourceSpans", "request").entries()) {
    const inResource = `resourceSpans[${i}]`;
    for (const [j, scope] of listField(asObject(resource, inResource), "scopeSpans", inResource).entries()) {
      const inScope = `${inResource}.scopeSpans[${j}]`;
      spans += listField(asObject(scope, inScope), "spans", inScope).length;
    }
  }
  return spans;
};

/** Counts the spans of an ExportTraceServiceRequest's body (after gunzip). Throws an OtlpDecodeError and nothing else. */
export const countSpans = (body: Uint8Array, encoding: OtlpEncoding, limits: RequestLimits): number =>
  decoding(() =>
    encoding === "json"
      ? countJson(body, limits)
      : (scanMessage(ExportTraceServiceRequestSchema, body, limits).get(SpanSchema.typeName) ?? 0),
  );
