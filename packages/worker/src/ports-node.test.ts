import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Log } from "./ports.ts";
import { createNodePorts } from "./ports-node.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
const servers: Server[] = [];

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

describe("createNodePorts", () => {
  const { network, timers, random } = createNodePorts(silent);

  it("sends method, headers and body, and reads status and body", async () => {
    const url = await serve((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => response.writeHead(418).end(`${request.method} ${request.headers["x-a"]} ${body}`));
    });
    const answer = await network.request({
      method: "POST",
      url,
      headers: { "x-a": "1" },
      body: "grüße",
      timeout: 5000,
    });
    expect(answer).toEqual({ status: 418, body: "POST 1 grüße" });
  });

  it("does not follow a redirect", async () => {
    let visits = 0;
    const url = await serve((_, response) => {
      visits += 1;
      response.writeHead(302, { location: "/elsewhere" }).end();
    });
    expect((await network.request({ method: "GET", url, timeout: 5000 })).status).toBe(302);
    expect(visits).toBe(1);
  });

  it.each([
    ["no answer comes in time", () => {}],
    ["the body does not end in time", (_: unknown, response: { write(text: string): void }) => response.write("half")],
    [
      "the body is longer than a MiB",
      (_: unknown, response: { end(text: string): void }) => response.end("x".repeat(1024 * 1024 + 1)),
    ],
  ])("rejects when %s", async (_, listener) => {
    const url = await serve(listener);
    await expect(network.request({ method: "GET", url, timeout: 200 })).rejects.toThrow();
  });

  it("wakes a sleeper at once when its signal aborts, without rejecting", async () => {
    const abort = new AbortController();
    const sleeping = timers.sleep(1_000_000_000_000, abort.signal);
    abort.abort();
    await expect(sleeping).resolves.toBeUndefined();
    await expect(timers.sleep(1000, AbortSignal.abort())).resolves.toBeUndefined();
  });

  it("gives as many random bytes as asked for", () => {
    expect(random.bytes(32)).toHaveLength(32);
  });
});
