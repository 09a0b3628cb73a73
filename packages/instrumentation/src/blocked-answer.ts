import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

const BODY = "Forbidden\n";
const DRAIN_BYTES = 65_536;

/** Answers a blocked request with a 403 that says nothing about why; the application's handlers never see the request. */
export function answerBlockedRequest(request: IncomingMessage, response: ServerResponse): void {
  const length = Number(
    request.headers["content-length"] ?? (request.headers["transfer-encoding"] === undefined ? 0 : Infinity),
  );
  response.statusCode = 403;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.setHeader("Cache-Control", "no-store");
  response.setHeader("Content-Length", Buffer.byteLength(BODY));
  // A small body is read and thrown away so that the connection can serve on; nobody gets to send a large one.
  const keepsConnection = length <= DRAIN_BYTES && request.headers.expect === undefined;
  if (!keepsConnection) response.setHeader("Connection", "close");
  request.on("error", ignore);
  response.on("error", ignore);
  request.resume();
  response.end(request.method === "HEAD" ? undefined : BODY);
}

/** Answers a blocked `upgrade` or `connect` on its bare socket and closes it. */
export function answerBlockedSocket(socket: Duplex): void {
  socket.on("error", ignore);
  socket.end(
    `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\nConnection: close\r\n\r\n${BODY}`,
    () => socket.destroy(),
  );
}

/** The blocked client may hang up at any time, and without a listener its error would end the process. */
function ignore(): void {}
