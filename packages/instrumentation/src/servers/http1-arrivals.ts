import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { EventEmitter } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import { currentRequest, type RequestState } from "../current-request.ts";

/** Where an answer goes: the response of a request, or the socket of an `upgrade` or `CONNECT`. */
export type AnswerTarget = http.ServerResponse | Duplex;

/** What becomes of a request that arrived. */
export interface Arrival {
  readonly state: RequestState;
  /** Answers in the application's place, which then never sees the request, and says whether it did; undefined lets it pass. */
  readonly answer: ((target: AnswerTarget) => boolean) | undefined;
  /** Called inside of the span that another instrumentation starts around the application; at once where there is none. */
  readonly inspect: () => void;
}

/** Who is told about requests. */
export interface Arrivals {
  /**
   * @param response Undefined where the request asks for an upgrade.
   * @returns undefined when the request is to pass unobserved.
   */
  arrive(request: http.IncomingMessage, response: http.ServerResponse | undefined): Arrival | undefined;
  finished(request: http.IncomingMessage, response: http.ServerResponse): void;
  error(cause: unknown): void;
}

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;

const REQUEST_START = "http.server.request.start";
const RESPONSE_FINISH = "http.server.response.finish";

/** Events by which a server hands a request on; the arguments are the request and a response or, for the last two, the socket. */
const REQUEST_EVENTS: ReadonlySet<unknown> = new Set([
  "request",
  "checkContinue",
  "checkExpectation",
  "upgrade",
  "connect",
]);

/**
 * Watches the requests of every server of node:http and node:https, of those that exist already, too.
 *
 * No function of ours is on the stack while the application handles a request, so that the stack traces of its errors are what they
 * were: node tells of a request on a diagnostics channel just before it emits it, the state enters the asynchronous context there,
 * and `emit` is replaced on the server only for the moment of a request that must not reach the application.
 *
 * @returns Ends the watch.
 */
export function watchHttp1(arrivals: Arrivals): () => void {
  const onStart = (message: unknown): void => {
    try {
      const { request, response, server } = message as {
        request: http.IncomingMessage;
        response: http.ServerResponse;
        server: http.Server;
      };
      release(server);
      const arrival = arrivals.arrive(request, response);
      if (arrival === undefined) return;
      currentRequest.enterWith(arrival.state);
      if (arrival.answer !== undefined) intercept(server, request, arrivals, arrival);
      else if (request.headers.expect === undefined && isWrapped(server)) inspectInside(server, request, arrival);
      else arrival.inspect();
    } catch (cause) {
      arrivals.error(cause);
    }
  };
  const onFinish = (message: unknown): void => {
    try {
      const { request, response } = message as { request: http.IncomingMessage; response: http.ServerResponse };
      arrivals.finished(request, response);
    } catch (cause) {
      arrivals.error(cause);
    }
  };
  subscribe(REQUEST_START, onStart);
  subscribe(RESPONSE_FINISH, onFinish);
  const undo = [http.Server.prototype, https.Server.prototype].map((prototype) => watchUpgrades(prototype, arrivals));
  return () => {
    unsubscribe(REQUEST_START, onStart);
    unsubscribe(RESPONSE_FINISH, onFinish);
    for (const each of undo) each();
  };
}

/**
 * Watches `upgrade` and `CONNECT`, which no channel tells of: node asks for the number of their listeners just before it emits them.
 */
export function watchUpgrades(prototype: object, arrivals: Arrivals): () => void {
  const original = EventEmitter.prototype.listenerCount;
  let active = true;
  const listenerCount = function listenerCount(this: http.Server, ...args: Parameters<typeof original>): number {
    const count = original.apply(this, args);
    if (active && count > 0 && (args[0] === "upgrade" || args[0] === "connect")) intercept(this, undefined, arrivals);
    return count;
  };
  if (Object.hasOwn(prototype, "listenerCount")) return () => {};
  Object.defineProperty(prototype, "listenerCount", { value: listenerCount, writable: true, configurable: true });
  return () => {
    active = false;
    if (Reflect.get(prototype, "listenerCount") === listenerCount) Reflect.deleteProperty(prototype, "listenerCount");
  };
}

const interceptions = new WeakMap<object, () => void>();

/** Takes an interception off again that its request did not use: node answered that request by itself. */
function release(server: object): void {
  interceptions.get(server)?.();
}

/**
 * Replaces `emit` on a server until its next event.
 *
 * @param blocked The request that must not reach the application; undefined for whichever is upgraded next.
 */
function intercept(
  server: EventEmitter,
  blocked: http.IncomingMessage | undefined,
  arrivals: Arrivals,
  known?: Arrival,
): void {
  release(server);
  const own = Object.getOwnPropertyDescriptor(server, "emit");
  const below = server.emit as Emit;
  const restore = (): void => {
    interceptions.delete(server);
    if (Object.getOwnPropertyDescriptor(server, "emit")?.value !== once) return;
    if (own === undefined) Reflect.deleteProperty(server, "emit");
    else Object.defineProperty(server, "emit", own);
  };
  const once: Emit = function emit(...args) {
    // node writes 100 Continue and other things first, which emit events of their own on other objects only.
    restore();
    const [event, request, target] = args as [unknown, http.IncomingMessage, AnswerTarget];
    let arrival = known;
    try {
      if (!REQUEST_EVENTS.has(event) || (blocked !== undefined && request !== blocked)) arrival = undefined;
      else if (blocked === undefined && (event === "upgrade" || event === "connect"))
        arrival = arrivals.arrive(request, undefined);
      if (arrival?.answer?.(target) === true) return true;
      // What the guard left to the application after all is looked at like any other.
      if (blocked === undefined || arrival?.answer !== undefined) arrival?.inspect();
    } catch (cause) {
      arrivals.error(cause);
      if (arrival?.answer !== undefined) return true;
    }
    return arrival === undefined
      ? below.apply(this, args)
      : currentRequest.run(arrival.state, () => below.apply(this, args));
  };
  Object.defineProperty(server, "emit", { value: once, writable: true, configurable: true, enumerable: false });
  interceptions.set(server, restore);
}

/** True when an OpenTelemetry instrumentation wrapped `emit`: its span begins after node told of the request. */
function isWrapped(server: EventEmitter): boolean {
  return "__original" in server.emit;
}

function inspectInside(server: http.Server, request: http.IncomingMessage, arrival: Arrival): void {
  server.prependOnceListener("request", (seen: unknown) => {
    if (seen === request) arrival.inspect();
  });
}
