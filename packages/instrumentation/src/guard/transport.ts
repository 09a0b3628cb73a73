import { randomBytes } from "node:crypto";
import { GUARD_PATHS } from "@vedette/semconv";
import { openDecisionStream } from "./decision-stream.ts";
import { MAX_SNAPSHOT_CHARACTERS } from "./snapshot.ts";
import type { Timing } from "./timing.ts";
import type { WorkerClient } from "./worker-client.ts";

/** What brings snapshots, and what they are brought to. */
export interface TransportOptions {
  readonly client: WorkerClient;
  readonly timing: Timing;
  /** Between 0 and 1; spreads reconnects. */
  readonly random: () => number;
  /** What has to be done before the first request; rejecting is one failure. */
  readonly prepare: () => Promise<void>;
  /**
   * Takes what came.
   *
   * @param floor A snapshot with a smaller sequence is a replay on this connection.
   * @returns Its sequence, and how many milliseconds later than the promptest one so far it came; undefined when it was refused.
   */
  readonly deliver: (data: string, floor: number) => { readonly sequence: number; readonly late: number } | undefined;
  /** Sequence of the snapshot in force. */
  readonly lastSequence: () => number;
  readonly onConnected: (by: "stream" | "poll" | undefined) => void;
  readonly onFailure: (cause: unknown) => void;
}

/** Streams that were cut before they had lived long, or that did not come about, in a row, after which polling is tried. */
const MAX_CUTS = 3;
/** Failed polls in a row after which the stream is tried. */
const MAX_FAILED_POLLS = 2;

/**
 * Keeps snapshots coming: by a stream, or by long polls where something in between cuts it or holds it back. While it polls it tries the stream now and then, and
 * goes back when one has held for a while.
 *
 * @returns Ends it.
 */
export function startTransport(options: TransportOptions): () => void {
  const { client, timing, random, prepare, deliver, lastSequence, onConnected, onFailure } = options;
  const guardId = randomBytes(8).toString("hex");
  let stopped = false;
  let failures = 0;
  let cuts = 0;
  let failedPolls = 0;
  let pollSeconds = timing.pollSeconds;
  let retryAfter = timing.retryStream;
  let timer: NodeJS.Timeout | undefined;
  let trialTimer: NodeJS.Timeout | undefined;
  let closeStream = (): void => {};
  /** Changes with each change of the way, so that an answer to an old poll starts no second loop. */
  let polling = 0;

  function later(work: () => void): void {
    const delay = Math.min(timing.firstDelay * 2 ** failures, timing.longestDelay);
    failures++;
    clearTimeout(timer);
    timer = setTimeout(work, delay * (0.5 + random() / 2));
    timer.unref();
  }

  function fail(cause: unknown, next: () => void): void {
    onConnected(undefined);
    if (stopped) return;
    if (cause !== undefined) onFailure(cause);
    later(next);
  }

  function begin(): void {
    if (stopped) return;
    prepare().then(stream, (cause: unknown) => fail(cause, begin));
  }

  function stream(): void {
    if (stopped) return;
    const opened = performance.now();
    let floor = lastSequence();
    closeStream = openDecisionStream(client, timing, {
      onSnapshot(data) {
        const came = deliver(data, floor);
        if (came === undefined) return 0;
        floor = came.sequence;
        failures = 0;
        onConnected("stream");
        return came.late;
      },
      onEnd(end, cause) {
        if (end === "held_back") return poll();
        if (end === "refused") return fail(cause, poll);
        const lived = performance.now() - opened;
        cuts = lived < timing.steady ? cuts + 1 : 0;
        if (cuts < MAX_CUTS) fail(cause, stream);
        else if (end === "cut") poll();
        // Nobody answers, or something in between ends streams before their first byte: a poll tells which.
        else fail(cause, poll);
      },
    });
  }

  function poll(): void {
    if (stopped) return;
    cuts = 0;
    failedPolls = 0;
    const mine = ++polling;
    planTrial();
    // The first one is answered at once: whether this way works is known then, and not only with the next news.
    void pollOnce(mine, 0);
  }

  async function pollOnce(mine: number, wait = pollSeconds): Promise<void> {
    const floor = lastSequence();
    const query = new URLSearchParams({
      after: String(Math.max(0, floor)),
      wait: String(wait),
      guard: guardId,
    });
    const asked = performance.now();
    const isOver = (): boolean => stopped || mine !== polling;
    try {
      const patience = wait * 1000 + timing.firstSnapshot;
      const path = `${GUARD_PATHS.decisions}?${query.toString()}`;
      const { status, body } = await client.ask(path, { limit: MAX_SNAPSHOT_CHARACTERS, patience });
      if (isOver()) return;
      if (status !== 200 && status !== 204) throw new Error(`answer ${status}`);
      if (status === 200 && deliver(body, floor) === undefined) throw new Error("a snapshot that is refused");
      failures = 0;
      failedPolls = 0;
      onConnected("poll");
      setImmediate(() => isOver() || void pollOnce(mine));
    } catch (cause) {
      if (isOver()) return;
      const waited = performance.now() - asked;
      if (wait > 1 && waited > 1000) {
        // Cut while it waited: something in between has less patience than the worker.
        pollSeconds = Math.max(1, Math.floor(wait / 2));
        return fail(cause, () => void pollOnce(mine));
      }
      if (++failedPolls >= MAX_FAILED_POLLS) {
        polling++;
        clearTimeout(trialTimer);
        return fail(cause, stream);
      }
      fail(cause, () => void pollOnce(mine));
    }
  }

  function planTrial(): void {
    clearTimeout(trialTimer);
    trialTimer = setTimeout(tryStream, retryAfter * (0.5 + random() / 2));
    trialTimer.unref();
  }

  /** Opens a stream beside the polls; it takes over once it has lived for long enough. */
  function tryStream(): void {
    if (stopped) return;
    let floor = lastSequence();
    let tookOver = false;
    const opened = performance.now();
    const close = openDecisionStream(client, timing, {
      onSnapshot(data) {
        const came = deliver(data, floor);
        if (came === undefined) return 0;
        floor = came.sequence;
        return came.late;
      },
      onEnd(end, cause) {
        clearTimeout(trialTimer);
        if (!tookOver) {
          retryAfter = Math.min(retryAfter * 2, timing.longestRetry);
          planTrial();
          return;
        }
        if (end === "held_back") return poll();
        cuts = performance.now() - opened < timing.steady ? cuts + 1 : 0;
        if (end === "refused" || cuts >= MAX_CUTS) return poll();
        fail(cause, stream);
      },
    });
    closeStream = close;
    trialTimer = setTimeout(() => {
      tookOver = true;
      retryAfter = timing.retryStream;
      polling++;
      onConnected("stream");
    }, timing.trial);
    trialTimer.unref();
  }

  begin();
  return () => {
    stopped = true;
    polling++;
    clearTimeout(timer);
    clearTimeout(trialTimer);
    closeStream();
    client.close();
    onConnected(undefined);
  };
}
