import { DEFAULT_MAPPINGS, type JsonObject } from "@vedette/detection";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling } from "../../elasticsearch/errors.ts";
import { valuesAt } from "../shadow/their-alerts.ts";
import type { Remark } from "./remark.ts";

/** How long after their time events are indexed, of the newest indexed ones. Milliseconds. */
export interface Lateness {
  readonly median: number;
  readonly p95: number;
  /** `ingested`: `event.ingested` says when; `order`: by how far they are behind the newest event that was indexed before them. */
  readonly by: "ingested" | "order";
}

const SAMPLE = 200;
/** Fewer say nothing. */
const LEAST = 20;
const HALF_HOUR = 1_800_000;

function lengthText(milliseconds: number): string {
  const minutes = Math.abs(milliseconds) / 60_000;
  if (minutes >= 90) return `${(milliseconds / 3_600_000).toFixed(1)} h`;
  return minutes >= 2 ? `${Math.round(milliseconds / 60_000)} min` : `${Math.round(milliseconds / 1_000)} s`;
}

/** Measures how late events come by documents in the order in which they were indexed. */
export function latenessOf(documents: readonly JsonObject[]): Lateness | undefined {
  const timed = documents.flatMap((document) => {
    const time = DEFAULT_MAPPINGS.find((one) => one.accepts(document))?.time(document);
    return time === undefined ? [] : [{ time, ingested: Date.parse(String(valuesAt(document, "event.ingested")[0])) }];
  });
  if (timed.length < LEAST) return undefined;
  const isIngested = timed.filter(({ ingested }) => !Number.isNaN(ingested)).length > timed.length / 2;
  let newest = Number.NEGATIVE_INFINITY;
  const late = timed
    .flatMap(({ time, ingested }) => {
      newest = Math.max(newest, time);
      if (!isIngested) return [newest - time];
      return Number.isNaN(ingested) ? [] : [ingested - time];
    })
    .toSorted((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  return { median: at(0.5), p95: at(0.95), by: isIngested ? "ingested" : "order" };
}

/** Samples the documents that were indexed last, and says when they are later than correlations wait, or when clocks disagree. */
export async function checkLateness(
  { client }: Pick<Cluster, "client">,
  index: string,
  bearable: number,
  remarks: Remark[],
): Promise<Lateness | undefined> {
  const answer = await calling(`Reading samples of ${index}`, () =>
    client.search<JsonObject>({
      index,
      size: SAMPLE,
      sort: [{ _seq_no: { order: "desc", unmapped_type: "long" } }],
      track_total_hits: false,
    }),
  );
  const lateness = latenessOf(
    answer.hits.hits.flatMap(({ _source }) => (_source === undefined ? [] : [_source])).toReversed(),
  );
  if (lateness === undefined) return undefined;
  const { median, p95, by } = lateness;
  const zones = Math.round(median / HALF_HOUR);
  if (by === "ingested" && zones !== 0 && Math.abs(median - zones * HALF_HOUR) < 120_000)
    remarks.push({
      rank: 2,
      what: `${index}: events are indexed ${lengthText(median)} after their time, close to a whole number of half hours: the sender probably writes local time as UTC.`,
      do: "Set the time zone of the sender, or of the ingest pipeline's date processor (`timezone`).",
    });
  else if (median < -60_000)
    remarks.push({
      rank: 2,
      what: `${index}: events are dated ${lengthText(-median)} after they are indexed: the senders' clocks are ahead.`,
      do: "Set the clocks of the senders: timedatectl set-ntp true.",
    });
  if (p95 > bearable)
    remarks.push({
      rank: 2,
      what: `${index}: one event in 20 comes ${lengthText(p95)} late or later${by === "order" ? " (by the order in which they were indexed)" : ""}; correlations wait ${lengthText(bearable)}. Single events are judged however late they come.`,
      do: `Set detector.lateness to ${Math.ceil(p95 / 3_600_000)}h in vedette.yaml, or find out what holds them up.`,
    });
  return lateness;
}
