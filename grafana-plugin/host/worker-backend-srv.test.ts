import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { lastValueFrom, toArray } from "rxjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createWorkerBackendSrv, workerUrl } from "./worker-backend-srv.ts";

const server = createServer((request, response) => {
  if (request.url === "/stream") {
    response.write("one ");
    response.end("two");
    return;
  }
  let body = "";
  request.on("data", (chunk) => {
    body += String(chunk);
  });
  request.on("end", () => {
    response.writeHead(request.url === "/refuse" ? 422 : 200, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ method: request.method, url: request.url, body, type: request.headers["content-type"] ?? null }),
    );
  });
});
let origin = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it.each([
  ["/api/plugin-proxy/vedette-security-app/worker/api/v1/alerts?a=1", undefined, "/api/v1/alerts?a=1"],
  ["api/plugin-proxy/vedette-security-app/worker/api/v1/status", undefined, "/api/v1/status"],
  ["/api/v1/alerts", { limit: 5 }, "/api/v1/alerts?limit=5"],
  ["/api/plugins/other/settings", undefined, "/api/plugins/other/settings"],
])("takes the plugin proxy out of %s", (url, params, expected) => {
  expect(workerUrl(params === undefined ? { url } : { url, params })).toBe(expected);
});

/** The service asks its own origin; here that is the test's server. */
const absolute = async <T>(run: (service: ReturnType<typeof createWorkerBackendSrv>) => Promise<T>): Promise<T> => {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => fetch(`${origin}${String(input)}`, { ...init, signal: null });
  try {
    return await run(createWorkerBackendSrv());
  } finally {
    globalThis.fetch = fetch;
  }
};

it("sends JSON and reads JSON", async () => {
  const answer = await absolute((service) => service.post("/echo", { a: 1 }));
  expect(answer).toEqual({ method: "POST", url: "/echo", body: '{"a":1}', type: "application/json" });
});

it("fails as Grafana's does", async () => {
  await expect(absolute((service) => service.get("/refuse"))).rejects.toMatchObject({
    status: 422,
    data: { url: "/refuse" },
  });
});

it("hands on a stream piece by piece", async () => {
  const pieces = await absolute((service) => lastValueFrom(service.chunked({ url: "/stream" }).pipe(toArray())));
  expect(pieces.map(({ data }) => new TextDecoder().decode(data)).join("")).toBe("one two");
});
