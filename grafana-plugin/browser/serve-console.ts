import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Change, STREAM_EVENTS, STREAM_PATH } from "@vedette/api";
import type { FakeWorker } from "../src/testing/fake-worker.ts";

/** A console that is being served. */
export interface ServedConsole extends AsyncDisposable {
  readonly origin: string;
  /** Sends a change to every page that listens. */
  announce(change: Change): void;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
};

/** As the worker sends it: nothing but its own origin, no eval. Emotion writes style elements, hence the inline styles. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? undefined : JSON.parse(text);
}

/** Serves the built console from a folder, and the API from a fake worker, on a free port of the loopback address. */
export async function serveConsole(folder: string, worker: FakeWorker): Promise<ServedConsole> {
  const streams = new Set<ServerResponse>();

  const sendFile = async (response: ServerResponse, path: string) => {
    const file = join(folder, normalize(path));
    const bytes = await readFile(file);
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" });
    response.end(bytes);
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = request.url ?? "/";
    const { pathname } = new URL(url, "http://console");
    response.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
    if (pathname === STREAM_PATH) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write(": open\n\n");
      streams.add(response);
      response.on("close", () => streams.delete(response));
      return;
    }
    if (pathname.startsWith("/api/")) {
      const idempotencyKey = request.headers["idempotency-key"];
      const answer = worker.handle({
        method: request.method ?? "GET",
        url,
        body: await bodyOf(request),
        idempotencyKey: typeof idempotencyKey === "string" ? idempotencyKey : undefined,
      });
      const type = answer.status < 400 ? "application/json" : "application/problem+json";
      response.writeHead(answer.status, { "content-type": type });
      response.end(JSON.stringify(answer.body));
      return;
    }
    const isFile = pathname.startsWith("/host/") || pathname.startsWith("/public/");
    await sendFile(response, isFile ? pathname : "/index.html");
  };

  const server = createServer((request, response) => {
    handle(request, response).catch((error: NodeJS.ErrnoException) => {
      response.writeHead(error.code === "ENOENT" ? 404 : 500);
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    announce(change) {
      for (const stream of streams) stream.write(`event: ${STREAM_EVENTS.change}\ndata: ${JSON.stringify(change)}\n\n`);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}
