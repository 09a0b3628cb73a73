import { createHash } from "node:crypto";
import { withoutChunkBounds, withoutDates, type RawExchange } from "./raw-exchange.ts";

/** A request for a page, on a connection of its own. */
export const get = (path: string, more = ""): string =>
  `GET ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${more}\r\n`;
/** 64 KiB of every byte there is. */
export const binary = Buffer.from(Array.from({ length: 65_536 }, (_, index) => (index * 7919) & 0xff));
/** A request with a body, head and body apart. */
export const post = (path: string, body: Buffer, more = ""): readonly Buffer[] => [
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n${more}\r\n`,
  ),
  body,
];

/** What is sent to applications with and without the instrumentation: ordinary, hostile and broken. */
export const exchanges: readonly RawExchange[] = [
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
    name: "a JSON body with an attack",
    send: post("/echo", Buffer.from('{"name":"1\' or 1=1--","next":"../../etc/passwd"}')).map((piece) =>
      Buffer.from(piece.toString("latin1").replace("application/octet-stream", "application/json"), "latin1"),
    ),
  },
  {
    name: "a body in two pieces, with a trailer",
    send: [
      'POST /echo HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n8\r\n{"a":"<s\r\n',
      '8\r\ncript>"}\r\n0\r\nX-Sum: 1\r\n\r\n',
    ],
  },
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
export function comparable(answer: string): string {
  const text = withoutDates(withoutChunkBounds(answer));
  return text.length < 20_000 ? text : createHash("sha256").update(text, "latin1").digest("hex");
}
