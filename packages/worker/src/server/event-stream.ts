import type { ServerResponse } from "node:http";
import type { Log, Timers } from "../ports.ts";
import type { Metrics } from "./metrics.ts";

/** One server-sent event. */
export interface StreamEvent {
  readonly event: string;
  /** One line: JSON. */
  readonly data: string;
  readonly id?: string;
}

/** One connected client of an event stream. */
export interface StreamClient {
  send(event: StreamEvent): void;
}

/** The clients of one event stream. */
export interface EventStreams {
  /** Whether another client may connect. */
  hasRoom(): boolean;
  /** Answers a request with an open stream. The client leaves when it closes the connection, or reads too slowly. */
  open(response: ServerResponse): StreamClient;
  broadcast(event: StreamEvent): void;
  size(): number;
  /** Ends every stream and the heartbeat. */
  close(): Promise<void>;
}

/** Settings of an event stream. */
export interface EventStreamOptions {
  /** Name in metrics and log. */
  readonly name: "changes" | "guard";
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Milliseconds between two comments that keep a silent connection open. */
  readonly heartbeat?: number;
  /** Bytes that may wait for a slow client before it is dropped. */
  readonly bufferLimit?: number;
  readonly clientLimit?: number;
}

const frameOf = (event: StreamEvent): string =>
  `${event.id === undefined ? "" : `id: ${event.id}\n`}event: ${event.event}\ndata: ${event.data}\n\n`;

/** Keeps the clients of one event stream (WHATWG HTML, "Server-sent events"). */
export function createEventStreams(options: EventStreamOptions): EventStreams {
  const { name, timers, log, metrics, heartbeat = 15_000, bufferLimit = 1024 * 1024, clientLimit = 256 } = options;
  const responses = new Set<ServerResponse>();
  const stop = new AbortController();

  const write = (response: ServerResponse, frame: string): void => {
    if (!responses.has(response)) return;
    // What still waits from before counts, not the frame at hand: one that is larger than the limit must get through as well.
    const waiting = response.writableLength;
    if (waiting <= bufferLimit) {
      response.write(frame);
      return;
    }
    responses.delete(response);
    metrics.streamClientsDropped.inc({ stream: name });
    log.warn({ stream: name, waiting }, "dropped a client that reads too slowly");
    response.destroy();
  };

  const beat = async (): Promise<void> => {
    for (;;) {
      await timers.sleep(heartbeat, stop.signal);
      if (stop.signal.aborted) return;
      for (const response of responses) write(response, ": heartbeat\n\n");
    }
  };
  const beating = beat();

  return {
    hasRoom: () => responses.size < clientLimit && !stop.signal.aborted,
    open(response) {
      // Gone while it waited for its turn: its `close` has been and will not come again.
      if (response.destroyed || stop.signal.aborted) return { send() {} };
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        // Asks a buffering reverse proxy (nginx) to pass events on at once.
        "x-accel-buffering": "no",
      });
      response.flushHeaders();
      responses.add(response);
      response.once("close", () => responses.delete(response));
      response.once("error", () => responses.delete(response));
      return { send: (event) => write(response, frameOf(event)) };
    },
    broadcast(event) {
      const frame = frameOf(event);
      for (const response of responses) write(response, frame);
    },
    size: () => responses.size,
    async close() {
      stop.abort();
      for (const response of responses) response.end();
      responses.clear();
      await beating;
    },
  };
}
