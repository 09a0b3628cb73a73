import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { GuardAnswer } from "./guard/verdict.ts";

const DRAIN_BYTES = 65_536;

/** Gives the guard's answer to a request that the application has not seen and never will. */
export function answerInItsPlace(request: IncomingMessage, response: ServerResponse, answer: GuardAnswer): void {
  const length = Number(
    request.headers["content-length"] ?? (request.headers["transfer-encoding"] === undefined ? 0 : Infinity),
  );
  write(response, answer);
  // A small body is read and thrown away so that the connection can serve on; nobody gets to send a large one.
  const keepsConnection = length <= DRAIN_BYTES && request.headers.expect === undefined;
  if (!keepsConnection) response.setHeader("Connection", "close");
  request.on("error", ignore);
  response.on("error", ignore);
  request.resume();
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

/**
 * Gives the guard's answer to a request that the application has begun to work on, and takes the response out of its hands: whatever it does to it from here on has no effect
 * and throws nothing.
 *
 * @returns False when the application has answered already.
 */
export function answerBehindItsBack(request: IncomingMessage, response: ServerResponse, answer: GuardAnswer): boolean {
  if (response.headersSent || response.writableEnded || response.destroyed) return false;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  write(response, answer);
  response.on("error", ignore);
  // The head goes out now: what the application put before the end of answers (a session that is saved) may let the rest wait, and writes it past us.
  response.flushHeaders();
  response.end(request.method === "HEAD" ? undefined : answer.body);
  mute(response);
  return true;
}

/** Gives the guard's answer to an `upgrade` or `connect` on its bare socket and closes it. */
export function answerOnSocket(socket: Duplex, { status, headers, body }: GuardAnswer): void {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    (Array.isArray(values) ? values : [values]).map((value: string) => `${name}: ${value}\r\n`),
  );
  socket.on("error", ignore);
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join("")}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

const REASONS = {
  401: "Unauthorized",
  403: "Forbidden",
  429: "Too Many Requests",
  503: "Service Unavailable",
} as const;

function write(response: ServerResponse, { status, headers, body }: GuardAnswer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers))
    response.setHeader(name, typeof value === "string" ? value : [...value]);
  response.setHeader("Content-Length", Buffer.byteLength(body));
}

/** The client may hang up at any time, and without a listener its error would end the process. */
function ignore(): void {}

const NEUTRAL = ["setHeader", "setHeaders", "appendHeader", "removeHeader", "writeHead", "addTrailers"] as const;

function mute(response: ServerResponse): void {
  const done = (parts: readonly unknown[]): void => {
    const callback = parts.findLast((part) => typeof part === "function");
    if (callback !== undefined) process.nextTick(callback);
  };
  const replace = (name: string, value: unknown): void =>
    void Object.defineProperty(response, name, { value, writable: true, configurable: true, enumerable: false });
  for (const name of NEUTRAL) replace(name, () => response);
  for (const name of ["flushHeaders", "writeContinue", "writeProcessing", "writeEarlyHints"]) replace(name, () => {});
  replace("write", (...parts: unknown[]) => {
    done(parts);
    return true;
  });
  replace("end", (...parts: unknown[]) => {
    done(parts);
    return response;
  });
}
