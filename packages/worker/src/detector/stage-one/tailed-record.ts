import type { FieldMapping, JsonObject } from "@vedette/detection";
import { documentTime } from "../../collector/file/line-record.ts";
import { originalOf } from "../../collector/elasticsearch/index-names.ts";
import type { TailDocument } from "../../collector/elasticsearch/shard-tail.ts";
import type { RawRecord } from "../../record.ts";
import { unwrapEvent } from "./received-document.ts";

/** Where a document was read, and by what name its events are known. */
export interface DocumentOrigin {
  /** Name of the configured source. */
  readonly source: string;
  /** Data stream, or index where there is none: the events of a stream keep their names over its rollovers. */
  readonly stream: string;
  /** The partition that the watermark is kept for. */
  readonly partition: string;
  /** The index holds records that a worker received itself. */
  readonly isReceived: boolean;
}

/** Another cluster's name, and how index lifecycle management names the copy of an index that it shrinks or mounts from a snapshot. */
const BACKING_INDEX = /^([^:]+:)?\.ds-(.+)-\d{4}\.\d\d\.\d\d-\d{6,}$/;

/**
 * The data stream that an index belongs to by its name, else the index itself; of another cluster with that cluster's name. The copy of an index has the name of what it is a copy of, because
 * its documents are the same events.
 */
export function streamOf(index: string): string {
  const name = originalOf(index);
  const [, remote = "", stream] = BACKING_INDEX.exec(name) ?? [];
  return stream === undefined ? name : `${remote}${stream}`;
}

/** Reads a document as the record that it is: with the identity `stream/_id`, or the one that it was received with. */
export function tailedRecord(
  { index, id, seqNo, source: document }: TailDocument,
  origin: DocumentOrigin,
  mappings: readonly FieldMapping[],
  receivedAt: number,
): RawRecord {
  const stored = origin.isReceived ? unwrapEvent(document) : undefined;
  const position = `${index}/${seqNo}`;
  if (stored !== undefined) return { ...stored, position };
  const time = eventTime(document, mappings);
  return {
    id: `${origin.stream}/${id}`,
    source: origin.source,
    position,
    partition: origin.partition,
    time: time ?? receivedAt,
    ...(time === undefined ? { undated: true } : {}),
    receivedAt,
    document,
  };
}

const eventTime = (document: JsonObject, mappings: readonly FieldMapping[]): number | undefined => {
  const time = documentTime(document, mappings);
  return time === undefined || Math.abs(time) > 8.64e15 ? undefined : time;
};
