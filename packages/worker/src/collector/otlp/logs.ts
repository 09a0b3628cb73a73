import { createHash } from "node:crypto";
import type { JsonObject } from "@vedette/detection";
import type { RawRecord, RefusedInput } from "../../record.ts";
import { sampleOf } from "../sample.ts";
import { readJsonLogs } from "./json-logs.ts";
import type { RequestLimits } from "./limits.ts";
import { logDocument, resourceDocument, scopeDocument } from "./log-document.ts";
import type { LogResource, LogScope, LogSink } from "./log-model.ts";
import { readProtobufLogs } from "./protobuf-logs.ts";

/** How a request is encoded. */
export type OtlpEncoding = "protobuf" | "json";

/** Name of the OTLP source in records, metrics and status. */
export const OTLP_SOURCE = "otlp";

/** Refused records of one request that are listed one by one. */
const LISTED_REFUSALS = 100;

/** What a logs request holds. */
export interface DecodedLogs {
  readonly records: readonly RawRecord[];
  /** Listed refusals, at most 100; the counts are in {@link refusedByReason}. */
  readonly refused: readonly RefusedInput[];
  readonly refusedByReason: ReadonlyMap<string, number>;
}

/**
 * Decodes the body (after gunzip) of an ExportLogsServiceRequest into records. The event id is `log.record.uid` where there is one, else the
 * hash of the body and the record's place in it, so that a byte-identical retry gives the same ids.
 *
 * Throws an OtlpDecodeError when the request as a whole cannot be taken.
 */
export const decodeLogs = (
  body: Uint8Array,
  encoding: OtlpEncoding,
  limits: RequestLimits,
  receivedAt: number,
): DecodedLogs => {
  const hash = createHash("sha256").update(body).digest("hex");
  const records: RawRecord[] = [];
  const refused: RefusedInput[] = [];
  const refusedByReason = new Map<string, number>();
  let lastResource: LogResource | undefined;
  let lastScope: LogScope | undefined;
  let resourcePart: JsonObject = {};
  let scopePart: JsonObject = {};
  const sink: LogSink = {
    record(index, resource, scope, record) {
      if (resource !== lastResource) [lastResource, resourcePart] = [resource, resourceDocument(resource)];
      if (scope !== lastScope) [lastScope, scopePart] = [scope, scopeDocument(scope)];
      const { document, time, undated, partition, uid } = logDocument(record, resourcePart, scopePart, receivedAt);
      records.push({
        id: uid ?? `${hash}:${index}`,
        source: OTLP_SOURCE,
        position: `${hash}/${index}`,
        partition,
        time,
        ...(undated ? { undated } : {}),
        receivedAt,
        document,
      });
    },
    refused(index, reason, detail, sample) {
      refusedByReason.set(reason, (refusedByReason.get(reason) ?? 0) + 1);
      if (refused.length === LISTED_REFUSALS) return;
      refused.push({
        time: receivedAt,
        source: OTLP_SOURCE,
        reason,
        detail: `Record ${index} of request ${hash.slice(0, 16)}: ${detail}.`,
        sample: sampleOf(sample()),
      });
    },
  };
  if (encoding === "protobuf") readProtobufLogs(body, limits, sink);
  else readJsonLogs(body, limits, sink);
  return { records, refused, refusedByReason };
};
