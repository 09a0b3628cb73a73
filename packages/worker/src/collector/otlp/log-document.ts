import type { JsonObject, JsonValue } from "@vedette/detection";
import { ATTR } from "@vedette/semconv";
import { uidOf } from "../event-id.ts";
import type { LogRecord, LogResource, LogScope } from "./log-model.ts";

const NANOSECONDS = 1_000_000n;

let lastSecond = Number.NaN;
let lastSecondText = "";

/** Nanoseconds since 1970 as an ISO-8601 instant, with all nine digits where there is more than a millisecond's precision. */
export const isoTime = (nanoseconds: bigint): string => {
  const milliseconds = Number(nanoseconds / NANOSECONDS);
  const second = Math.floor(milliseconds / 1_000);
  // Records of a batch mostly share their second.
  if (second !== lastSecond) {
    lastSecond = second;
    lastSecondText = new Date(second * 1_000).toISOString().slice(0, -4);
  }
  const fraction = String(milliseconds - second * 1_000).padStart(3, "0");
  const rest = nanoseconds % NANOSECONDS;
  return rest === 0n
    ? `${lastSecondText}${fraction}Z`
    : `${lastSecondText}${fraction}${rest.toString().padStart(6, "0")}Z`;
};

/** A log as a document, with what a record needs besides. */
export interface LogDocument {
  readonly document: JsonObject;
  /** Event time, Unix milliseconds. */
  readonly time: number;
  /** The record carries no time: `time` is that of receipt. */
  readonly undated: boolean;
  readonly partition: string;
  /** Event id from `log.record.uid`, when the sender gives one. */
  readonly uid: string | undefined;
}

/** The resource part of a document; made once and shared by all records of the resource. */
export const resourceDocument = (resource: LogResource): JsonObject => ({
  ...(resource.schemaUrl === "" ? {} : { schema_url: resource.schemaUrl }),
  attributes: resource.attributes,
  ...(resource.droppedAttributesCount === 0 ? {} : { dropped_attributes_count: resource.droppedAttributesCount }),
});

/** The scope part of a document; made once and shared by all records of the scope. */
export const scopeDocument = (scope: LogScope): JsonObject => ({
  ...(scope.schemaUrl === "" ? {} : { schema_url: scope.schemaUrl }),
  ...(scope.name === "" ? {} : { name: scope.name }),
  ...(scope.version === "" ? {} : { version: scope.version }),
  ...(Object.keys(scope.attributes).length === 0 ? {} : { attributes: scope.attributes }),
  ...(scope.droppedAttributesCount === 0 ? {} : { dropped_attributes_count: scope.droppedAttributesCount }),
});

const PARTITION_LENGTH = 256;

/** The partition of a resource: its service name, or `unknown_service` as OpenTelemetry calls it. */
export const partitionOf = (attributes: JsonObject): string => {
  const name = attributes[ATTR.serviceName];
  return typeof name === "string" && name !== "" ? name.slice(0, PARTITION_LENGTH).toWellFormed() : "unknown_service";
};

const isZero = (hex: string): boolean => /^0*$/.test(hex);

/**
 * Turns a log record into the document that the Collector's Elasticsearch exporter writes in OTel mode. The time is the record's, else when it
 * was observed, else the time of receipt. A body is `text` when it is a text or something that JSON has only a text for, else `structured`.
 */
export const logDocument = (
  record: LogRecord,
  resource: JsonObject,
  scope: JsonObject,
  receivedAt: number,
): LogDocument => {
  const { timeUnixNano, observedTimeUnixNano, attributes } = record;
  const nanoseconds = timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano;
  const time = nanoseconds === 0n ? receivedAt : Number(nanoseconds / NANOSECONDS);
  const legacyName = attributes["event.name"];
  const eventName = record.eventName === "" && typeof legacyName === "string" ? legacyName : record.eventName;
  const document: Record<string, JsonValue> = {
    "@timestamp": nanoseconds === 0n ? new Date(receivedAt).toISOString() : isoTime(nanoseconds),
  };
  if (observedTimeUnixNano !== 0n) document["observed_timestamp"] = isoTime(observedTimeUnixNano);
  if (record.severityText !== "") document["severity_text"] = record.severityText;
  if (record.severityNumber !== 0) document["severity_number"] = record.severityNumber;
  if (!isZero(record.traceId)) document["trace_id"] = record.traceId;
  if (!isZero(record.spanId)) document["span_id"] = record.spanId;
  if (eventName !== "") document["event_name"] = eventName;
  document["attributes"] = attributes;
  if (record.droppedAttributesCount !== 0) document["dropped_attributes_count"] = record.droppedAttributesCount;
  document["resource"] = resource;
  document["scope"] = scope;
  if (record.body !== undefined) {
    document["body"] = typeof record.body === "string" ? { text: record.body } : { structured: record.body };
  }
  const partition = partitionOf((resource["attributes"] ?? {}) as JsonObject);
  return { document, time, undated: nanoseconds === 0n, partition, uid: uidOf(attributes) };
};
