import { deserialize, serialize } from "node:v8";
import { Worker } from "node:worker_threads";
import { type LogSource, type PackedRules, type Rule, packRules, unpackRules } from "@vedette/detection";
import type { Chunk, ChunkResult, FactForm } from "./chunk.ts";
import type { ChunkBuffers } from "./chunks.ts";
import { type ChunkJudgeOptions, createChunkJudge } from "./judge-chunk.ts";

/** What a thread is started with. */
export interface JudgeThreadData {
  /** Of {@link shareRules}. */
  readonly rules: SharedArrayBuffer;
  /** Names of mappings. */
  readonly mappings: readonly string[];
  readonly logSource: LogSource | undefined;
  readonly form: FactForm;
  readonly wantsTimes: boolean;
  readonly wantsSources: boolean;
}

/** Writes rules down once for all threads, in memory that they share: a copy for each would be held as long as the thread lives. */
export function shareRules(rules: readonly Rule[]): SharedArrayBuffer {
  const bytes = serialize(packRules(rules));
  const shared = new SharedArrayBuffer(bytes.length);
  new Uint8Array(shared).set(bytes);
  return shared;
}

/** The rules that {@link shareRules} wrote. */
export function readSharedRules(shared: SharedArrayBuffer): readonly Rule[] {
  return unpackRules(deserialize(new Uint8Array(shared)) as PackedRules);
}

/** To a thread; the buffer of a chunk of lines goes with it. */
export type ToJudgeThread = Chunk;

/** From a thread. The buffer of a chunk of lines comes back. */
export type FromJudgeThread =
  | { readonly kind: "ready" }
  | { readonly kind: "judged"; readonly result: ChunkResult; readonly buffer: ArrayBuffer | undefined };

/** Judges chunks. */
export interface JudgePool {
  /** Chunks that may be under way at a time: more would only take memory. */
  readonly width: number;
  /** Whether rules are loaded wherever they have to be. */
  ready(): Promise<void>;
  /** The chunk's buffer is no longer the caller's. */
  judge(chunk: Chunk): Promise<ChunkResult>;
  close(): Promise<void>;
}

/** Judges in the calling thread. */
export function createInlineJudge(options: ChunkJudgeOptions, buffers: ChunkBuffers): JudgePool {
  const judge = createChunkJudge(options);
  return {
    width: 1,
    ready: () => Promise.resolve(),
    // oxlint-disable-next-line require-await -- what it throws is to be a rejection
    judge: async (chunk) => {
      const result = judge(chunk);
      if (chunk.kind === "lines") buffers.giveBack(chunk.buffer);
      return result;
    },
    close: () => Promise.resolve(),
  };
}

/** Chunks of a thread under way: one at hand and one that waits, so that it never waits for us. */
const AHEAD = 2;

interface Waiting {
  resolve(result: ChunkResult): void;
  reject(error: Error): void;
}

interface Thread {
  readonly worker: Worker;
  readonly ready: PromiseWithResolvers<void>;
  /** In the order that they were sent. */
  readonly waiting: Waiting[];
}

/** Judges in threads. */
export function createThreadedJudge(threads: number, data: JudgeThreadData, buffers: ChunkBuffers): JudgePool {
  let failure: Error | undefined;
  const pool: Thread[] = [];
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { ready, waiting } of pool) {
      ready.reject(failure);
      for (const { reject } of waiting.splice(0)) reject(failure);
    }
  };
  for (let index = 0; index < threads; index++) {
    const thread: Thread = { worker: startThread(data), ready: Promise.withResolvers(), waiting: [] };
    thread.ready.promise.catch(() => undefined);
    thread.worker.on("message", (message: FromJudgeThread) => {
      if (message.kind === "ready") return thread.ready.resolve();
      if (message.buffer !== undefined) buffers.giveBack(message.buffer);
      thread.waiting.shift()?.resolve(message.result);
    });
    thread.worker.on("error", fail);
    thread.worker.on("exit", (code) => fail(new Error(`A judging thread ended with code ${code}.`)));
    pool.push(thread);
  }
  return {
    width: threads * AHEAD,
    ready: async () => {
      await Promise.all(pool.map(({ ready }) => ready.promise));
    },
    judge: (chunk) => {
      if (failure !== undefined) return Promise.reject(failure);
      const thread = pool.reduce((least, other) => (other.waiting.length < least.waiting.length ? other : least));
      const { promise, resolve, reject } = Promise.withResolvers<ChunkResult>();
      thread.waiting.push({ resolve, reject });
      thread.worker.postMessage(chunk satisfies ToJudgeThread, chunk.kind === "lines" ? [chunk.buffer] : []);
      return promise;
    },
    close: async () => {
      for (const { worker } of pool) worker.removeAllListeners();
      await Promise.all(pool.map(({ worker }) => worker.terminate()));
    },
  };
}

/** Memory of a thread for what is made anew: next to nothing of an event outlives it, and more than this was not faster when it was measured. */
const YOUNG_MEGABYTES = 32;

/** Starts the thread from source or from what was built of it, as this file was. */
function startThread(workerData: JudgeThreadData): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  return new Worker(new URL(isSource ? "./judge-thread.ts" : "./judge-thread.js", import.meta.url), {
    name: "vedette-judge",
    workerData,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
    execArgv: isSource
      ? ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"]
      : ["--disable-warning=ExperimentalWarning"],
  });
}
