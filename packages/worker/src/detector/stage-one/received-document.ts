import type { JsonObject, JsonValue } from "@vedette/detection";
import type { RawRecord } from "../../record.ts";
import { documentId, monthOf } from "../../store/elasticsearch/names.ts";

/** What stands beside the fields of a record that a worker received and stored. */
interface RecordEnvelope {
  readonly id: string;
  readonly source: string;
  readonly position: string;
  readonly partition: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly received: number;
  readonly undated?: true;
  /** What the document itself had in the place of the envelope. */
  readonly own?: JsonValue;
  /** The whole document as text, where Elasticsearch would not take its fields. */
  readonly json?: string;
}

/** Name of the index of a received record: a function of the record alone, so that one that is sent again meets itself. */
export const receivedIndex = (prefix: string, record: Pick<RawRecord, "time" | "undated">): string =>
  `${prefix}-events-${record.undated === true ? "undated" : monthOf(record.time)}`;

/** Id of a received record's document. */
export const receivedId = (record: Pick<RawRecord, "id">): string => documentId(record.id);

/** The document of a received record: its own, and beside it what is known of its receipt, so that mappings read it as it came. */
export function wrapEvent(record: RawRecord): JsonObject {
  const { vedette: own } = record.document;
  return { ...record.document, vedette: { record: envelopeOf(record, own === undefined ? {} : { own }) } };
}

/** The document of a received record whose own fields Elasticsearch refuses: they are kept as text, and read from it. */
export function wrapEventAsText(record: RawRecord): JsonObject {
  const json = JSON.stringify(record.document);
  return {
    "@timestamp": new Date(record.time).toISOString(),
    vedette: { record: envelopeOf(record, { json }) },
  };
}

const envelopeOf = (
  { id, source, position, partition, time, undated, receivedAt }: RawRecord,
  more: Pick<RecordEnvelope, "own" | "json">,
): JsonObject => ({
  id,
  source,
  position,
  partition,
  time,
  received: receivedAt,
  ...(undated === true ? { undated: true } : {}),
  ...(more.own === undefined ? {} : { own: more.own }),
  ...(more.json === undefined ? {} : { json: more.json }),
});

const parsed = (json: string): JsonObject | undefined => {
  try {
    return JSON.parse(json) as JsonObject;
  } catch {
    // Somebody else wrote it: it is read like any other document.
    return undefined;
  }
};

/** The record as it was received, or undefined for a document that no worker stored. */
export function unwrapEvent(stored: JsonObject): RawRecord | undefined {
  const { vedette, ...fields } = stored;
  const envelope = (vedette as JsonObject | undefined)?.["record"] as RecordEnvelope | undefined;
  if (typeof envelope?.id !== "string" || typeof envelope.time !== "number") return undefined;
  const { id, source, position, partition, time, received, undated, own, json } = envelope;
  const document = json === undefined ? { ...fields, ...(own === undefined ? {} : { vedette: own }) } : parsed(json);
  if (document === undefined) return undefined;
  return {
    id,
    source,
    position,
    partition,
    time,
    ...(undated === true ? { undated } : {}),
    receivedAt: received,
    document,
  };
}
