import { execFileSync } from "node:child_process";
import { once } from "node:events";
import * as http2 from "node:http2";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, type GuardDecision } from "@vedette/semconv";
import { currentRequest, knownRequest } from "../current-request.ts";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import { createSecurity } from "../security.ts";
import { readSettings } from "../settings.ts";
import { createTestGuard } from "../testing/request-guard.ts";
import { until } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";

let telemetry: TestTelemetry;
let instrumentation: HttpServerSecurityInstrumentation | undefined;
const servers: (http2.Http2Server | http2.Http2SecureServer)[] = [];
const sessions: http2.ClientHttp2Session[] = [];

beforeEach(() => {
  telemetry = createTestTelemetry();
});
afterEach(async () => {
  instrumentation?.disable();
  instrumentation = undefined;
  for (const session of sessions.splice(0)) session.destroy();
  for (const server of servers.splice(0)) server.close();
  await telemetry.end();
});

function instrument(decisions: readonly GuardDecision[] = []): void {
  instrumentation = new HttpServerSecurityInstrumentation({
    settings: readSettings({}).settings,
    reporter: telemetry.reporter,
    guard: createTestGuard(telemetry.reporter, decisions).requests,
  });
}

async function connect(
  server: http2.Http2Server | http2.Http2SecureServer,
  scheme = "http",
): Promise<http2.ClientHttp2Session> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const session = http2.connect(`${scheme}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  sessions.push(session);
  return session;
}

async function ask(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: string,
): Promise<{ status: unknown; headers: http2.IncomingHttpHeaders; body: string }> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  const { promise, resolve, reject } = Promise.withResolvers<http2.IncomingHttpHeaders>();
  stream.on("response", resolve);
  stream.on("error", reject);
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  const ended = once(stream, "close");
  const answered = await promise;
  await ended;
  return { status: answered[":status"], headers: answered, body: text };
}

const block: GuardDecision = {
  id: "decision-2",
  action: "block",
  targets: [{ kind: "client.address", value: "127.0.0.1" }],
  expiresAt: Date.now() + 600_000,
  reason: "test",
};

const compatible = (handler: (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => void) =>
  http2.createServer(handler);
const streaming = (handler: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void) => {
  const server = http2.createServer();
  server.on("stream", handler);
  return server;
};

describe("a server of node:http2", () => {
  it.each([
    ["compatible API", () => compatible((_request, response) => response.writeHead(403).end("no"))],
    ["stream API", () => streaming((stream) => (stream.respond({ ":status": 403 }), stream.end("no")))],
  ] as const)("tells of attacks and refusals: %s", async (_api, create) => {
    instrument();
    const session = await connect(create());
    const answers = await Promise.all([
      ask(session, { ":path": "/a?q=..%2F..%2Fetc%2Fpasswd", "user-agent": "tester/2" }),
      ask(session, { ":path": "/b", ":method": "POST" }, "hello"),
    ]);
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [403, "no"],
      [403, "no"],
    ]);
    await until(() => telemetry.events(EVENT.requestRefused).length === 2);
    expect(telemetry.events(EVENT.requestSuspicious)[0]?.attributes).toMatchObject({
      [ATTR.clientAddress]: "127.0.0.1",
      [ATTR.urlPath]: "/a",
      [ATTR.userAgentOriginal]: "tester/2",
      [ATTR.requestIndicators]: expect.arrayContaining(["path_traversal"]),
    });
    expect(
      telemetry
        .events(EVENT.requestRefused)
        .map(({ attributes }) => `${String(attributes[ATTR.httpRequestMethod])} ${String(attributes[ATTR.urlPath])}`)
        .toSorted((one, other) => one.localeCompare(other)),
    ).toEqual(["GET /a", "POST /b"]);
    expect(await telemetry.points("vedette.instrumentation.errors")).toEqual([]);
  });

  it("gives the manual API the stream that is being served, also after awaiting, and several at once", async () => {
    instrument();
    const security = createSecurity(telemetry.reporter);
    const session = await connect(
      compatible((request, response) => {
        void (async () => {
          await new Promise((resolve) => setImmediate(resolve));
          expect(knownRequest(request)).toBe(currentRequest.getStore());
          security.authentication({ outcome: "failure", method: "password" });
          response.end();
        })();
      }),
    );
    await Promise.all(["/1", "/2", "/3"].map(async (path) => ask(session, { ":path": path })));
    expect(
      telemetry
        .events(EVENT.authentication)
        .map(({ attributes }) => String(attributes[ATTR.urlPath]))
        .toSorted((one, other) => one.localeCompare(other)),
    ).toEqual(["/1", "/2", "/3"]);
  });

  it("keeps blocked clients out, on a session that stays usable, and lets them in again", async () => {
    const guard = createTestGuard(telemetry.reporter, [block]);
    instrumentation = new HttpServerSecurityInstrumentation({
      settings: readSettings({}).settings,
      reporter: telemetry.reporter,
      guard: guard.requests,
    });
    const reached: unknown[] = [];
    const server = streaming((stream, headers) => {
      reached.push(headers[":path"]);
      stream.respond({ ":status": 200 });
      stream.end("served");
    });
    const session = await connect(server);
    const blocked = await Promise.all([
      ask(session, { ":path": "/a" }),
      ask(session, { ":path": "/b", ":method": "POST" }, "x".repeat(100_000)),
      ask(session, { ":path": "/c", ":method": "HEAD" }),
    ]);
    expect(blocked.map(({ status, body }) => [status, body])).toEqual([
      [403, "Forbidden\n"],
      [403, "Forbidden\n"],
      [403, ""],
    ]);
    expect(reached).toEqual([]);
    expect(telemetry.events(EVENT.guardBlocked).map(({ attributes }) => attributes[ATTR.guardDecisionId])).toEqual([
      "decision-2",
      "decision-2",
      "decision-2",
    ]);
    expect(telemetry.events(EVENT.requestRefused)).toEqual([]);
    guard.decisions.replace([]);
    expect((await ask(session, { ":path": "/d" })).body).toBe("served");
    expect(reached).toEqual(["/d"]);
  });

  it("leaves stack traces and answers as they are without us", async () => {
    const answers: string[] = [];
    for (const isInstrumented of [false, true]) {
      if (isInstrumented) instrument();
      const session = await connect(
        // oxlint-disable-next-line no-loop-func -- both rounds share nothing of it.
        compatible((_request, response) => response.writeHead(500).end(new Error("here").stack ?? "")),
      );
      answers.push((await ask(session, { ":path": "/throw" })).body);
    }
    expect(answers[1]).toBe(answers[0]);
    expect(answers[0]).toContain("node:internal/http2");
  });

  it("tells of weaknesses of answers", async () => {
    instrument();
    const session = await connect(
      compatible((_request, response) => response.writeHead(200, { "set-cookie": "sid=1" }).end()),
    );
    await ask(session, { ":path": "/" });
    await until(() => telemetry.events(EVENT.responseWeakness).length === 1);
  });

  it("is instrumented over TLS as well, beside HTTP/1 on the same port", async () => {
    instrument();
    const folder = mkdtempSync(join(tmpdir(), "vedette-tls-"));
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const flags = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost";
      execFileSync("openssl", [...flags.split(" "), "-keyout", key, "-out", cert], { stdio: "ignore" });
      const options = { key: readFileSync(key), cert: readFileSync(cert), allowHTTP1: true };
      const server = http2.createSecureServer(options, (_request, response) => response.writeHead(403).end());
      const session = await connect(server, "https");
      await ask(session, { ":path": "/two" });
      await fetchOverHttp1((server.address() as AddressInfo).port);
      await until(() => telemetry.events(EVENT.requestRefused).length === 2);
      expect(telemetry.events(EVENT.requestRefused).map(({ attributes }) => attributes[ATTR.urlPath])).toEqual([
        "/two",
        "/one",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

async function fetchOverHttp1(port: number): Promise<void> {
  const { get } = await import("node:https");
  const request = get({ host: "127.0.0.1", port, path: "/one", rejectUnauthorized: false, agent: false });
  const [response] = (await once(request, "response")) as [NodeJS.ReadableStream];
  await once(response.resume(), "end");
}
