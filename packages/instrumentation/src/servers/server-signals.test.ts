import * as http from "node:http";
import * as net from "node:net";
import { fastify } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import { readSettings } from "../settings.ts";
import { close, listen, send, sendRaw, until } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";
import { FastifyInstrumentation } from "./fastify.ts";
import { watchOpenConnections } from "./open-connections.ts";
import { watchServiceHealth } from "./service-health.ts";

let telemetry: TestTelemetry;
let instrumentation: HttpServerSecurityInstrumentation;
const servers: http.Server[] = [];

beforeEach(() => {
  telemetry = createTestTelemetry();
});
afterEach(async () => {
  instrumentation?.disable();
  await Promise.all(servers.splice(0).map(close));
  await telemetry.end();
});

function instrument(environment: Record<string, string> = {}): void {
  const { settings } = readSettings(environment);
  instrumentation = new HttpServerSecurityInstrumentation({ settings, reporter: telemetry.reporter });
}

async function serve(handler: http.RequestListener, options: http.ServerOptions = {}): Promise<number> {
  const server = http.createServer(options, handler);
  servers.push(server);
  return listen(server);
}

const anomalies = (): readonly unknown[] =>
  telemetry
    .events(EVENT.requestAnomaly)
    .map(({ attributes }) => [attributes[ATTR.requestAnomaly], attributes[ATTR.requestAnomalyReason]]);
const weaknesses = (): readonly unknown[] =>
  telemetry
    .events(EVENT.responseWeakness)
    .map(({ attributes }) => [attributes[ATTR.responseWeakness], attributes[ATTR.responseWeaknessSubjects]]);

describe("a request that is out of the ordinary", () => {
  it("is told of: methods, overrides, sizes", async () => {
    instrument();
    const port = await serve((request, response) =>
      response.writeHead(Number(request.headers["x-answer"] ?? 200)).end(),
    );
    const cases: [http.RequestOptions & { path?: string }, unknown[]][] = [
      [{ method: "TRACE" }, [["unusual_method", "TRACE"]]],
      [{ method: "PROPFIND", headers: { "x-answer": "501" } }, [["unusual_method", "PROPFIND"]]],
      [{ method: "PROPFIND" }, []],
      [
        { method: "POST", headers: { "x-http-method-override": "DELETE" } },
        [["method_override", "x-http-method-override"]],
      ],
      [{ method: "POST", headers: { "x-http-method-override": "post" } }, []],
      [{ method: "POST", path: "/?a=1&_method=PUT" }, [["method_override", "_method"]]],
      [{ path: `/${"a".repeat(9000)}` }, [["oversized", "url"]]],
      [
        { headers: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x-${index}`, "1"])) },
        [["oversized", "headers"]],
      ],
      [{ method: "POST", headers: { "x-answer": "413" } }, [["oversized", "body"]]],
    ];
    let before = 0;
    for (const [options, expected] of cases) {
      await send(port, options.path ?? "/", options);
      await until(() => anomalies().length >= before + expected.length);
      expect(anomalies().slice(before)).toEqual(expected);
      before += expected.length;
    }
    const points = await telemetry.points("vedette.requests.anomalous");
    const counts = Object.fromEntries(points.map(({ attributes, value }) => [attributes[ATTR.requestAnomaly], value]));
    expect(counts).toEqual({ method_override: 2, oversized: 3, unusual_method: 2 });
  });

  it.each([
    ["garbage", "GARBAGE / HTTP/1.1\r\n\r\n", [["malformed", "HPE_INVALID_METHOD"]]],
    [
      "two lengths",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      [["malformed", "HPE_INVALID_TRANSFER_ENCODING"]],
    ],
    ["no host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", [["malformed", "missing_host"]]],
    [
      "20 KiB of headers",
      `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
      [["oversized", "HPE_HEADER_OVERFLOW"]],
    ],
  ])("is told of and answered as without us: %s", async (_name, text, expected) => {
    const port = await serve((_request, response) => response.end("served"));
    const plain = await sendRaw(port, text);
    instrument();
    const answer = await sendRaw(port, text);
    expect(answer.replace(/^Date: .*\r\n/m, "")).toBe(plain.replace(/^Date: .*\r\n/m, ""));
    expect(answer).toMatch(/^HTTP\/1\.1 4/);
    await until(() => anomalies().length > 0);
    expect(anomalies()).toEqual(expected);
    expect(telemetry.events(EVENT.requestAnomaly)[0]?.attributes[ATTR.clientAddress]).toBe("127.0.0.1");
  });

  it("leaves it to the application's own listener of clientError", async () => {
    instrument();
    const port = await serve((_request, response) => response.end());
    servers.at(-1)?.on("clientError", (_error, socket) => socket.end("HTTP/1.1 418 Mine\r\n\r\n"));
    expect(await sendRaw(port, "GARBAGE\r\n\r\n")).toBe("HTTP/1.1 418 Mine\r\n\r\n");
    expect(anomalies()).toEqual([["malformed", "HPE_INVALID_METHOD"]]);
    expect(Object.hasOwn(servers.at(-1) ?? {}, "emit")).toBe(false);
  });

  it("is told of when its head takes too long (slowloris)", async () => {
    instrument();
    const port = await serve((_request, response) => response.end(), {
      headersTimeout: 200,
      requestTimeout: 200,
      connectionsCheckingInterval: 50,
    });
    expect(await sendRaw(port, "GET / HTTP/1.1\r\nHost: x\r\nX-A: b")).toMatch(/^HTTP\/1\.1 408 /);
    expect(anomalies()).toEqual([["slow_request", "ERR_HTTP_REQUEST_TIMEOUT"]]);
  });

  it("is told of when its client holds many connections open without a request", async () => {
    let now = 0;
    const told: string[] = [];
    const connections = watchOpenConnections(
      (address) => told.push(address),
      () => now,
    );
    const port = await serve((_request, response) => response.end());
    const sockets: net.Socket[] = [];
    const connect = async (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<unknown>();
      servers.at(-1)?.once("connection", resolve);
      sockets.push(net.connect(port, "127.0.0.1"));
      await promise;
    };
    for (let index = 0; index < 55; index++) await connect();
    expect(told).toEqual([]);
    now = 6000;
    await connect();
    await connect();
    expect(told).toEqual(["127.0.0.1"]);
    connections.stop();
    for (const socket of sockets) socket.destroy();
  });

  it("is a flood when its client sends too many, told once", async () => {
    instrument({ VEDETTE_FLOOD_REQUESTS: "5" });
    const port = await serve((_request, response) => response.end());
    for (let index = 0; index < 12; index++) await send(port, "/");
    // The window may have ended in between.
    expect([1, 2]).toContain(anomalies().length);
    expect(anomalies()[0]).toEqual(["flood", "requests"]);
  });

  it("is forced browsing when no route matches it, and not when a route answers 404", async () => {
    instrument();
    const library = new FastifyInstrumentation({ reporter: telemetry.reporter });
    const app = fastify();
    app.get("/things/:id", (_request, reply) => reply.code(404).send());
    try {
      const port = Number(new URL(await app.listen({ port: 0, host: "127.0.0.1" })).port);
      await send(port, "/things/7");
      await send(port, "/.git/config");
      await until(() => telemetry.events(EVENT.requestRefused).length === 2);
      expect(telemetry.events(EVENT.requestAnomaly).map(({ attributes }) => attributes[ATTR.urlPath])).toEqual([
        "/.git/config",
      ]);
      expect(anomalies()).toEqual([["forced_browsing", "no_route"]]);
    } finally {
      library.disable();
      await app.close();
    }
  });
});

describe("an answer with a weakness", () => {
  it.each([
    [
      "as object",
      (response: http.ServerResponse, headers: http.OutgoingHttpHeaders) => response.writeHead(200, headers),
    ],
    [
      "as list",
      (response: http.ServerResponse, headers: http.OutgoingHttpHeaders) =>
        response.writeHead(200, Object.entries(headers).flat() as string[]),
    ],
    [
      "one by one",
      (response: http.ServerResponse, headers: http.OutgoingHttpHeaders) => {
        for (const [name, value] of Object.entries(headers)) if (value !== undefined) response.setHeader(name, value);
      },
    ],
  ] as const)("is told of once per route: headers of HTML, handed over %s", async (_how, write) => {
    instrument();
    const port = await serve((request, response) => {
      write(response, {
        "Content-Type": "text/html",
        ...(request.url === "/safe"
          ? { "Content-Security-Policy": "frame-ancestors 'none'", "X-Content-Type-Options": "nosniff" }
          : {}),
      });
      response.end("<p>");
    });
    for (const path of ["/a", "/a", "/safe", "/b"]) await send(port, path);
    await until(() => weaknesses().length === 2);
    const missing = [
      "missing_security_header",
      ["content-security-policy", "x-content-type-options", "x-frame-options"],
    ];
    expect(weaknesses()).toEqual([missing, missing]);
  });

  it("is told of: a session's cookie without its flags", async () => {
    instrument();
    const port = await serve((request, response) => {
      const cookies: Record<string, string[]> = {
        "/bad": ["theme=dark", "connect.sid=s%3Aabc; Path=/"],
        "/good": ["connect.sid=s%3Aabc; Path=/; HttpOnly; Secure; SameSite=Lax", "XSRF-TOKEN=1", "sid=; Max-Age=0"],
      };
      response.writeHead(200, { "set-cookie": cookies[request.url ?? ""] }).end();
    });
    await send(port, "/good");
    await send(port, "/bad");
    await until(() => weaknesses().length > 0);
    expect(weaknesses()).toEqual([["insecure_cookie", ["connect.sid", "HttpOnly", "Secure", "SameSite"]]]);
    expect(JSON.stringify(telemetry.events(EVENT.responseWeakness).map(({ attributes }) => attributes))).not.toContain(
      "s%3Aabc",
    );
  });

  it("is told of: any site may read with credentials, and not two sites on purpose", async () => {
    instrument();
    const port = await serve((request, response) => {
      const origin = request.headers.origin ?? "";
      response
        .writeHead(200, { "Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true" })
        .end();
    });
    for (const origin of ["https://app.example.com", "https://www.example.com", "https://partner.example.net"])
      await send(port, "/api", { headers: { origin } });
    expect(weaknesses()).toEqual([]);
    await send(port, "/api", { headers: { origin: "https://evil.test" } });
    await until(() => weaknesses().length > 0);
    expect(weaknesses()).toEqual([["permissive_cors", ["access-control-allow-origin"]]]);
  });

  it("is told of: another site's form was accepted", async () => {
    instrument();
    const port = await serve((request, response) =>
      response.writeHead(request.url === "/checked" ? 403 : 303, { location: "/" }).end(),
    );
    const form = { cookie: "sessionId=1", "content-type": "application/x-www-form-urlencoded" };
    const own = `http://127.0.0.1:${port}`;
    await send(port, "/checked", { method: "POST", headers: { ...form, origin: "https://evil.test" } });
    await send(port, "/transfer", { method: "POST", headers: { ...form, origin: own } });
    await send(port, "/transfer", {
      method: "POST",
      headers: { ...form, origin: "https://evil.test", "content-type": "application/json" },
    });
    await send(port, "/transfer", { method: "POST", headers: { origin: "https://evil.test" } });
    expect(weaknesses()).toEqual([]);
    await send(port, "/transfer", { method: "POST", headers: { ...form, origin: "https://evil.test" } });
    await until(() => weaknesses().length > 0);
    expect(weaknesses()).toEqual([["missing_csrf_protection", ["origin"]]]);
  });
});

describe("a service that suffers", () => {
  it("names the request that stopped the event loop", async () => {
    instrument({ VEDETTE_STALL_MS: "200" });
    const port = await serve((request, response) => {
      const end = performance.now() + (request.url === "/slow" ? 500 : 0);
      while (performance.now() < end);
      response.end();
    });
    await send(port, "/fast");
    await send(port, "/slow");
    await until(() => telemetry.events(EVENT.serviceDegraded).length > 0);
    const [event] = telemetry.events(EVENT.serviceDegraded);
    expect(event?.attributes).toMatchObject({ [ATTR.serviceDegradation]: "event_loop_stall", [ATTR.urlPath]: "/slow" });
    expect(event?.attributes[ATTR.serviceStallDuration]).toBeGreaterThan(0.2);
  });

  it("tells of growth once in a minute, and not of slow growth", () => {
    let now = 0;
    let bytes = 200 * 1024 * 1024;
    let tick = (): void => {};
    const health = watchServiceHealth(telemetry.reporter, 300, {
      now: () => now,
      memory: () => bytes,
      every: (_milliseconds, call) => {
        tick = call;
        return () => {};
      },
    });
    const run = (seconds: number, growthPerSecond: number): void => {
      for (let second = 0; second < seconds; second++) {
        bytes += growthPerSecond;
        for (let index = 0; index < 20; index++) {
          now += 50;
          tick();
        }
      }
    };
    const MiB = 1024 * 1024;
    run(60, MiB);
    expect(telemetry.events(EVENT.serviceDegraded)).toEqual([]);
    run(20, 40 * MiB);
    expect(telemetry.events(EVENT.serviceDegraded)).toHaveLength(1);
    expect(telemetry.events(EVENT.serviceDegraded)[0]?.attributes[ATTR.serviceMemoryGrowth]).toBeGreaterThan(128 * MiB);
    health.stop();
  });
});
