import type { Clock, Log, Random, Timers } from "../ports.ts";
import { sendBulk, toBulkItem, type BulkItem } from "./bulk-request.ts";
import type { Cluster } from "./cluster.ts";
import { deadLetter } from "./dead-letter.ts";
import { ElasticsearchError } from "./errors.ts";
import type { BulkWriter, WriteOperation, WriteOutcome } from "./write.ts";

/** What a bulk writer is made of. */
export interface BulkWriterOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Beginning of the names of our indices; refused documents go to `<prefix>-dead-letter-YYYY.MM`. */
  readonly prefix: string;
  /** Most bytes of one request; a document that is larger goes alone. Default 4 MiB. */
  readonly maxBytes?: number;
  /** Most documents of one request. Default 1,000. */
  readonly maxItems?: number;
  /** Most requests under way at once, over all calls of `write`; further ones wait. Default 2. */
  readonly concurrency?: number;
  /** Milliseconds after which a write whose items are not all decided is given up, to be made again by who asked for it. Default 60,000. */
  readonly patience?: number;
  /** Told of items that are sent again, and why (`overloaded`, `unavailable` …). */
  readonly onRetry?: (reason: string, items: number) => void;
  /** Told of each refused document, with the type of the refusal. */
  readonly onRefused?: (type: string) => void;
}

const FIRST_WAIT = 100;
const LONGEST_WAIT = 10_000;

/** Lets so many through at once; the others wait in order. */
const createGate = (width: number): (<T>(job: () => Promise<T>) => Promise<T>) => {
  let free = width;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
};

function* inRequests(
  operations: readonly WriteOperation[],
  { maxBytes, maxItems }: { readonly maxBytes: number; readonly maxItems: number },
): Generator<readonly BulkItem[]> {
  let request: BulkItem[] = [];
  let bytes = 0;
  for (const [at, operation] of operations.entries()) {
    const item = toBulkItem(operation, at);
    if (request.length > 0 && (request.length >= maxItems || bytes + item.bytes > maxBytes)) {
      yield request;
      request = [];
      bytes = 0;
    }
    request.push(item);
    bytes += item.bytes;
  }
  if (request.length > 0) yield request;
}

/**
 * Makes a bulk writer. An item is decided when Elasticsearch took it, has it already, or will never take it; everything else (429, 5xx, a lost or damaged answer, a full disk, no room for a new index) is sent
 * again. That is safe: a `create` that had succeeded is found to be there, and so is a `put` of the same version. What is refused is told to the caller, filed in the dead-letter index, and counted.
 * A 401, 403 or missing index is nobody's document's fault: it rejects, and nothing is filed.
 */
export const createBulkWriter = (options: BulkWriterOptions): BulkWriter => {
  const { cluster, clock, timers, random, log, prefix, patience = 60_000, onRetry, onRefused } = options;
  const bounds = { maxBytes: options.maxBytes ?? 4 * 1_024 * 1_024, maxItems: options.maxItems ?? 1_000 };
  const concurrency = options.concurrency ?? 2;
  const gate = createGate(concurrency);

  const pause = async (attempt: number, signal: AbortSignal): Promise<void> => {
    const [byte = 0] = random.bytes(1);
    const most = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt);
    await timers.sleep(Math.round((most / 2) * (1 + byte / 255)), signal);
  };

  const settle = async (
    items: readonly BulkItem[],
    decide: (item: BulkItem, outcome: WriteOutcome) => void,
    { signal, refresh, deadline }: { signal: AbortSignal; refresh: boolean; deadline: number },
  ): Promise<void> => {
    let open = items;
    for (let attempt = 0; ; attempt += 1) {
      const sending = open;
      const verdicts = await gate(async () => {
        signal.throwIfAborted();
        return await sendBulk(cluster, sending, { signal, refresh });
      });
      let why: ElasticsearchError | undefined;
      open = sending.filter((item, index) => {
        const verdict = verdicts[index];
        if (verdict === undefined || verdict.status === "again") {
          why ??= verdict?.why;
          return true;
        }
        decide(item, verdict);
        return false;
      });
      if (open.length === 0) return;
      const reason = why?.code.replace("elasticsearch-", "") ?? "unknown";
      if (signal.aborted || clock.now() >= deadline) {
        throw new ElasticsearchError(
          "elasticsearch-unavailable",
          `Writing was given up with ${open.length} of ${items.length} documents undecided: ${why?.message ?? "no answer"}`,
          { retryable: true, status: why?.status, cause: why },
        );
      }
      onRetry?.(reason, open.length);
      log.debug({ reason, items: open.length, attempt, error: why?.message }, "Documents are written again.");
      await pause(attempt, signal);
    }
  };

  const writeAll = async (
    operations: readonly WriteOperation[],
    { signal, refresh }: { signal: AbortSignal | undefined; refresh: boolean },
  ): Promise<(WriteOutcome | undefined)[]> => {
    const outcomes = Array.from<WriteOutcome | undefined>({ length: operations.length });
    const requests = inRequests(operations, bounds);
    const failed = new AbortController();
    const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
    const deadline = clock.now() + patience;
    const errors: unknown[] = [];
    const lane = async (): Promise<void> => {
      try {
        for (const request of requests) {
          await settle(request, ({ at }, outcome) => (outcomes[at] = outcome), { signal: stop, refresh, deadline });
        }
      } catch (error) {
        errors.push(error);
        failed.abort();
      }
    };
    await Promise.all(Array.from({ length: concurrency }, lane));
    const [error] = errors;
    if (error === undefined) return outcomes;
    if (signal?.aborted === true && !(error instanceof ElasticsearchError))
      throw new ElasticsearchError("elasticsearch-unavailable", "Writing was given up.", {
        retryable: true,
        cause: error,
      });
    throw error;
  };

  return {
    async write(operations, { signal, refresh = false } = {}) {
      const outcomes = await writeAll(operations, { signal, refresh });
      const letters: WriteOperation[] = [];
      const decided = outcomes.map((outcome, at): WriteOutcome => {
        const operation = operations[at];
        if (outcome === undefined || operation === undefined) throw new Error("an operation was not decided");
        if (outcome.status === "refused") {
          onRefused?.(outcome.type);
          log.error({ index: operation.index, id: operation.id, ...outcome }, "Elasticsearch refused a document.");
          letters.push(deadLetter(operation, outcome, { prefix, time: clock.now() }));
        }
        return outcome;
      });
      if (letters.length > 0) {
        for (const [at, filed] of (await writeAll(letters, { signal, refresh })).entries()) {
          if (filed?.status === "refused")
            log.error({ ...letters[at], reason: filed.reason }, "The dead-letter index refused a document.");
        }
      }
      return decided;
    },
  };
};
