import type { ServerResponse } from "node:http";
import { type Change, STREAM_EVENTS } from "@vedette/api";
import type { Ports } from "../ports.ts";
import type { Store } from "../store/store.ts";
import { createEventStreams, type StreamEvent } from "./event-stream.ts";
import type { Metrics } from "./metrics.ts";

/** The stream of changes: what to fetch again. */
export interface ChangeStream {
  hasRoom(): boolean;
  /** Answers a request with the stream, going on after the event that the client saw last. */
  open(response: ServerResponse, lastEventId: string | undefined): void;
  clients(): number;
  close(): Promise<void>;
}

/** Changes kept for clients that come back after a short break. */
const KEPT = 1000;

/** Follows the store and tells every connected client. Changes are hints; a client that may have missed one is told to `resync`. */
export function createChangeStream(options: {
  readonly store: Pick<Store, "onChange">;
  readonly ports: Pick<Ports, "timers" | "log" | "random">;
  readonly metrics: Metrics;
}): ChangeStream {
  const { store, ports, metrics } = options;
  const streams = createEventStreams({ name: "changes", timers: ports.timers, log: ports.log, metrics });
  // Numbers begin anew with each start of the worker; the epoch keeps those of an earlier one from being mistaken for them.
  const epoch = Buffer.from(ports.random.bytes(6)).toString("hex");
  const kept: StreamEvent[] = [];
  let last = 0;

  const unsubscribe = store.onChange((changes: readonly Change[]) => {
    for (const change of changes) {
      last += 1;
      const event = { event: STREAM_EVENTS.change, data: JSON.stringify(change), id: `${epoch}-${last}` };
      kept.push(event);
      streams.broadcast(event);
    }
    kept.splice(0, kept.length - KEPT);
  });

  /** The events after the one that a client saw last, or undefined when some of them are gone. */
  const missedSince = (lastEventId: string): readonly StreamEvent[] | undefined => {
    const [theirs, number] = lastEventId.split("-");
    const missed = last - Number(number);
    if (theirs !== epoch || !Number.isInteger(missed) || missed < 0 || missed > kept.length) return undefined;
    return kept.slice(kept.length - missed);
  };

  return {
    hasRoom: () => streams.hasRoom(),
    open(response, lastEventId) {
      const client = streams.open(response);
      const missed = lastEventId === undefined ? undefined : missedSince(lastEventId);
      const resync = { event: STREAM_EVENTS.resync, data: "{}", id: `${epoch}-${last}` };
      for (const event of missed ?? [resync]) client.send(event);
    },
    clients: () => streams.size(),
    async close() {
      unsubscribe();
      await streams.close();
    },
  };
}
