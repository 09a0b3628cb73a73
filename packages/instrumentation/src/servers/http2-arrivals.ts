import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { alsoKnownAs, currentRequest, type RequestState } from "../current-request.ts";
import type { GuardAnswer } from "../guard/verdict.ts";
import type { SentResponse } from "./response-headers.ts";

/** What becomes of a stream that began. */
export interface StreamArrival {
  readonly state: RequestState;
  /** The answer in the application's place; undefined lets the stream pass. */
  readonly answer: (() => GuardAnswer | undefined) | undefined;
  readonly inspect: () => void;
}

/** Who is told about streams. */
export interface StreamArrivals {
  /** @returns undefined when the stream is to pass unobserved. */
  arrive(request: IncomingMessage): StreamArrival | undefined;
  finished(request: IncomingMessage, response: SentResponse): void;
  error(cause: unknown): void;
}

const START = "http2.server.stream.start";
const FINISH = "http2.server.stream.finish";

/**
 * Watches the requests of servers of node:http2, by the stream API and by the compatible one, where Node.js tells of streams on
 * diagnostics channels (24 and later). As with HTTP/1, nothing of ours is on the stack of the application.
 *
 * @returns Ends the watch.
 */
export function watchHttp2(arrivals: StreamArrivals): () => void {
  const heads = new WeakMap<object, IncomingMessage>();
  const onStart = (message: unknown): void => {
    try {
      const { stream, headers } = message as { stream: ServerHttp2Stream; headers: IncomingHttpHeaders };
      // What a server pushes is no request: its streams have even numbers (RFC 9113, section 5.1.1).
      if (stream.id === undefined || stream.id % 2 === 0) return;
      const head = headOf(stream, headers);
      const arrival = arrivals.arrive(head);
      if (arrival === undefined) return;
      heads.set(stream, head);
      // Requests of the compatible API keep their stream.
      alsoKnownAs(arrival.state, stream);
      currentRequest.enterWith(arrival.state);
      if (arrival.answer === undefined) arrival.inspect();
      else intercept(stream, arrival, arrivals);
    } catch (cause) {
      arrivals.error(cause);
    }
  };
  const onFinish = (message: unknown): void => {
    try {
      const { stream, headers } = message as { stream: ServerHttp2Stream; headers: OutgoingHttpHeaders };
      const head = heads.get(stream);
      if (head === undefined) return;
      arrivals.finished(head, {
        statusCode: Number(headers[":status"] ?? 200),
        getHeader: (name) => headers[name],
      });
    } catch (cause) {
      arrivals.error(cause);
    }
  };
  subscribe(START, onStart);
  subscribe(FINISH, onFinish);
  return () => {
    unsubscribe(START, onStart);
    unsubscribe(FINISH, onFinish);
  };
}

/** The head of a stream in the form in which requests of HTTP/1 have it. */
function headOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): IncomingMessage {
  const plain: Record<string, string | string[] | undefined> = {};
  for (const [name, value] of Object.entries(headers)) if (!name.startsWith(":")) plain[name] = value;
  plain["host"] ??= headers[":authority"];
  const head = {
    method: headers[":method"],
    url: headers[":path"],
    headers: plain,
    rawHeaders: Object.entries(plain).flat(),
    httpVersion: "2.0",
    httpVersionMajor: 2,
    httpVersionMinor: 0,
    socket: stream.session?.socket ?? {},
  };
  return head as unknown as IncomingMessage;
}

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** Replaces `emit` on a session until it emits the stream that is to be answered in the application's place. */
function intercept(blocked: ServerHttp2Stream, arrival: StreamArrival, arrivals: StreamArrivals): void {
  const { session } = blocked;
  if (session === undefined) return;
  const own = Object.getOwnPropertyDescriptor(session, "emit");
  const below = (session as EventEmitter).emit as Emit;
  let isOver = false;
  const emit: Emit = function (...args) {
    if (isOver || args[0] !== "stream" || args[1] !== blocked) return below.apply(this, args);
    isOver = true;
    // Another one may lie on top by now; it then goes through this one, which lets everything pass.
    if (Object.getOwnPropertyDescriptor(session, "emit")?.value === emit) {
      if (own === undefined) Reflect.deleteProperty(session, "emit");
      else Object.defineProperty(session, "emit", own);
    }
    try {
      const answer = arrival.answer?.();
      if (answer !== undefined) {
        respond(blocked, answer, arrival.state.request.method === "HEAD");
        return true;
      }
      arrival.inspect();
    } catch (cause) {
      arrivals.error(cause);
      if (arrival.state.blocked) return true;
    }
    return below.apply(this, args);
  };
  Object.defineProperty(session, "emit", { value: emit, writable: true, configurable: true, enumerable: false });
}

function respond(stream: ServerHttp2Stream, { status, headers, body }: GuardAnswer, isHead: boolean): void {
  stream.on("error", () => {
    // The blocked client may go away at any time.
  });
  stream.resume();
  if (stream.destroyed || stream.headersSent) return;
  const sent: OutgoingHttpHeaders = { ":status": status, "content-length": Buffer.byteLength(body) };
  for (const [name, value] of Object.entries(headers))
    sent[name.toLowerCase()] = typeof value === "string" ? value : [...value];
  stream.respond(sent);
  stream.end(isHead ? undefined : body);
}
