import type { Client } from "@elastic/elasticsearch";
import {
  type Detector,
  type FieldMapping,
  type Judgement,
  type LogSource,
  type Rule,
  type SecurityEvent,
  createDetector,
} from "@vedette/detection";
import { type DocumentOrigin, streamOf, tailedRecord } from "../detector/stage-one/tailed-record.ts";
import type { RawRecord } from "../record.ts";
import type { GroupPlan } from "./hunt-plan.ts";
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
  readonly mappings: readonly FieldMapping[];
  readonly span: Span;
  readonly timeField: string;
  readonly logSource?: LogSource | undefined;
  /** Name of the source that the facts are said to be from. */
  readonly source: string;
  /** Beginning of the names of indices that hold records which a worker received itself. */
  readonly receivedPrefix: string;
  readonly signal: AbortSignal;
  /** Unix milliseconds; the time of documents that have none. */
  readonly now: number;
  /** Slices that an earlier run has done. */
  readonly done: ReadonlySet<string>;
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
  const { client, plans, span, timeField, signal, done } = options;
  let read = 0;
  let slices = 0;
  const detectors = new Map<readonly Rule[], Detector>();
  try {
    for (const plan of plans)
      for (const [number, chunk] of plan.chunks.entries()) {
        let detector = detectors.get(chunk.rules);
        if (detector === undefined)
          detectors.set(chunk.rules, (detector = createDetector(chunk.rules, { mappings: options.mappings })));
        for (const slice of plan.isDated ? timeSlices(span, plan.sliceCount) : [span]) {
          const name = `${planKey(plan)}/${plan.way}/${number}/${slice.from}-${slice.to}`;
          if (done.has(name)) continue;
          const query = plan.isDated
            ? {
                bool: {
                  filter: [
                    chunk.query,
                    { range: { [timeField]: { gte: slice.from, lt: slice.to, format: "epoch_millis" } } },
                  ],
                },
              }
            : chunk.query;
          for await (const documents of readDocuments(client, { indices: plan.indices, query, signal })) {
            read += documents.length;
            const judged: JudgedDocument[] = [];
            for (const document of documents) {
              const record = tailedRecord(document, originOf(document.index, options), options.mappings, options.now);
              if (record.document === undefined) continue;
              const event: SecurityEvent = {
                id: record.id,
                time: record.time,
                document: record.document,
                logSource: options.logSource,
              };
              judged.push({ record, index: document.index, id: document.id, judgement: detector.judge(event) });
            }
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

function originOf(index: string, { source, receivedPrefix }: RunOptions): DocumentOrigin {
  return { source, stream: streamOf(index), partition: index, isReceived: index.startsWith(receivedPrefix) };
}

/** The name of a plan's indices in progress. */
export function planKey({ indices }: Pick<GroupPlan, "indices">): string {
  return indices.join(",");
}
