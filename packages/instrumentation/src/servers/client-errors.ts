import { EventEmitter } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What a server could not read from a connection. */
export interface ClientError {
  /** `HPE_…` of the parser, `ERR_HTTP_REQUEST_TIMEOUT` or a code of the socket. */
  readonly code: string;
  readonly socket: Duplex & { readonly remoteAddress?: string | undefined };
}

/**
 * Watches what servers cannot read. A listener of `clientError` would take node's own answer away, so that none is added: node asks a
 * socket for the number of its error listeners just before it emits, and the server's next event is looked at.
 *
 * @param tell Must not throw.
 * @returns Ends the watch.
 */
export function watchClientErrors(tell: (error: ClientError) => void): () => void {
  if (Object.hasOwn(Socket.prototype, "listenerCount")) return () => {};
  const original = EventEmitter.prototype.listenerCount;
  let active = true;
  const listenerCount = function listenerCount(
    this: Socket & { server?: unknown },
    ...args: Parameters<typeof original>
  ): number {
    const { server } = this;
    if (active && args[0] === "error" && (server instanceof http.Server || server instanceof https.Server))
      lookAtNext(server, tell);
    return original.apply(this, args);
  };
  Object.defineProperty(Socket.prototype, "listenerCount", {
    value: listenerCount,
    writable: true,
    configurable: true,
  });
  return () => {
    active = false;
    if (Reflect.get(Socket.prototype, "listenerCount") === listenerCount)
      Reflect.deleteProperty(Socket.prototype, "listenerCount");
  };
}

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;
const looking = new WeakSet<object>();

function lookAtNext(server: EventEmitter, tell: (error: ClientError) => void): void {
  // Somebody replaced `emit` on the server already, perhaps ourselves for a request that is being blocked.
  if (looking.has(server) || Object.hasOwn(server, "emit")) return;
  looking.add(server);
  const below = server.emit as Emit;
  const once: Emit = function emit(...args) {
    looking.delete(server);
    if (Object.getOwnPropertyDescriptor(server, "emit")?.value === once) Reflect.deleteProperty(server, "emit");
    const [event, error, socket] = args;
    if (event === "clientError" && error instanceof Error) {
      const { code } = error as NodeJS.ErrnoException;
      tell({ code: code ?? error.name, socket: socket as ClientError["socket"] });
    }
    return below.apply(this, args);
  };
  Object.defineProperty(server, "emit", { value: once, writable: true, configurable: true, enumerable: false });
}
