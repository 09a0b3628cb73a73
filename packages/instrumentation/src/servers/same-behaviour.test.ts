import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { INSTRUMENTED_LIBRARIES } from "../instrumentations.ts";
import { entriesOf, startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { exchange, withoutChunkBounds, withoutDates, type RawExchange } from "../testing/raw-exchange.ts";

const FRAMEWORKS = ["express", "fastify", "koa", "hono"];
const apps = [
  { folder: "../src/testing/apps", entry: "plain-http.mjs" },
  ...INSTRUMENTED_LIBRARIES.filter(({ library }) => FRAMEWORKS.includes(library)).flatMap(({ triedOn }) =>
    triedOn.flatMap((folder) => entriesOf(folder).map((entry) => ({ folder, entry }))),
  ),
];

const get = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${more}\r\n`;
const binary = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7919) & 0xff));
const post = (path: string, body: Buffer, more = ""): readonly Buffer[] => [
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n${more}\r\n`,
  ),
  body,
];

const exchanges: readonly RawExchange[] = [
  { name: "a page", send: [get("/")] },
  { name: "a path parameter", send: [get("/users/7")] },
  { name: "an attack", send: [get("/users/1%27%20or%201%3D1--?q=%3Cscript%3E")] },
  { name: "no route", send: [get("/nowhere")] },
  { name: "401", send: [get("/private")] },
  { name: "403 of a nested router", send: [get("/tenants/acme")] },
  { name: "a parameter that cannot be decoded", send: [get("/users/%ff%fe")] },
  { name: "a method without a route", send: ["DELETE / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"] },
  { name: "TRACE", send: ["TRACE / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"] },
  { name: "OPTIONS", send: ["OPTIONS /users/7 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"] },
  { name: "HEAD", send: ["HEAD /users/7 HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"] },
  { name: "a thrown error, with its stack trace", send: [get("/throw")] },
  { name: "a rejection, with its stack trace", send: [get("/reject")] },
  { name: "a stream", send: [get("/stream")] },
  { name: "a redirect", send: [get("/redirect")] },
  { name: "a binary body", send: post("/echo", binary) },
  { name: "a large body", send: post("/echo", Buffer.concat(Array.from({ length: 128 }, () => binary))) },
  {
    name: "a chunked body",
    send: [
      "POST /echo HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "0\r\n\r\n",
    ],
  },
  {
    name: "100-continue",
    send: [
      "POST /echo HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      { until: /100 Continue/ },
      "hello",
    ],
  },
  { name: "an unknown expectation", send: [get("/", "Expect: coffee\r\n")] },
  {
    name: "an upgrade",
    send: ["GET /socket HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"],
  },
  { name: "CONNECT", send: ["CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n"] },
  {
    name: "10,000 headers",
    send: [get("/headers", Array.from({ length: 10_000 }, (_, index) => `X-${index}: ${index}\r\n`).join(""))],
  },
  { name: "2 MiB of headers", send: [get("/headers", `X-A: ${"a".repeat(2_097_152)}\r\n`)] },
  { name: "a half-closed socket", send: [get("/stream")], halfClose: true },
  { name: "half of a request", send: ["GET / HTTP/1.1\r\nHost: sh"], halfClose: true },
  { name: "half of a body", send: post("/echo", binary).with(1, binary.subarray(0, 100)), halfClose: true },
  { name: "three requests at once", send: [get("/").replace("close", "keep-alive").repeat(2) + get("/users/7")] },
  { name: "garbage", send: ["GARBAGE\r\n\r\n"] },
  { name: "an unknown method", send: ["BREW / HTTP/1.1\r\nHost: shop.test\r\n\r\n"] },
  { name: "a bad version", send: ["GET / HTTP/9.9\r\nHost: shop.test\r\n\r\n"] },
  { name: "a header without a colon", send: [get("/", "no colon here\r\n")] },
  { name: "a control character", send: [get("/", "X-A: \u0001\u0000\r\n")] },
  {
    name: "two lengths",
    send: ["POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"],
  },
  { name: "no host", send: ["GET / HTTP/1.1\r\nConnection: close\r\n\r\n"] },
  { name: "HTTP/1.0", send: ["GET / HTTP/1.0\r\n\r\n"] },
  { name: "an absolute target", send: [get("http://shop.test/users/7")] },
];

/** Long answers as their digest; where node cut a stream into chunks depends on when bytes arrived. */
function comparable(answer: string): string {
  const text = withoutDates(withoutChunkBounds(answer));
  return text.length < 20_000 ? text : createHash("sha256").update(text, "latin1").digest("hex");
}

describe.each(apps)("$folder/$entry", ({ folder, entry }) => {
  let plain: MatrixApp;
  let instrumented: MatrixApp;
  beforeAll(async () => {
    [plain, instrumented] = await Promise.all([
      startMatrixApp(folder, entry, { instrumented: false }),
      startMatrixApp(folder, entry, { env: { VEDETTE_FLOOD_REQUESTS: "10" } }),
    ]);
  });
  afterAll(async () => {
    await Promise.all([plain.stop(), instrumented.stop()]);
  });

  it.each(exchanges)("answers the same, byte for byte, with and without the instrumentation: $name", async (each) => {
    const [without, with_] = await Promise.all([exchange(plain.port, each), exchange(instrumented.port, each)]);
    expect(without).not.toContain("neither answered nor closed");
    expect(comparable(with_)).toBe(comparable(without));
  });

  it("survives connections that are torn down, and writes the same to its own output", async () => {
    const torn: RawExchange = { name: "", send: post("/echo", binary).with(1, binary.subarray(0, 100)), abort: true };
    await Promise.all([exchange(plain.port, torn), exchange(instrumented.port, torn)]);
    const page = { name: "", send: [get("/")] };
    expect(withoutDates(await exchange(instrumented.port, page))).toBe(withoutDates(await exchange(plain.port, page)));
    const own = (text: string): string => text.replaceAll(/^vedette: .*\n/gm, "").replaceAll(/127\.0\.0\.1:\d+/g, "");
    expect(own(instrumented.errors())).toBe(own(plain.errors()));
    expect(own(instrumented.output())).toBe(own(plain.output()));
    await instrumented.stop();
    expect(instrumented.metrics("vedette.instrumentation.errors")).toEqual([]);
    expect(instrumented.events().length).toBeGreaterThan(3);
  });
});
