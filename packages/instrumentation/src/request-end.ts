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
    // Of HTTP/2 the stream is known, too.
    subscribe("http2.server.stream.close", (message) => {
      const { stream } = message as { stream?: object & { sentHeaders?: Readonly<Record<string, unknown>> } };
      const closed = stream === undefined ? undefined : knownRequest(stream);
      const status = stream?.sentHeaders?.[":status"];
      if (closed !== undefined) end(closed, typeof status === "number" ? status : undefined);
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
    for (const each of open) end(each, undefined);
  });
}

function carrierOf(state: RequestState): EventEmitter | undefined {
  const { socket } = state.request as { socket?: EventEmitter | null };
  return typeof socket?.once === "function" ? socket : undefined;
}

function end(state: RequestState, statusCode: number | undefined): void {
  const waiting = listeners.get(state);
  if (waiting === undefined) return;
  listeners.delete(state);
  const carrier = carrierOf(state);
  if (carrier !== undefined) carried.get(carrier)?.delete(state);
  for (const listener of waiting) {
    try {
      listener(statusCode);
    } catch {
      // Thrown on a diagnostics channel it would end the process; whoever listens has counted what there was to count.
    }
  }
}
