import * as http from "node:http";
import * as net from "node:net";
import type { AddressInfo } from "node:net";

/** Starts a server on a free port of 127.0.0.1. */
export async function listen(server: net.Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.listen(0, "127.0.0.1", () => resolve());
  await promise;
  return (server.address() as AddressInfo).port;
}

/** Closes a server with everything that is connected to it. */
export async function close(server: http.Server | net.Server): Promise<void> {
  if ("closeAllConnections" in server) server.closeAllConnections();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  await promise;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** Sends one request. */
export async function send(
  port: number,
  path: string,
  options: http.RequestOptions & { readonly body?: string | Buffer } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const request = http.request({ host: "127.0.0.1", port, path, ...options }, (response) => {
    let body = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => (body += chunk));
    response.on("error", reject);
    response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
  });
  request.on("error", reject);
  request.end(options.body);
  return promise;
}

/** Writes bytes to a fresh connection and returns everything that came back until the server closed it. */
export async function sendRaw(port: number, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
  let received = "";
  socket.setEncoding("utf8");
  socket.on("data", (chunk: string) => (received += chunk));
  socket.on("error", reject);
  socket.on("close", () => resolve(received));
  return promise;
}

/** Resolves when a condition holds; checked each time something happened that can change it. */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds = 20_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("What was waited for did not happen.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
