import type { JsonObject } from "@vedette/detection";

/** What a source delivered, untouched, with its position and identity. */
export interface RawRecord {
  /** Event id (DESIGN.md, "Identity"). The store keeps each id once. */
  readonly id: string;
  /** Name of the source: `otlp`, or the file source's configured name. */
  readonly source: string;
  /** Where in the source: request hash and index, or file and byte offset. */
  readonly position: string;
  /** The partition that the watermark is kept for (a file, or the OTLP `service.name`). */
  readonly partition: string;
  /** Event time, Unix milliseconds; the time of receipt when the record has none. */
  readonly time: number;
  /** The record has no time of its own: `time` is that of receipt, and another one when it is received again. */
  readonly undated?: boolean;
  /** Time of receipt, Unix milliseconds. */
  readonly receivedAt: number;
  /** The parsed record. OTLP logs take the shape that the Collector's OTel mode writes to Elasticsearch. */
  readonly document: JsonObject;
}

/** Input that can never be taken, kept for the list of refused input. */
export interface RefusedInput {
  readonly time: number;
  readonly source: string;
  /** Low-cardinality reason code. */
  readonly reason: string;
  readonly detail: string;
  /** The first 1,024 bytes, non-printable bytes escaped. */
  readonly sample: string;
}
