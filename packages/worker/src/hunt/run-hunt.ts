import type { Client } from "@elastic/elasticsearch";
import {
  type Detector,
  type FieldMapping,
  type Judgement,
  type LogSource,
  type Query,
  type Rule,
  type SecurityEvent,
  createDetector,
  timeRange,
} from "@vedette/detection";
import { type DocumentOrigin, streamOf, tailedRecord } from "../detector/stage-one/tailed-record.ts";
import type { RawRecord } from "../record.ts";
import type { ProcessRecords } from "../collector/processors/processors.ts";
import type { TailDocument } from "../collector/elasticsearch/shard-tail.ts";
import type { Timers } from "../ports.ts";
import type { GroupPlan } from "./hunt-plan.ts";
import { type Patience, isRejected, patiently } from "./patient.ts";
import { readDocuments } from "./read-documents.ts";
import { type Span, timeSlices } from "./time-slices.ts";

/** A document that was judged. */
export interface JudgedDocument {
  readonly record: RawRecord;
  readonly index: string;
  readonly id: string;
  readonly judgement: Judgement;
}

/** How a hunt runs. */
export interface RunOptions {
  readonly client: Client;
  readonly plans: readonly GroupPlan[];
  /** Correlations among the rules: what facts hold, and whether they alert by themselves, depends on them. */
  readonly correlations?: readonly Rule[] | undefined;
  readonly mappings: readonly FieldMapping[];
  readonly span: Span;
  readonly timeField: string;
  readonly logSource?: LogSource | undefined;
  /** Name of the source that the facts are said to be from. */
  readonly source: string;
  /** Beginning of the names of indices that hold records which a worker received itself. */
  readonly receivedPrefix: string;
  readonly signal: AbortSignal;
  /** What processors make of records before they are judged; without it they are judged as they are. */
  readonly process?: ProcessRecords | undefined;
  /** Unix milliseconds; the time of documents that have none. */
  readonly now: number;
  /** Slices that an earlier run has done. */
  readonly done: ReadonlySet<string>;
  readonly timers: Timers;
  /** Told when the cluster is waited for, and when a query is not answered, so that everything is read in its place. */
  readonly onTrouble?: ((what: string) => void) | undefined;
  readonly onPage: (page: readonly JudgedDocument[]) => Promise<void> | void;
  /** A slice is done: what was found in it is to be kept. */
  readonly onSlice: (name: string) => Promise<void> | void;
}

/** What was read. */
export interface RunTotals {
  readonly read: number;
  readonly slices: number;
  readonly interrupted: boolean;
}

/**
 * Reads what the plans say, slice after slice, and judges every document with the rules that it was read for. Whatever the queries answered, a fact is what
 * the engine finds: exactly what live detection finds in the same document.
 */
export async function runHunt(options: RunOptions): Promise<RunTotals> {
  const { plans, span, signal, done } = options;
  let read = 0;
  let slices = 0;
  const detectors = new Map<readonly Rule[], Detector>();
  try {
    for (const plan of plans)
      for (const [number, chunk] of plan.chunks.entries()) {
        let detector = detectors.get(chunk.rules);
        if (detector === undefined)
          detectors.set(
            chunk.rules,
            (detector = createDetector([...chunk.rules, ...(options.correlations ?? [])], {
              mappings: options.mappings,
            })),
          );
        for (const slice of plan.isDated ? timeSlices(span, plan.sliceCount) : [span]) {
          const name = `${planKey(plan)}/${plan.way}/${number}/${slice.from}-${slice.to}`;
          if (done.has(name)) continue;
          const pages = readSlice(options, plan, chunk.query, slice);
          for await (const documents of pages) {
            read += documents.length;
            const judged = judgePage(options, detector, documents);
            await options.onPage(judged);
          }
          slices++;
          await options.onSlice(name);
        }
      }
  } catch (error) {
    if (!signal.aborted) throw error;
    return { read, slices, interrupted: true };
  }
  return { read, slices, interrupted: signal.aborted };
}

function judgePage(
  options: RunOptions,
  detector: Detector,
  documents: readonly TailDocument[],
): readonly JudgedDocument[] {
  const places = new Map<string, TailDocument>();
  const records = documents.flatMap((document): readonly RawRecord[] => {
    const record = tailedRecord(document, originOf(document.index, options), options.mappings, options.now);
    if (record.document === undefined) return [];
    places.set(record.id, document);
    return [record];
  });
  const wanted = options.process === undefined ? records : options.process(records);
  return wanted.map((record) => {
    const place = places.get(record.id);
    if (place === undefined) throw new Error("a processor changed the id of a record");
    const event: SecurityEvent = {
      id: record.id,
      time: record.time,
      document: record.document,
      logSource: options.logSource,
    };
    return { record, index: place.index, id: place.id, judgement: detector.judge(event) };
  });
}

/**
 * The documents of a query in a slice of time, each once: from a busy cluster they are asked for again, and when it does not take the query, all
 * documents of the slice are read.
 */
async function* readSlice(
  options: RunOptions,
  plan: GroupPlan,
  asked: Query,
  slice: Span,
): AsyncGenerator<readonly TailDocument[]> {
  const { client, timeField, signal, timers, onTrouble } = options;
  const seen = new Set<string>();
  const read = (query: Query): AsyncGenerator<readonly TailDocument[]> =>
    readDocuments(client, {
      indices: plan.indices,
      preference: plan.preference,
      query: plan.isDated ? { bool: { filter: [query, timeRange(timeField, slice.from, slice.to)] } } : query,
      signal,
    });
  const patience: Patience = {
    timers,
    signal,
    onWait: (error, wait) => onTrouble?.(`${error.message} Trying again in ${wait / 1_000} s.`),
  };
  let query = asked;
  let pages = read(query);
  for (;;) {
    let page: IteratorResult<readonly TailDocument[]>;
    try {
      page = await patiently(async () => {
        try {
          return await pages.next();
        } catch (error) {
          // An iterator that failed is over: the next try begins the slice anew, and leaves out what was seen.
          pages = read(query);
          throw error;
        }
      }, patience);
    } catch (error) {
      if (!isRejected(error) || query === plan.range) throw error;
      onTrouble?.(`The cluster does not answer a query: ${error.message} Everything in its span is read.`);
      query = plan.range;
      pages = read(query);
      continue;
    }
    if (page.done === true) return;
    const fresh = page.value.filter(({ index, id }) => {
      const name = `${index}/${id}`;
      return !seen.has(name) && seen.add(name);
    });
    if (fresh.length > 0) yield fresh;
  }
}

function originOf(index: string, { source, receivedPrefix }: RunOptions): DocumentOrigin {
  return { source, stream: streamOf(index), partition: index, isReceived: index.startsWith(receivedPrefix) };
}

/** The name of a plan's indices in progress. */
export function planKey({ indices, preference }: Pick<GroupPlan, "indices" | "preference">): string {
  return preference === undefined ? indices.join(",") : `${indices.join(",")} ${preference}`;
}
