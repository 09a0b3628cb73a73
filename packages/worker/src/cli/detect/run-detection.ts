import type { Chunk, ChunkResult } from "./chunk.ts";
import { ChunkBuffers, chunksOf } from "./chunks.ts";
import type { DetectionRun, RunTotals } from "./detection-run.ts";
import { InputFailure, openEvents } from "./event-bytes.ts";
import { type JudgePool, createInlineJudge, createThreadedJudge, shareRules } from "./judge-pool.ts";
import { createMerger } from "./merge-results.ts";

/** Judges every event of the inputs and reports findings in the order of the events: facts at once, episodes when nothing can change them any more. */
export async function runDetection(run: DetectionRun): Promise<RunTotals> {
  const totals: RunTotals = {
    events: 0,
    bytesRead: 0,
    bytes: 0,
    findings: 0,
    broken: 0,
    unmatched: 0,
    firstUnmatched: undefined,
    replaced: 0,
    undated: 0,
    byRule: new Map(),
    bySource: new Map(),
    excepted: new Map(),
    correlations: undefined,
  };
  const buffers = new ChunkBuffers();
  const merger = createMerger(run, totals);
  const judge = createJudge(run, merger.correlates, buffers);
  try {
    await untilAborted(judge.ready(), run.signal);
    run.onReady?.();
    for (const [input, path] of run.inputs.entries()) {
      if (run.signal?.aborted === true) break;
      await readInput({ run, input, path, totals, buffers, judge, merge: merger.merge });
    }
  } finally {
    await judge.close();
  }
  if (run.signal?.aborted !== true) merger.finish();
  return totals;
}

/** Waits for a promise, but no longer than until the run is ended. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const stop = (): void => aborted.resolve();
  if (signal?.aborted === true) return;
  signal?.addEventListener("abort", stop);
  await Promise.race([promise, aborted.promise]);
  signal?.removeEventListener("abort", stop);
}

function createJudge(run: DetectionRun, wantsTimes: boolean, buffers: ChunkBuffers): JudgePool {
  const wanted = { logSource: run.logSource, form: run.form, wantsTimes, wantsSources: run.countSources === true };
  if (run.threads === 1) return createInlineJudge({ ...wanted, rules: run.rules, mappings: run.mappings }, buffers);
  const mappings = run.mappings.map(({ name }) => name);
  return createThreadedJudge(run.threads, { ...wanted, rules: shareRules(run.rules), mappings }, buffers);
}

interface InputReading {
  readonly run: DetectionRun;
  readonly input: number;
  readonly path: string;
  readonly totals: RunTotals;
  readonly buffers: ChunkBuffers;
  readonly judge: JudgePool;
  readonly merge: (input: number, result: ChunkResult) => void;
}

/** Reads one input: a bounded number of chunks is under way, and their results are merged in the order of the input. */
async function readInput({ run, input, path, totals, buffers, judge, merge }: InputReading): Promise<void> {
  const bytes = openEvents(path, (count) => (totals.bytesRead += count), run.standardInput);
  const stop = (): void => bytes.destroy();
  run.signal?.addEventListener("abort", stop);
  const state = { underWay: 0, failed: false };
  let moved = Promise.withResolvers<void>();
  let merged: Promise<void> = Promise.resolve();
  const submit = (chunk: Chunk): void => {
    state.underWay++;
    if (chunk.kind === "lines") totals.bytes += chunk.length;
    else if (chunk.kind === "texts") for (const text of chunk.texts) totals.bytes += Buffer.byteLength(text);
    const judged = judge.judge(chunk);
    const before = merged;
    merged = (async () => {
      try {
        await before;
        const result = await judged;
        if (run.signal?.aborted !== true) {
          merge(input, result);
          await run.onProgress?.(totals);
        }
      } catch (error) {
        state.failed = true;
        throw error;
      } finally {
        state.underWay--;
        moved.resolve();
        moved = Promise.withResolvers();
      }
    })();
    // It is awaited at the end, and a failure is seen before the next chunk.
    merged.catch(() => undefined);
    judged.catch(() => undefined);
  };
  try {
    for await (const chunk of chunksOf(bytes.pieces, buffers)) {
      if (run.signal?.aborted === true || state.failed) break;
      submit(chunk);
      while (state.underWay >= judge.width && !state.failed) await moved.promise;
    }
    await merged;
  } catch (error) {
    await merged;
    if (run.signal?.aborted === true) return;
    if (!(error instanceof InputFailure)) throw error;
    totals.broken++;
    run.onProblem({ code: error.code, path, line: undefined, detail: error.message });
  } finally {
    run.signal?.removeEventListener("abort", stop);
    bytes.destroy();
  }
}
