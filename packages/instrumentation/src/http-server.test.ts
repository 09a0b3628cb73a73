import * as http from "node:http";
import * as https from "node:https";
import { hasSubscribers } from "node:diagnostics_channel";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { context, createContextKey, ROOT_CONTEXT } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS, type GuardDecision } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { createSecurity } from "./security.ts";
import { FastifyInstrumentation } from "./servers/fastify.ts";
import { readSettings } from "./settings.ts";
import { createTestTelemetry, type TestTelemetry } from "./testing/telemetry.ts";
import { createTestGuard } from "./testing/request-guard.ts";
import { close, listen, send, sendRaw, until } from "./testing/requests.ts";

let telemetry: TestTelemetry;
let instrumentation: HttpServerSecurityInstrumentation | undefined;
const servers: (http.Server | net.Server)[] = [];

beforeEach(() => {
  telemetry = createTestTelemetry();
});

afterEach(async () => {
  instrumentation?.disable();
  instrumentation = undefined;
  await Promise.all(servers.splice(0).map(close));
  await telemetry.end();
});

function instrument(
  environment: Record<string, string> = {},
  decisions?: readonly GuardDecision[],
): HttpServerSecurityInstrumentation {
  instrumentation = new HttpServerSecurityInstrumentation({
    settings: readSettings(environment).settings,
    reporter: telemetry.reporter,
    guard: createTestGuard(telemetry.reporter, decisions).requests,
  });
  return instrumentation;
}

async function serve(
  handler: (...parameters: Parameters<http.RequestListener>) => unknown,
): Promise<{ server: http.Server; port: number }> {
  const server = http.createServer(handler);
  servers.push(server);
  return { server, port: await listen(server) };
}

const blocked = (value: string): GuardDecision => ({
  id: "decision-1",
  action: "block",
  targets: [{ kind: "client.address", value }],
  expiresAt: Date.now() + 600_000,
  reason: "test",
});

describe("an instrumented server", () => {
  it("reports a suspicious request before the application sees it, once, with what the rules need", async () => {
    instrument();
    let eventsAtHandler = -1;
    const { port } = await serve((_request, response) => {
      eventsAtHandler = telemetry.events().length;
      response.end("served");
    });
    const answer = await send(port, "/search?q=1%27%20or%20%271%27%3D%271&token=abc", {
      headers: { "user-agent": "tester/1" },
    });
    expect(answer.body).toBe("served");
    expect(eventsAtHandler).toBe(1);
    const [record] = telemetry.events(EVENT.requestSuspicious);
    expect(telemetry.events()).toHaveLength(1);
    expect(record?.severityText).toBe("WARN");
    expect(record?.attributes).toEqual({
      [ATTR.logRecordUid]: expect.stringMatching(
        /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ),
      [ATTR.httpRequestMethod]: "GET",
      [ATTR.urlPath]: "/search",
      [ATTR.urlQuery]: "q=1%27%20or%20%271%27%3D%271&token=REDACTED",
      [ATTR.clientAddress]: "127.0.0.1",
      [ATTR.networkPeerAddress]: "127.0.0.1",
      [ATTR.userAgentOriginal]: "tester/1",
      [ATTR.requestIndicators]: ["sql_injection"],
      [ATTR.requestLocations]: ["query"],
      [ATTR.requestParameters]: ["q"],
      [ATTR.requestSample]: "1' or '1'='1",
    });
    expect(await telemetry.points(INSTRUMENTATION_METRICS.suspiciousRequests.name)).toEqual([
      { name: "vedette.requests.suspicious", attributes: { [ATTR.requestIndicators]: "sql_injection" }, value: 1 },
    ]);
  });

  it("does not put the value of a secret parameter into the sample", async () => {
    instrument();
    const { port } = await serve((_request, response) => response.end());
    await send(port, "/login?password=%27%20or%201%3D1--%20x");
    expect(JSON.stringify(telemetry.events()[0]?.attributes)).not.toContain("1=1");
    expect(telemetry.events()[0]?.attributes[ATTR.requestSample]).toBe("REDACTED");
  });

  it.each([401, 403, 404, 405, 429])("reports an answer of %i with path and status", async (status) => {
    instrument();
    const { port } = await serve((_request, response) => response.writeHead(status).end());
    await send(port, "/private?page=1");
    await until(() => telemetry.events().length > 0);
    expect(
      telemetry
        .events()
        .map((record) => [
          record.eventName,
          record.attributes[ATTR.urlPath],
          record.attributes[ATTR.httpResponseStatusCode],
        ]),
    ).toEqual([[EVENT.requestRefused, "/private", status]]);
  });

  it("is silent about ordinary requests", async () => {
    instrument();
    const { port } = await serve((_request, response) => response.writeHead(204).end());
    await send(port, "/people?name=O%27Brien&note=a%20%26%20b");
    expect(telemetry.events()).toEqual([]);
  });

  it("gives the manual API the request that is being served, also after awaiting", async () => {
    instrument();
    const security = createSecurity(telemetry.reporter);
    const { port } = await serve(async (_request, response) => {
      await new Promise((resolve) => setImmediate(resolve));
      security.route("/login/:tenant");
      security.authentication({
        outcome: "failure",
        userName: "ada",
        method: "password",
        failureReason: "bad_password",
      });
      response.end();
    });
    await send(port, "/login/acme", { localAddress: "127.0.0.9" });
    expect(telemetry.events(EVENT.authentication)[0]?.attributes).toMatchObject({
      [ATTR.clientAddress]: "127.0.0.9",
      [ATTR.httpRoute]: "/login/:tenant",
      [ATTR.userHash]: expect.any(String),
      [ATTR.eventOutcome]: "failure",
    });
  });

  it("believes X-Forwarded-For from a trusted proxy only, and only as far as the proxies reach", async () => {
    const headers = { "x-forwarded-for": "203.0.113.66, 198.51.100.7, 10.1.2.3" };
    const addresses: unknown[] = [];
    for (const environment of [{}, { VEDETTE_TRUSTED_PROXIES: "127.0.0.1,10.0.0.0/8" }] as Record<string, string>[]) {
      instrument(environment);
      const { port } = await serve((_request, response) => response.writeHead(404).end());
      await send(port, "/x", { headers });
      await until(() => telemetry.events().length > addresses.length);
      addresses.push(telemetry.events().at(-1)?.attributes[ATTR.clientAddress]);
      instrumentation?.disable();
    }
    expect(addresses).toEqual(["127.0.0.1", "198.51.100.7"]);
  });

  it("can be enabled and disabled any number of times", async () => {
    const traces = (): readonly unknown[] => [
      Object.hasOwn(http.Server.prototype, "emit"),
      Object.hasOwn(http.Server.prototype, "listenerCount"),
      Object.hasOwn(https.Server.prototype, "listenerCount"),
      Object.hasOwn(net.Socket.prototype, "listenerCount"),
      ...[
        "http.server.request.start",
        "http.server.response.finish",
        "http2.server.stream.start",
        "net.server.socket",
      ].map((name) => hasSubscribers(name)),
    ];
    const before = traces();
    expect(before).not.toContain(true);
    const active = instrument();
    active.enable();
    active.enable();
    const { port } = await serve((_request, response) => response.writeHead(404).end());
    await send(port, "/a");
    await until(() => telemetry.events().length === 1);
    active.disable();
    active.disable();
    expect(traces()).toEqual(before);
    await send(port, "/b");
    active.enable();
    await send(port, "/c");
    await until(() => telemetry.events().length > 1);
    expect(telemetry.events().map((record) => record.attributes[ATTR.urlPath])).toEqual(["/a", "/c"]);
  });

  it("leaves the wrapper of somebody who wrapped on top of it in place", async () => {
    const active = instrument();
    const ours = Reflect.get(http.Server.prototype, "listenerCount") as http.Server["listenerCount"];
    let seen = 0;
    const theirs = function (this: http.Server, ...args: Parameters<typeof ours>): number {
      seen++;
      return ours.apply(this, args);
    } as typeof ours;
    http.Server.prototype.listenerCount = theirs;
    try {
      active.disable();
      const { server, port } = await serve((_request, response) => response.writeHead(404).end());
      server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded"));
      const upgrade = "GET /?q=%3Cscript%3E1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: demo\r\n\r\n";
      expect(await sendRaw(port, upgrade)).toContain("upgraded");
      expect(seen).toBeGreaterThan(0);
      expect(telemetry.events()).toEqual([]);
    } finally {
      Reflect.deleteProperty(http.Server.prototype, "listenerCount");
    }
  });

  it("reports each request once when two instrumentations are active", async () => {
    instrument();
    const second = new HttpServerSecurityInstrumentation({
      settings: readSettings({}).settings,
      reporter: telemetry.reporter,
    });
    const { port } = await serve((request, response) => response.writeHead(request.url === "/end" ? 404 : 403).end());
    await send(port, "/?q=..%2F..%2Fetc%2Fpasswd");
    await send(port, "/end");
    await until(() => telemetry.events().some(({ attributes }) => attributes[ATTR.urlPath] === "/end"));
    second.disable();
    expect(telemetry.events().map(({ eventName }) => eventName)).toEqual([
      EVENT.requestSuspicious,
      EVENT.requestRefused,
      EVENT.requestRefused,
    ]);
  });

  it("hands on the application's exceptions and answers untouched", async () => {
    instrument();
    const { server } = await serve(() => {
      throw new Error("the application's own");
    });
    expect(() =>
      server.emit("request", Object.assign(new http.IncomingMessage(new net.Socket()), { url: "/" }), {}),
    ).toThrow("the application's own");
  });

  it("goes on serving when something inside it throws, and counts it", async () => {
    const settings = readSettings({}).settings;
    instrumentation = new HttpServerSecurityInstrumentation({
      settings,
      reporter: telemetry.reporter,
      guard: {
        ...createTestGuard(telemetry.reporter).requests,
        judge: () => {
          throw new RangeError("planted");
        },
      },
    });
    const { port } = await serve((_request, response) => response.end("served"));
    expect((await send(port, "/")).body).toBe("served");
    expect(await telemetry.points(INSTRUMENTATION_METRICS.instrumentationErrors.name)).toEqual([
      { name: "vedette.instrumentation.errors", attributes: { [ATTR.errorType]: "RangeError" }, value: 1 },
    ]);
  });

  it("survives what is no proper request", async () => {
    instrument();
    const { port } = await serve((_request, response) => response.end("served"));
    expect(
      await sendRaw(port, "GET /%ff%fe?%=%&&=&%00 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: =;;a\r\n\r\n"),
    ).toContain("served");
    expect(await sendRaw(port, "GARBAGE\r\n\r\n")).toContain("400 Bad Request");
  });
});

describe("the route", () => {
  it("is told by fastify", async () => {
    instrument();
    const library = new FastifyInstrumentation({ reporter: telemetry.reporter });
    const app = fastify();
    app.get("/items/:id", (_request, reply) => reply.code(403).send({}));
    try {
      const origin = await app.listen({ port: 0, host: "127.0.0.1" });
      await send(Number(new URL(origin).port), "/items/42");
      await until(() => telemetry.events().length === 1);
      expect(telemetry.events()[0]?.attributes).toMatchObject({
        [ATTR.urlPath]: "/items/42",
        [ATTR.httpRoute]: "/items/:id",
      });
    } finally {
      library.disable();
      await app.close();
    }
  });

  it("is read where express leaves it", async () => {
    instrument();
    const { port } = await serve((request, response) => {
      Object.assign(request, { baseUrl: "/api", route: { path: "/items/:id" } });
      response.writeHead(403).end();
    });
    await send(port, "/api/items/42");
    await until(() => telemetry.events().length === 1);
    expect(telemetry.events()[0]?.attributes[ATTR.httpRoute]).toBe("/api/items/:id");
  });

  it("is taken from an OpenTelemetry framework instrumentation", async () => {
    const manager = new AsyncLocalStorageContextManager();
    context.setGlobalContextManager(manager.enable());
    try {
      instrument();
      const metadata = { type: "http", route: "/items/{id}" };
      const server = http.createServer((_request, response) => response.writeHead(403).end());
      servers.push(server);
      const port = await listen(server);
      const wrapped = Reflect.get(server, "emit");
      const key = createContextKey("OpenTelemetry SDK Context Key RPC_METADATA");
      server.emit = ((...args: Parameters<typeof wrapped>) =>
        context.with(ROOT_CONTEXT.setValue(key, metadata), () => wrapped.apply(server, args))) as typeof wrapped;
      await send(port, "/items/42");
      await until(() => telemetry.events().length === 1);
      expect(telemetry.events()[0]?.attributes[ATTR.httpRoute]).toBe("/items/{id}");
    } finally {
      context.disable();
    }
  });
});

describe("a blocked client", () => {
  it("gets 403 and never reaches the application, on a connection that stays usable", async () => {
    instrument({}, [blocked("127.0.0.9")]);
    let served = 0;
    const { port } = await serve((_request, response) => {
      served++;
      response.end("served");
    });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const first = await send(port, "/a?x=1", {
      localAddress: "127.0.0.9",
      agent,
      method: "POST",
      body: "small body",
      headers: { "content-length": 10 },
    });
    const second = await send(port, "/b", { localAddress: "127.0.0.9", agent });
    agent.destroy();
    expect([first.status, first.body, first.headers.connection, second.status]).toEqual([
      403,
      "Forbidden\n",
      "keep-alive",
      403,
    ]);
    expect(served).toBe(0);
    expect((await send(port, "/a")).body).toBe("served");
    expect(
      telemetry
        .events()
        .map((record) => [record.eventName, record.attributes[ATTR.urlPath], record.attributes[ATTR.guardDecisionId]]),
    ).toEqual([
      [EVENT.guardBlocked, "/a", "decision-1"],
      [EVENT.guardBlocked, "/b", "decision-1"],
    ]);
    expect(await telemetry.points(INSTRUMENTATION_METRICS.guardBlocked.name)).toEqual([
      { name: "vedette.guard.blocked", attributes: { [ATTR.guardAction]: "block" }, value: 2 },
    ]);
  });

  it("cannot keep a connection busy with a large body", async () => {
    instrument({}, [blocked("127.0.0.1")]);
    const { port } = await serve((_request, response) => response.end("served"));
    const received = await sendRaw(
      port,
      `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n${"a".repeat(1000)}`,
    );
    expect(received).toMatch(/^HTTP\/1\.1 403 /);
    expect(received).toMatch(/\r\nConnection: close\r\n/i);
  });

  it("is blocked for Expect: 100-continue, upgrade and CONNECT as well", async () => {
    instrument({}, [blocked("127.0.0.1")]);
    const { server, port } = await serve((_request, response) => response.end("served"));
    const reached: string[] = [];
    server.on("checkContinue", () => reached.push("checkContinue"));
    server.on("upgrade", (_request, socket) => (reached.push("upgrade"), socket.end()));
    server.on("connect", (_request, socket) => (reached.push("connect"), socket.end()));
    const head = "Host: x\r\nConnection: close\r\n";
    expect(await sendRaw(port, `POST / HTTP/1.1\r\n${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(
      await sendRaw(port, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
    ).toMatch(/^HTTP\/1\.1 403 /);
    expect(await sendRaw(port, "CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n")).toMatch(
      /^HTTP\/1\.1 403 /,
    );
    expect(reached).toEqual([]);
  });

  it("is known by its IPv4 address on a dual-stack socket", async () => {
    instrument({}, [blocked("::ffff:127.0.0.1")]);
    const server = http.createServer((_request, response) => response.end("served"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen({ port: 0, host: "::" }, resolve));
    const { status } = await send((server.address() as net.AddressInfo).port, "/");
    expect(status).toBe(403);
  });
});

describe("an application that upgrades or continues by itself", () => {
  it("gets its events with the request observed", async () => {
    instrument();
    const { server, port } = await serve((_request, response) => response.end("served"));
    server.on("checkContinue", (request: http.IncomingMessage, response: http.ServerResponse) => {
      response.writeContinue();
      server.emit("request", request, response);
    });
    server.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\nupgraded"));
    const continued = await sendRaw(
      port,
      "POST /?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    );
    expect(continued).toContain("100 Continue");
    expect(continued).toContain("served");
    expect(
      await sendRaw(port, "GET /?q=..%2F..%2Fx HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: demo\r\n\r\n"),
    ).toContain("upgraded");
    expect(telemetry.events(EVENT.requestSuspicious)).toHaveLength(2);
  });
});

describe("an https server", () => {
  it("is instrumented like an http server", async () => {
    instrument();
    const folder = mkdtempSync(join(tmpdir(), "vedette-tls-"));
    try {
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      execFileSync(
        "openssl",
        [
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:P-256",
          "-nodes",
          "-days",
          "1",
          "-subj",
          "/CN=localhost",
          "-keyout",
          key,
          "-out",
          cert,
        ],
        { stdio: "ignore" },
      );
      const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_request, response) =>
        response.end("served"),
      );
      servers.push(server);
      const port = await listen(server);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      https
        .get(
          { host: "127.0.0.1", port, path: "/?q=%3Cscript%3E1", rejectUnauthorized: false, agent: false },
          (response) => response.resume().on("end", resolve),
        )
        .on("error", reject);
      await promise;
      expect(telemetry.events(EVENT.requestSuspicious)).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
