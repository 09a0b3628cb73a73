import { fork } from "node:child_process";
import { once } from "node:events";
import * as net from "node:net";
import { join } from "node:path";
import type { Indicator } from "@vedette/semconv";
import type { LabelledRequest } from "./labelled-data.ts";

const CONNECTIONS = 16;

/** What became of one request: what was emitted about it; undefined when Node answered it before any application could. */
export type Seen = ReadonlySet<Indicator> | undefined;

/**
 * Sends requests to a real application over loopback, by raw sockets that are kept open, and reads what the instrumentation emitted about each.
 *
 * @returns In the order of the requests.
 */
export async function sendAll(requests: readonly LabelledRequest[]): Promise<readonly Seen[]> {
  const child = fork(join(import.meta.dirname, "service.mjs"), {
    execArgv: ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"],
    env: {
      ...process.env,
      VEDETTE_EVENTS_PER_SECOND: "1000000000",
      VEDETTE_SERVER_SIGNALS: "false",
      VEDETTE_INSPECTION_MAX_MS: "1000",
      VEDETTE_HASH_KEY: "quality",
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  try {
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    const reached: boolean[] = [];
    let next = 0;
    const connection = async (): Promise<void> => {
      let client: Client | undefined;
      while (next < requests.length) {
        const index = next++;
        const request = requests[index];
        if (request === undefined) break;
        client ??= await connect(port);
        const { status, closed } = await client.ask(bytesOf(request, index));
        reached[index] = status === 204;
        if (closed) {
          client.end();
          client = undefined;
        }
      }
      client?.end();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, connection));
    child.send("events");
    const [{ events }] = (await once(child, "message")) as [{ events: readonly [string, readonly Indicator[]][] }];
    const seen: (Set<Indicator> | undefined)[] = requests.map((_request, index) =>
      reached[index] === true ? new Set<Indicator>() : undefined,
    );
    for (const [traceId, indicators] of events)
      for (const indicator of indicators) seen[Number.parseInt(traceId.slice(8), 16) - 1]?.add(indicator);
    return seen;
  } finally {
    child.send("end");
  }
}

function bytesOf(request: LabelledRequest, index: number): Buffer {
  const body = Buffer.from(request.body);
  const lines = [`${request.method} ${request.target} HTTP/1.1`];
  let chunked = false;
  let host = false;
  for (const [name, value] of request.headers) {
    const lower = name.toLowerCase();
    if (lower === "content-length" || lower === "traceparent") continue;
    chunked ||= lower === "transfer-encoding";
    host ||= lower === "host";
    lines.push(`${name}: ${value}`);
  }
  if (!host) lines.push("Host: 127.0.0.1");
  if (body.length > 0 && !chunked) lines.push(`Content-Length: ${body.length}`);
  lines.push(`traceparent: 00-5eed5eed${(index + 1).toString(16).padStart(24, "0")}-00000000000000aa-01`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body]);
}

interface Client {
  ask(request: Buffer): Promise<{ readonly status: number; readonly closed: boolean }>;
  end(): void;
}

/** A connection on which one request at a time is answered by a response without a body. */
async function connect(port: number): Promise<Client> {
  const socket = net.connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  await once(socket, "connect");
  let received = "";
  let answered: ((answer: { status: number; closed: boolean }) => void) | undefined;
  let closed = false;
  const settle = (status: number): void => {
    answered?.({ status, closed });
    answered = undefined;
  };
  socket.setEncoding("latin1");
  socket.on("data", (text: string) => {
    received += text;
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const head = received.slice(0, end);
    const status = Number(head.slice(9, 12));
    received = received.slice(end + 4);
    if (status === 100) return;
    closed ||= /\r\nconnection: close/i.test(head) || status >= 400;
    settle(status);
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    closed = true;
    settle(0);
  });
  return {
    async ask(request) {
      const { promise, resolve } = Promise.withResolvers<{ status: number; closed: boolean }>();
      answered = resolve;
      if (closed) settle(0);
      else socket.write(request);
      return promise;
    },
    end: () => socket.destroy(),
  };
}
