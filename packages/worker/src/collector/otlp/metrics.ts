import { fromBinary, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { decoding } from "./decode-error.ts";
import {
  ExportMetricsServiceRequestSchema,
  type ExportMetricsServiceRequest,
} from "./generated/opentelemetry/proto/collector/metrics/v1/metrics_service_pb.js";
import { parseRequestJson } from "./json-text.ts";
import type { RequestLimits } from "./limits.ts";
import type { OtlpEncoding } from "./logs.ts";
import { scanMessage } from "./scan.ts";

/**
 * Decodes the body (after gunzip) of an ExportMetricsServiceRequest. Exemplars, the only metric data whose ids OTLP/JSON writes in its own
 * way, are not read. Throws an OtlpDecodeError and nothing else.
 */
export const decodeMetrics = (
  body: Uint8Array,
  encoding: OtlpEncoding,
  limits: RequestLimits,
): ExportMetricsServiceRequest =>
  decoding(() => {
    if (encoding === "json") {
      const json = parseRequestJson(body, limits) as JsonValue;
      return fromJson(ExportMetricsServiceRequestSchema, json, { ignoreUnknownFields: true });
    }
    scanMessage(ExportMetricsServiceRequestSchema, body, limits);
    return fromBinary(ExportMetricsServiceRequestSchema, body, { readUnknownFields: false });
  });
