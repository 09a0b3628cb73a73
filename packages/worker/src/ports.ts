/**
 * Everything with a side effect that the worker uses besides its store, handed in at `worker.ts`, so that it can run in a deterministic simulation (today: everything from the inbox to the effects; the listeners and the file source are tested by themselves).
 * No other file of the worker reads a clock, sets a timer, draws a random number or opens a connection (`cli/` and the files that
 * implement these ports excepted; a lint rule holds it).
 */

/** The present, in Unix milliseconds. */
export interface Clock {
  now(): number;
}

/** Waiting. */
export interface Timers {
  /** Resolves after `milliseconds`, or at once when the signal aborts (it never rejects). */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
}

/** Unpredictable bytes. */
export interface Random {
  bytes(count: number): Uint8Array;
}

/** An outgoing HTTP request with a small body. */
export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Milliseconds until the request is given up; its outcome is then unknown. */
  readonly timeout: number;
}

/** The answer to an outgoing request. */
export interface HttpResponse {
  readonly status: number;
  readonly body: string;
}

/** Outgoing network. Rejects when no answer came: what happened at the other end is then unknown. */
export interface Network {
  request(request: HttpRequest, signal?: AbortSignal): Promise<HttpResponse>;
}

/** Structured log of the worker (pino in production). */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** All ports together. */
export interface Ports {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly network: Network;
  readonly log: Log;
}
