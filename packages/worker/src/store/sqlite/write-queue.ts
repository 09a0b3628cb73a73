import { StoreError } from "../../errors.ts";
import type { WriteRequest } from "./core.ts";
import { fromWire, type WireOutcome } from "./protocol.ts";

/** How much may wait to be stored before input is turned away. */
export interface QueueLimits {
  /** Characters of records, about bytes. */
  readonly bytes: number;
  readonly requests: number;
  /** Records and steps that share a transaction at most (a larger request has one of its own). */
  readonly rowsPerTransaction: number;
}

const DEFAULT_LIMITS: QueueLimits = { bytes: 64 * 1024 * 1024, requests: 10_000, rowsPerTransaction: 500 };

/** Requests that change the store, on their way to its thread. */
export interface WriteQueue {
  /**
   * Puts a request in the queue; resolves when it is committed.
   * @throws StoreError `store-overloaded` (retryable) for input when too much waits; steps of the line are never turned away
   */
  add(request: WriteRequest): Promise<unknown>;
  /** Tells what became of a batch. */
  written(batch: number, outcomes: readonly WireOutcome[]): void;
  /** Resolves when nothing waits. */
  drained(): Promise<void>;
  /** Rejects all that waits. */
  fail(error: StoreError): void;
}

interface Entry {
  readonly request: WriteRequest;
  readonly bytes: number;
  readonly rows: number;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: StoreError) => void;
}

/**
 * Makes a queue that groups requests into transactions. A batch leaves at the end of the event loop's turn in which its first request came;
 * what comes while it is being committed makes the next one. So a request never waits for company, and the slower the disk is, the more
 * requests share its flush.
 */
export function createWriteQueue(
  post: (batch: number, requests: readonly WriteRequest[]) => void,
  limits: Partial<QueueLimits> = {},
): WriteQueue {
  const { bytes: maxBytes, requests: maxRequests, rowsPerTransaction } = { ...DEFAULT_LIMITS, ...limits };
  let waiting: Entry[] = [];
  let waitingRows = 0;
  const posted = new Map<number, readonly Entry[]>();
  let held = { bytes: 0, requests: 0 };
  let lastBatch = 0;
  let scheduled = false;
  let idle: PromiseWithResolvers<void> | undefined;

  const pump = (): void => {
    scheduled = false;
    // A second batch may follow at once when it is full: the thread then never waits for this one's event loop.
    while (waiting.length > 0 && (posted.size === 0 || (posted.size === 1 && waitingRows >= rowsPerTransaction))) {
      let rows = 0;
      const count = waiting.findIndex((entry, index) => (rows += entry.rows) > rowsPerTransaction && index > 0);
      const entries = waiting.splice(0, count === -1 ? waiting.length : count);
      waitingRows -= entries.reduce((sum, entry) => sum + entry.rows, 0);
      lastBatch += 1;
      posted.set(lastBatch, entries);
      post(
        lastBatch,
        entries.map(({ request }) => request),
      );
    }
    if (posted.size === 0 && waiting.length === 0) idle?.resolve();
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(pump);
  };

  const release = (entries: readonly Entry[]): void => {
    for (const { bytes } of entries) held = { bytes: held.bytes - bytes, requests: held.requests - 1 };
  };

  return {
    add(request) {
      const { bytes, rows } = sizeOf(request);
      const full = held.requests >= maxRequests || (held.requests > 0 && held.bytes + bytes > maxBytes);
      if (full && request.kind !== "commit") {
        return Promise.reject(
          new StoreError(
            "store-overloaded",
            "More input waits to be stored than the queue may hold; send it again later.",
            { retryable: true },
          ),
        );
      }
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      held = { bytes: held.bytes + bytes, requests: held.requests + 1 };
      waiting.push({ request, bytes, rows, resolve, reject });
      waitingRows += rows;
      schedule();
      return promise;
    },
    written(batch, outcomes) {
      const entries = posted.get(batch) ?? [];
      posted.delete(batch);
      release(entries);
      for (const [index, { resolve, reject }] of entries.entries()) {
        const outcome = outcomes[index];
        if (outcome && "value" in outcome) resolve(outcome.value);
        else if (outcome) reject(fromWire(outcome.error));
      }
      pump();
    },
    drained() {
      if (posted.size === 0 && waiting.length === 0) return Promise.resolve();
      idle ??= Promise.withResolvers<void>();
      return idle.promise;
    },
    fail(error) {
      const entries = [...[...posted.values()].flat(), ...waiting];
      posted.clear();
      waiting = [];
      waitingRows = 0;
      release(entries);
      for (const { reject } of entries) reject(error);
      idle?.resolve();
    },
  };
}

function sizeOf(request: WriteRequest): { readonly bytes: number; readonly rows: number } {
  switch (request.kind) {
    case "append":
      return {
        bytes: request.rows.reduce((sum, row) => sum + row.document.length + row.id.length + 256, 0),
        rows: Math.max(1, request.rows.length),
      };
    case "refuse":
      return { bytes: request.inputs.length * 2_048, rows: Math.max(1, request.inputs.length) };
    case "commit":
      return { bytes: 0, rows: 1 + request.step.facts.length };
  }
}
