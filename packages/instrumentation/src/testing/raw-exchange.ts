import * as net from "node:net";

/** What to send on a fresh connection, and how. */
export interface RawExchange {
  readonly name: string;
  /** Pieces that are written one after the other; a function waits for bytes that came back. */
  readonly send: readonly (string | Buffer | { readonly until: RegExp })[];
  /** Ends the sending side once everything is written (a half-closed socket). */
  readonly halfClose?: boolean;
  /** Tears the connection down instead of waiting for its end. */
  readonly abort?: boolean;
}

const SILENCE_MILLISECONDS = 15_000;

/** Does an exchange and returns every byte that came back, as latin-1 text. */
export async function exchange(port: number, { send, halfClose, abort }: RawExchange): Promise<string> {
  const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  let arrived = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  socket.setEncoding("latin1");
  socket.on("data", (chunk: string) => {
    received += chunk;
    arrived.resolve();
  });
  for (const event of ["end", "close", "error"] as const)
    socket.on(event, () => {
      ended.resolve();
      arrived.resolve();
    });
  const timer = setTimeout(() => {
    received += "\n(the server neither answered nor closed)";
    ended.resolve();
    arrived.resolve();
  }, SILENCE_MILLISECONDS);
  const state = { isOver: false };
  void ended.promise.then(() => (state.isOver = true));
  for (const piece of send) {
    if (typeof piece === "string" || Buffer.isBuffer(piece)) {
      socket.write(piece);
      continue;
    }
    while (!piece.until.test(received) && !state.isOver) {
      arrived = Promise.withResolvers<void>();
      await arrived.promise;
    }
  }
  if (abort === true) socket.destroy();
  else {
    if (halfClose === true) socket.end();
    await ended.promise;
  }
  clearTimeout(timer);
  socket.destroy();
  return received;
}

/** Takes out of an answer what is never the same twice. */
export function withoutDates(answer: string): string {
  return answer.replaceAll(/^date: .*$/gim, "date: (now)").replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:(port)");
}

/** Joins the chunks of a chunked answer, so that only its contents are compared. */
export function withoutChunkBounds(answer: string): string {
  const head = answer.lastIndexOf("\r\n\r\n", answer.search(/transfer-encoding: chunked/i));
  const start = answer.indexOf("\r\n\r\n", Math.max(0, head + 1)) + 4;
  if (!/transfer-encoding: chunked/i.test(answer.slice(0, start))) return answer;
  let body = "";
  let position = start;
  for (;;) {
    const line = answer.indexOf("\r\n", position);
    const length = Number.parseInt(answer.slice(position, line), 16);
    if (line < 0 || Number.isNaN(length)) return `${answer.slice(0, start)}${body}(broken)${answer.slice(position)}`;
    if (length === 0) return `${answer.slice(0, start)}${body}(end)${answer.slice(line)}`;
    body += answer.slice(line + 2, line + 2 + length);
    position = line + 2 + length + 2;
  }
}
