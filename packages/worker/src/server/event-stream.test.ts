import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createManualTime } from "../testing/manual-time.ts";
import { createMemoryLog } from "../testing/server-harness.ts";
import { createEventStreams } from "./event-stream.ts";
import { createMetrics } from "./metrics.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function serve(options: { bufferLimit?: number; clientLimit?: number } = {}) {
  const metrics = createMetrics();
  const log = createMemoryLog();
  const streams = createEventStreams({ name: "changes", timers: createManualTime(0).timers, log, metrics, ...options });
  const server = createServer((_, response) => void streams.open(response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  ends.push(async () => {
    await streams.close();
    server.closeAllConnections();
    await new Promise((resolve) => void server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const connect = (): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => void get({ port, host: "127.0.0.1" }, resolve).on("error", reject));
  return { streams, metrics, log, connect };
}

describe("event streams", () => {
  it("drops a client that does not read, counts it, and goes on serving the others", async () => {
    const { streams, metrics, log, connect } = await serve({ bufferLimit: 64 * 1024 });
    const slow = await connect();
    const failed = new Promise((resolve) => void slow.once("error", resolve).once("close", resolve));
    const fast = await connect();
    let received = 0;
    fast.on("data", (chunk: Buffer) => (received += chunk.length));
    const data = "x".repeat(16 * 1024);
    // More than the kernel's buffers of both ends hold.
    for (let sent = 0; streams.size() === 2 && sent < 4096; sent += 1) {
      streams.broadcast({ event: "change", data });
      await new Promise((resolve) => void setImmediate(resolve));
    }
    expect(streams.size()).toBe(1);
    slow.resume();
    await failed;
    expect((await metrics.streamClientsDropped.get()).values).toEqual([{ labels: { stream: "changes" }, value: 1 }]);
    expect(log.entries.map(({ message }) => message)).toEqual(["dropped a client that reads too slowly"]);
    expect(received).toBeGreaterThan(0);
  });

  it("sends a frame that is larger than the limit to a client that reads", async () => {
    const { streams, connect } = await serve({ bufferLimit: 1024 });
    const client = await connect();
    const data = "x".repeat(4 * 1024 * 1024);
    streams.broadcast({ event: "snapshot", data });
    let received = 0;
    for await (const chunk of client) {
      received += (chunk as Buffer).length;
      if (received > data.length) break;
    }
    expect(received).toBe(`event: snapshot\ndata: ${data}\n\n`.length);
  });

  it("forgets a client that leaves, and has room for as many as allowed", async () => {
    const { streams, connect } = await serve({ clientLimit: 1 });
    expect(streams.hasRoom()).toBe(true);
    const client = await connect();
    expect(streams.hasRoom()).toBe(false);
    client.destroy();
    while (streams.size() > 0) await new Promise((resolve) => void setImmediate(resolve));
    expect(streams.hasRoom()).toBe(true);
  });
});
