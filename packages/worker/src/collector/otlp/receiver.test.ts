import { connect } from "node:net";
import { request as httpRequest } from "node:http";
import { gzipSync } from "node:zlib";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { StoreError } from "../../errors.ts";
import { NOW, otlpConfig, post, silentLog, startOtlpServer } from "../testing/otlp-server.ts";
import { createReceivedMetrics } from "../received-metrics.ts";
import { COLLECTOR_ERROR_CODES } from "../error-codes.ts";
import { REFUSALS } from "./answer.ts";
import { createOtlpReceiver } from "./receiver.ts";
import { silentObserver } from "../observer.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF_TYPE = { "content-type": "application/x-protobuf" };

const logs = (...bodies: string[]) =>
  JSON.stringify({
    resourceLogs: [
      {
        resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        scopeLogs: [
          { logRecords: bodies.map((body) => ({ timeUnixNano: "1795234315316123456", body: { stringValue: body } })) },
        ],
      },
    ],
  });

const deep = (levels: number): object =>
  levels === 0 ? { stringValue: "x" } : { arrayValue: { values: [deep(levels - 1)] } };

describe("the OTLP receiver", () => {
  it("stores logs before it answers and wakes the detector", async () => {
    await using server = await startOtlpServer();
    const answer = await post(server, "/v1/logs", logs("a", "b"));
    expect(answer.status).toBe(200);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(JSON.parse(answer.body.toString())).toEqual({});
    expect(server.inbox.records).toHaveLength(2);
    expect(server.inbox.records[0]).toMatchObject({
      source: "otlp",
      partition: "shop",
      time: 1_795_234_315_316,
      receivedAt: NOW,
      document: { "@timestamp": "2026-11-21T04:11:55.316123456Z", body: { text: "a" } },
    });
    expect(server.appended).toEqual([2]);
    expect(server.observer.get("received otlp")).toBe(2);
    expect(server.receiver.status()).toMatchObject({ name: "otlp", state: "running", received: 2 });
  });

  it("does not answer while the records are not stored", async () => {
    await using server = await startOtlpServer();
    let open = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      server.inbox.gate = () => {
        resolve();
        return new Promise((go) => (open = go));
      };
    });
    let answered = false;
    const answer = post(server, "/v1/logs", logs("a")).finally(() => (answered = true));
    await reached;
    // Another request comes and goes while this one waits.
    expect((await post(server, "/nowhere", "")).status).toBe(404);
    expect(answered).toBe(false);
    expect(server.inbox.records).toHaveLength(0);
    open();
    expect((await answer).status).toBe(200);
    expect(server.inbox.records).toHaveLength(1);
  });

  it("counts a byte-identical request once and two identical lines twice", async () => {
    await using server = await startOtlpServer();
    await post(server, "/v1/logs", logs("same", "same"));
    await post(server, "/v1/logs", gzipSync(logs("same", "same")), { ...JSON_TYPE, "content-encoding": "gzip" });
    expect(server.inbox.records).toHaveLength(2);
    expect(server.observer.get("duplicate otlp")).toBe(2);
  });

  it.each<
    [
      name: string,
      reason: string,
      status: number,
      path: string,
      body: string | Buffer,
      headers: Record<string, string>,
      method?: string,
    ]
  >([
    ["no JSON", "malformed", 400, "/v1/logs", "{", JSON_TYPE],
    ["JSON of another shape", "malformed", 400, "/v1/logs", '{"resourceLogs": 5}', JSON_TYPE],
    ["no protobuf", "malformed", 400, "/v1/logs", "\u000a\u00ff", PROTOBUF_TYPE],
    ["malformed metrics", "malformed", 400, "/v1/metrics", '{"resourceMetrics": 5}', JSON_TYPE],
    ["malformed traces", "malformed", 400, "/v1/traces", '{"resourceSpans": 5}', JSON_TYPE],
    ["no gzip", "malformed", 400, "/v1/logs", "plain", { ...JSON_TYPE, "content-encoding": "gzip" }],
    [
      "cut-off gzip",
      "malformed",
      400,
      "/v1/logs",
      gzipSync(logs("a")).subarray(0, 30),
      { ...JSON_TYPE, "content-encoding": "gzip" },
    ],
    ["another content type", "unsupported_content_type", 415, "/v1/logs", "{}", { "content-type": "text/plain" }],
    ["no content type", "unsupported_content_type", 415, "/v1/logs", "{}", {}],
    ["another encoding", "unsupported_encoding", 415, "/v1/logs", "{}", { ...JSON_TYPE, "content-encoding": "br" }],
    ["a web page", "browser_origin", 403, "/v1/logs", logs("a"), { ...JSON_TYPE, origin: "http://evil.example" }],
    ["another method", "method_not_allowed", 405, "/v1/logs", "", JSON_TYPE, "GET"],
    ["another path", "not_found", 404, "/v1/profiles", "{}", JSON_TYPE],
    ["too large a body", "too_large", 413, "/v1/logs", "x".repeat(5_000), JSON_TYPE],
    [
      "too large a body after gunzip",
      "too_large",
      413,
      "/v1/logs",
      gzipSync("x".repeat(5_000)),
      { ...JSON_TYPE, "content-encoding": "gzip" },
    ],
    ["too many records", "too_large", 413, "/v1/logs", emptyRecords(1_000), PROTOBUF_TYPE],
  ])("refuses %s with the reason counted and listed", async (_, reason, status, path, body, headers, method) => {
    await using server = await startOtlpServer({ maxBodyBytes: 4_096 });
    const answer = await post(server, path, body, headers, method);
    expect(answer.status).toBe(status);
    expect(server.observer.get(`request ${reason}`)).toBe(1);
    expect(server.inbox.refused).toMatchObject([{ source: "otlp", reason, time: NOW }]);
    if (headers["content-type"] === "application/x-protobuf") {
      expect(answer.headers["content-type"]).toBe("application/x-protobuf");
      const reader = new BinaryReader(answer.body);
      expect(reader.tag()).toEqual([1, 0]);
      expect(reader.int32()).toBeGreaterThan(0);
      expect(reader.tag()).toEqual([2, 2]);
      expect(reader.string()).not.toBe("");
    } else {
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        code: expect.any(Number),
        message: expect.any(String),
      });
    }
    // The receiver goes on.
    expect((await post(server, "/v1/logs", logs("next"))).status).toBe(200);
  });

  it("takes the rest of a request when a record can never be taken", async () => {
    await using server = await startOtlpServer();
    const request = {
      resourceLogs: [
        {
          scopeLogs: [
            {
              logRecords: [
                { body: { stringValue: "good" } },
                { body: deep(40) },
                { body: { stringValue: "good too" } },
              ],
            },
          ],
        },
      ],
    };
    const answer = await post(server, "/v1/logs", JSON.stringify(request));
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      partialSuccess: { rejectedLogRecords: "1", errorMessage: expect.stringContaining("deeper") },
    });
    expect(server.inbox.records.map(({ document }) => document["body"])).toEqual([
      { text: "good" },
      { text: "good too" },
    ]);
    expect(server.inbox.refused).toMatchObject([{ reason: "too_deep", detail: expect.stringContaining("Record 1") }]);
    expect(server.observer.get("refused otlp too_deep")).toBe(1);
  });

  it("asks to retry when the store is in trouble, and lists nothing as refused", async () => {
    await using server = await startOtlpServer();
    server.inbox.failure = new StoreError("store-overloaded", "busy", { retryable: true });
    const answer = await post(server, "/v1/logs", logs("a"));
    expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "1"]);
    server.inbox.failure = new StoreError("store-full", "full", { retryable: false });
    expect((await post(server, "/v1/logs", logs("a"))).headers["retry-after"]).toBe("30");
    expect(server.observer.get("request unavailable")).toBe(2);
    expect(server.receiver.status().state).toBe("failed");
    server.inbox.failure = undefined;
    expect((await post(server, "/v1/logs", logs("a"))).status).toBe(200);
    expect(server.inbox.refused).toEqual([]);
    expect(server.inbox.records).toHaveLength(1);
    expect(server.receiver.status().state).toBe("running");
  });

  it("asks to retry when too many bytes are held, and takes them later", async () => {
    await using server = await startOtlpServer({ maxInflightBytes: 600 });
    let open = (): void => undefined;
    const reached = new Promise<void>((resolve) => {
      server.inbox.gate = () => {
        resolve();
        return new Promise((go) => (open = go));
      };
    });
    const first = post(server, "/v1/logs", logs("x".repeat(200)));
    await reached;
    const second = await post(server, "/v1/logs", logs("y".repeat(300)));
    expect([second.status, second.headers["retry-after"]]).toEqual([429, "1"]);
    expect(server.observer.get("request overloaded")).toBe(1);
    server.inbox.gate = undefined;
    open();
    expect((await first).status).toBe(200);
    expect((await post(server, "/v1/logs", logs("y".repeat(300)))).status).toBe(200);
    expect(server.inbox.records).toHaveLength(2);
  });

  it("asks for the token, on every path alike", async () => {
    await using server = await startOtlpServer({ token: "s3cret-token" });
    for (const header of [undefined, "Bearer wrong", "Basic s3cret-token", "s3cret-token"]) {
      const answer = await post(
        server,
        "/v1/logs",
        logs("a"),
        header === undefined ? JSON_TYPE : { ...JSON_TYPE, authorization: header },
      );
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe("Bearer");
    }
    expect(server.inbox.records).toEqual([]);
    expect(JSON.stringify(server.inbox.refused)).not.toContain("s3cret");
    expect(
      (await post(server, "/v1/logs", logs("a"), { ...JSON_TYPE, authorization: "Bearer s3cret-token" })).status,
    ).toBe(200);
  });

  it("does not list a flood of refusals one by one, but counts them all", async () => {
    await using server = await startOtlpServer();
    for (let index = 0; index < 70; index += 1) await post(server, "/nowhere", "{}");
    expect(server.observer.get("request not_found")).toBe(70);
    expect(server.inbox.refused).toHaveLength(60);
  });

  it("refuses to listen for others without a token, and on a port in use", async () => {
    const make = (host: string, port: number) =>
      createOtlpReceiver({
        config: otlpConfig({ host, port }),
        store: { append: async () => ({ appended: 0, duplicate: 0 }), refuse: async () => undefined },
        ports: { clock: { now: () => NOW }, timers: { sleep: async () => undefined }, log: silentLog },
        observer: silentObserver,
        metrics: createReceivedMetrics({ clock: { now: () => NOW } }),
      });
    await expect(make("0.0.0.0", 0).listen()).rejects.toMatchObject({ code: "otlp-token-missing" });
    await using server = await startOtlpServer();
    const second = make("127.0.0.1", server.port);
    await expect(second.listen()).rejects.toMatchObject({
      code: "otlp-listen-failed",
      message: expect.stringContaining("in use"),
    });
    expect(second.status().state).toBe("failed");
    await second.close();
  });

  it("refuses a body by its announced length without asking for it", async () => {
    await using server = await startOtlpServer({ maxBodyBytes: 1_000 });
    const outcome = await new Promise<string>((resolve, reject) => {
      const request = httpRequest({
        port: server.port,
        host: "127.0.0.1",
        path: "/v1/logs",
        method: "POST",
        headers: { ...JSON_TYPE, "content-length": "1001", expect: "100-continue" },
      });
      request.on("continue", () => resolve("asked for"));
      request.on("response", (response) => {
        response.resume();
        resolve(String(response.statusCode));
        request.destroy();
      });
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(outcome).toBe("413");
  });

  it("sends 100 Continue to a sender that waits for it", async () => {
    await using server = await startOtlpServer();
    const body = logs("a");
    const status = await new Promise<number>((resolve, reject) => {
      const request = httpRequest({
        port: server.port,
        host: "127.0.0.1",
        path: "/v1/logs",
        method: "POST",
        headers: { ...JSON_TYPE, "content-length": String(body.length), expect: "100-continue" },
      });
      request.on("continue", () => request.end(body));
      request.on("response", (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on("error", reject);
      request.flushHeaders();
    });
    expect(status).toBe(200);
  });

  it.each([
    ["headers", "POST /v1/logs HTTP/1.1\r\nHost: x\r\n", "timeout"],
    [
      "body",
      "POST /v1/logs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
      "aborted",
    ],
  ])("ends a sender that is too slow with its %s", async (_, head, reason) => {
    await using server = await startOtlpServer({ headersTimeout: 200, requestTimeout: 300 });
    const ended = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(server.port, "127.0.0.1", () => socket.write(head));
      socket.on("data", (chunk) => (text += chunk.toString()));
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(text));
    });
    expect(ended === "" || ended.startsWith("HTTP/1.1 4")).toBe(true);
    await expect.poll(() => server.observer.get(`request ${reason}`)).toBe(1);
  });

  it("counts a sender that goes away in the middle, and forgets its bytes", async () => {
    await using server = await startOtlpServer({ maxInflightBytes: 400 });
    await new Promise<void>((resolve) => {
      const request = httpRequest({
        port: server.port,
        host: "127.0.0.1",
        path: "/v1/logs",
        method: "POST",
        headers: JSON_TYPE,
      });
      request.on("error", () => resolve());
      request.write("x".repeat(300), () => setImmediate(() => request.destroy(new Error("gone"))));
    });
    await expect.poll(() => server.observer.get("request aborted")).toBe(1);
    expect((await post(server, "/v1/logs", logs("x".repeat(100)))).status).toBe(200);
  });

  it("counts spans as not judged and shows metrics", async () => {
    await using server = await startOtlpServer();
    const traces = { resourceSpans: [{ scopeSpans: [{ spans: [{}, {}] }, { spans: [{}] }] }] };
    expect((await post(server, "/v1/traces", JSON.stringify(traces))).status).toBe(200);
    expect(server.observer.get("spans")).toBe(3);
    const metrics = {
      resourceMetrics: [
        {
          resource: { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
          scopeMetrics: [
            { metrics: [{ name: "a.b", unit: "s", gauge: { dataPoints: [{ asDouble: 1.5, timeUnixNano: "1" }] } }] },
          ],
        },
      ],
    };
    expect((await post(server, "/v1/metrics", JSON.stringify(metrics))).status).toBe(200);
    expect(server.observer.get("points")).toBe(1);
    expect(server.metrics.render()).toContain('a_b_seconds{job="shop"} 1.5');
  });
});

it("documents every reason for which a request is refused", () => {
  for (const reason of Object.keys(REFUSALS)) {
    expect(COLLECTOR_ERROR_CODES).toHaveProperty(
      [`otlp-${reason.replaceAll("_", "-")}`, "summary"],
      expect.stringContaining(`\`${reason}\``),
    );
  }
});

/** A request of empty log records: two bytes each. */
function emptyRecords(count: number): Buffer {
  const length = (bytes: number): number[] => (bytes < 128 ? [bytes] : [(bytes & 0x7f) | 0x80, ...length(bytes >>> 7)]);
  const wrap = (tag: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([tag, ...length(content.length)]), content]);
  const records = Buffer.alloc(count * 2);
  for (let index = 0; index < count; index += 1) records[index * 2] = 0x12;
  return wrap(0x0a, wrap(0x12, records));
}
