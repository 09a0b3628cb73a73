import { subscribe, unsubscribe } from "node:diagnostics_channel";
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";

/** Tells clients apart that open connections and let them wait. */
export interface OpenConnections {
  /** The head of a request arrived on a connection. */
  arrived(socket: Pick<Socket, "remoteAddress" | "remotePort">): void;
  stop(): void;
}

const SOCKET = "net.server.socket";
/** Connections of one address without a complete request; a browser opens six. */
const WAITING = 50;
const WAITING_MILLISECONDS = 5_000;
const ADDRESSES = 4096;
const AGAIN_MILLISECONDS = 60_000;

/**
 * Watches connections to HTTP servers on which no request has arrived.
 *
 * @param tell Called with the address of a client that holds many of them; at most once a minute for each address. Must not throw.
 * @param now Milliseconds of a clock that only goes forward.
 */
export function watchOpenConnections(
  tell: (address: string) => void,
  now: () => number = () => performance.now(),
): OpenConnections {
  const waiting = new Map<string, Map<number, { readonly since: number; readonly socket: Socket }>>();
  const toldAt = new Map<string, number>();

  const onSocket = (message: unknown): void => {
    const { socket } = message as { socket: Socket & { server?: unknown } };
    if (!(socket.server instanceof http.Server || socket.server instanceof https.Server)) return;
    const { remoteAddress: address, remotePort: port } = socket;
    if (address === undefined || port === undefined) return;
    let sockets = waiting.get(address);
    if (sockets === undefined) {
      if (waiting.size >= ADDRESSES) sweep();
      if (waiting.size >= ADDRESSES) return;
      waiting.set(address, (sockets = new Map()));
    }
    sockets.set(port, { since: now(), socket });
    if (sockets.size > WAITING) judge(address, sockets);
  };

  function judge(address: string, sockets: Map<number, { readonly since: number; readonly socket: Socket }>): void {
    for (const [port, { socket }] of sockets) if (socket.destroyed) sockets.delete(port);
    const time = now();
    const old = [...sockets.values()].filter(({ since }) => time - since > WAITING_MILLISECONDS);
    if (old.length < WAITING || time - (toldAt.get(address) ?? -AGAIN_MILLISECONDS) < AGAIN_MILLISECONDS) return;
    if (toldAt.size >= ADDRESSES) toldAt.clear();
    toldAt.set(address, time);
    tell(address);
  }

  function sweep(): void {
    for (const [address, sockets] of waiting) {
      for (const [port, { socket }] of sockets) if (socket.destroyed) sockets.delete(port);
      if (sockets.size === 0) waiting.delete(address);
    }
  }

  const onSocketQuietly = (message: unknown): void => {
    try {
      onSocket(message);
    } catch {
      // A socket that says nothing about itself is not counted.
    }
  };
  subscribe(SOCKET, onSocketQuietly);
  return {
    arrived({ remoteAddress, remotePort }) {
      if (remoteAddress === undefined || remotePort === undefined) return;
      const sockets = waiting.get(remoteAddress);
      if (sockets?.delete(remotePort) === true && sockets.size === 0) waiting.delete(remoteAddress);
    },
    stop: () => unsubscribe(SOCKET, onSocketQuietly),
  };
}
