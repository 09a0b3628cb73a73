import type { JsonObject, JsonValue } from "@vedette/detection";
import type { RecordRefusal } from "./decode-error.ts";

/** Where logs come from, as both encodings are read into. */
export interface LogResource {
  readonly attributes: JsonObject;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

/** The instrumentation scope of a log. */
export interface LogScope {
  readonly name: string;
  readonly version: string;
  readonly attributes: JsonObject;
  readonly droppedAttributesCount: number;
  readonly schemaUrl: string;
}

/** One log record, as both encodings are read into. */
export interface LogRecord {
  /** Nanoseconds since 1970, 0 when unknown. */
  readonly timeUnixNano: bigint;
  readonly observedTimeUnixNano: bigint;
  readonly severityNumber: number;
  readonly severityText: string;
  /** Undefined when the record has no body. */
  readonly body: JsonValue | undefined;
  readonly attributes: JsonObject;
  readonly droppedAttributesCount: number;
  /** Lower-case hexadecimal, empty when unknown. */
  readonly traceId: string;
  readonly spanId: string;
  readonly eventName: string;
}

/** What the decoders hand records to; `index` counts all records of the request from 0. */
export interface LogSink {
  record(index: number, resource: LogResource, scope: LogScope, record: LogRecord): void;
  refused(index: number, reason: RecordRefusal, detail: string, sample: () => Uint8Array | string): void;
}

/** A resource that a sender did not describe. */
export const NO_RESOURCE: LogResource = { attributes: {}, droppedAttributesCount: 0, schemaUrl: "" };

/** A scope that a sender did not describe. */
export const NO_SCOPE: LogScope = { name: "", version: "", attributes: {}, droppedAttributesCount: 0, schemaUrl: "" };
