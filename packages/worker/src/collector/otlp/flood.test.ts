import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { post, startOtlpServer } from "../testing/otlp-server.ts";

const MIB = 1_048_576;
const GIB = 1_024 * MIB;

interface Sent {
  readonly status: number | undefined;
  readonly bytes: number;
}

/** Streams a chunk over and over until so many bytes are sent or the receiver has had enough. */
const stream = (port: number, chunk: Buffer, total: number, headers: Record<string, string>): Promise<Sent> =>
  new Promise((resolve) => {
    let bytes = 0;
    let status: number | undefined;
    let done = false;
    const request = httpRequest({ host: "127.0.0.1", port, path: "/v1/logs", method: "POST", headers, agent: false });
    const finish = (): void => {
      if (done) return;
      done = true;
      request.destroy();
      resolve({ status, bytes });
    };
    request.on("response", (response) => {
      status = response.statusCode;
      response.resume();
      response.on("end", finish);
      response.on("error", finish);
    });
    request.on("error", finish);
    request.on("close", finish);
    const write = (): void => {
      if (done) return;
      while (bytes < total) {
        bytes += chunk.length;
        if (!request.write(chunk)) {
          request.once("drain", write);
          return;
        }
      }
      request.end();
    };
    write();
  });

/** Peak of the process's memory above where it began while something runs. */
const growthDuring = async <T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly growth: number }> => {
  const before = process.memoryUsage.rss();
  let peak = before;
  const timer = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 5);
  try {
    const result = await run();
    return { result, growth: Math.max(peak, process.memoryUsage.rss()) - before };
  } finally {
    clearInterval(timer);
  }
};

const JSON_TYPE = { "content-type": "application/json" };
const GZIP = { ...JSON_TYPE, "content-encoding": "gzip" };

describe("a body of 1 GiB", () => {
  // A member of 64 MiB of zeros takes 64 KiB; sixteen of them, one after the other, are a gzip stream of 1 GiB.
  const member = gzipSync(Buffer.alloc(64 * MIB));
  const bomb = Buffer.concat(Array.from({ length: 16 }, () => member));
  const zeros = Buffer.alloc(65_536);

  it.each<[name: string, chunk: Buffer, total: number, headers: Record<string, string>]>([
    ["announced", zeros, GIB, { ...JSON_TYPE, "content-length": String(GIB) }],
    ["not announced", zeros, GIB, JSON_TYPE],
    ["in a gzip bomb", bomb, bomb.length, GZIP],
    ["in a gzip bomb, announced", bomb, bomb.length, { ...GZIP, "content-length": String(bomb.length) }],
    ["of gzip without content", Buffer.concat(Array.from({ length: 3_000 }, () => gzipSync(""))), GIB, GZIP],
    ["of gzip that does not shrink", gzipSync(Buffer.alloc(65_536), { level: 0 }), GIB, GZIP],
  ])("%s is cut off early, with 413, without taking memory", async (_, chunk, total, headers) => {
    await using server = await startOtlpServer();
    await post(server, "/v1/logs", '{"resourceLogs":[]}');
    const { result, growth } = await growthDuring(() => stream(server.port, chunk, total, headers));
    expect(result.status).toBe(413);
    expect(result.bytes).toBeLessThan(32 * MIB);
    expect(growth).toBeLessThan(64 * MIB);
    await expect.poll(() => server.inbox.refused.map(({ reason }) => reason)).toEqual(["too_large"]);
    expect(server.observer.get("request too_large")).toBe(1);
    // The receiver goes on, and holds nothing of it any more.
    const next = await post(server, "/v1/logs", '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}]}]}]}');
    expect(next.status).toBe(200);
  });

  it("sent eight times at once is held within the limit on all requests together", async () => {
    await using server = await startOtlpServer({ maxInflightBytes: 16 * MIB });
    const { result, growth } = await growthDuring(() =>
      Promise.all(Array.from({ length: 8 }, () => stream(server.port, bomb, bomb.length, GZIP))),
    );
    for (const { status } of result) expect([413, 429]).toContain(status);
    expect(growth).toBeLessThan(96 * MIB);
    const next = await post(server, "/v1/logs", '{"resourceLogs":[]}');
    expect(next.status).toBe(200);
  });
});
