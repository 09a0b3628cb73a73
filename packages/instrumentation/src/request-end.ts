import { subscribe } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import { knownRequest, type RequestState } from "./current-request.ts";

type EndListener = (statusCode: number | undefined) => void;

const listeners = new WeakMap<RequestState, EndListener[]>();
/** Requests that wait, by what carries them: one listener each, because a client may send many requests at once. */
const carried = new WeakMap<EventEmitter, Set<RequestState>>();
let subscribed = false;

/**
 * Calls back once when a request is over: its answer was finished, or its connection closed without one.
 *
 * @param listener Gets the status that was answered, or undefined without an answer. Must not throw.
 */
export function onRequestEnd(state: RequestState, listener: EndListener): void {
  const known = listeners.get(state);
  if (known !== undefined) {
    known.push(listener);
    return;
  }
  listeners.set(state, [listener]);
  if (!subscribed) {
    subscribed = true;
    subscribe("http.server.response.finish", (message) => {
      const { request, response } = message as { request?: object; response?: { statusCode?: number } };
      const finished = request === undefined ? undefined : knownRequest(request);
      if (finished !== undefined) end(finished, response?.statusCode);
    });
  }
  const carrier = carrierOf(state);
  if (carrier === undefined) return;
  const waiting = carried.get(carrier);
  if (waiting !== undefined) {
    waiting.add(state);
    return;
  }
  carried.set(carrier, new Set([state]));
  carrier.once("close", () => {
    const open = carried.get(carrier) ?? [];
    carried.delete(carrier);
    for (const each of open) end(each, statusOfStream(carrier));
  });
}

/** HTTP/2 has a stream of its own for each request; HTTP/1 shares the socket, and is over before that in nearly all cases. */
function carrierOf(state: RequestState): EventEmitter | undefined {
  const request = state.request as { stream?: EventEmitter; socket?: EventEmitter | null };
  return request.stream ?? request.socket ?? undefined;
}

function statusOfStream(carrier: EventEmitter): number | undefined {
  const { sentHeaders } = carrier as { sentHeaders?: Record<string, unknown> };
  const status = sentHeaders?.[":status"];
  return typeof status === "number" ? status : undefined;
}

function end(state: RequestState, statusCode: number | undefined): void {
  const waiting = listeners.get(state);
  if (waiting === undefined) return;
  listeners.delete(state);
  const carrier = carrierOf(state);
  if (carrier !== undefined) carried.get(carrier)?.delete(state);
  for (const listener of waiting) listener(statusCode);
}
