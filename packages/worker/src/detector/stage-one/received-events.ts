import { ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { BulkWriter } from "../../elasticsearch/write.ts";
import type { RawRecord } from "../../record.ts";
import { receivedId, receivedIndex, wrapEvent, wrapEventAsText } from "./received-document.ts";

/** What became of received records. */
export interface ReceivedResult {
  readonly appended: number;
  readonly duplicate: number;
  /** Those that were not there before. */
  readonly fresh: readonly RawRecord[];
}

/** Keeps the records that a worker receives itself. */
export interface ReceivedEvents {
  /**
   * Stores records, each event id once; when this resolves they are on stable storage.
   *
   * @throws ElasticsearchError when not all of them could be stored; storing the same again is safe
   */
  append(records: readonly RawRecord[], signal?: AbortSignal): Promise<ReceivedResult>;
}

/** Makes the keeper of received records, in indices `<prefix>-events-YYYY.MM` by event time. */
export function createReceivedEvents({
  writer,
  prefix,
}: {
  readonly writer: BulkWriter;
  readonly prefix: string;
}): ReceivedEvents {
  const create = async (
    records: readonly RawRecord[],
    wrap: (record: RawRecord) => object,
    signal: AbortSignal | undefined,
  ) =>
    writer.write(
      records.map((record) => ({
        kind: "create" as const,
        index: receivedIndex(prefix, record),
        id: receivedId(record),
        document: wrap(record),
      })),
      signal === undefined ? {} : { signal },
    );

  return {
    async append(records, signal) {
      const fresh: RawRecord[] = [];
      const refused: RawRecord[] = [];
      let duplicate = 0;
      for (const [at, { status }] of (await create(records, wrapEvent, signal)).entries()) {
        const record = records[at];
        if (record === undefined) continue;
        if (status === "written") fresh.push(record);
        else if (status === "exists") duplicate += 1;
        else refused.push(record);
      }
      // A mapping that conflicts with a record's fields must not cost the record.
      const asText = refused.length === 0 ? [] : await create(refused, wrapEventAsText, signal);
      for (const [at, outcome] of asText.entries()) {
        const record = refused[at];
        if (record === undefined) continue;
        if (outcome.status === "written") fresh.push(record);
        else if (outcome.status === "exists") duplicate += 1;
        else {
          throw new ElasticsearchError("elasticsearch-refused", `A received record was refused: ${outcome.reason}`, {
            retryable: false,
          });
        }
      }
      return { appended: fresh.length, duplicate, fresh };
    },
  };
}
