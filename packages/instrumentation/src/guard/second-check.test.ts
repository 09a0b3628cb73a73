import { execFile } from "node:child_process";
import * as http from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fastify from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVENT, type GuardDecision, type GuardTarget } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import type { Security } from "../security-events.ts";
import { createSecurity } from "../security.ts";
import { readSettings } from "../settings.ts";
import { createTestGuard, type TestGuard } from "../testing/request-guard.ts";
import { close, send } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";

/** A server whose middleware finds out who `x-user` is and whose handler then notes that it ran. */
type Framework = (security: Security, handled: string[]) => Promise<http.Server>;

const fromMatrix = (folder: string, name: string): unknown =>
  createRequire(new URL(`../../matrix/${folder}/package.json`, import.meta.url))(name);

const started = async (server: http.Server): Promise<http.Server> => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
};

const person = (request: http.IncomingMessage) => {
  const [userId, sessionId] = String(request.headers["x-user"] ?? "").split(":");
  const apiKey = request.headers["x-api-key"];
  return {
    ...(userId === "" ? {} : { userId }),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(typeof apiKey === "string" ? { apiKey } : {}),
  };
};

interface ExpressLike {
  use(handler: (request: http.IncomingMessage, response: http.ServerResponse, next: () => void) => void): void;
  get(path: string, handler: (request: unknown, response: { send(body: string): void }) => void): void;
}

const express =
  (folder: string): Framework =>
  (security, handled) => {
    const app = (fromMatrix(folder, "express") as () => ExpressLike & http.RequestListener)();
    app.use((request, _response, next) => {
      if (!security.identify(person(request))) next();
    });
    app.get("/", (_request, response) => {
      handled.push("handler");
      response.send("served");
    });
    return started(http.createServer(app));
  };

interface KoaLike {
  use(handler: (context: { req: http.IncomingMessage; body: unknown }, next: () => Promise<void>) => unknown): void;
  callback(): http.RequestListener;
}

const koa =
  (folder: string): Framework =>
  (security, handled) => {
    const Koa = fromMatrix(folder, "koa") as new () => KoaLike;
    const app = new Koa();
    app.use(async ({ req }, next) => {
      if (!security.identify(person(req))) await next();
    });
    app.use((context) => {
      handled.push("handler");
      context.body = "served";
    });
    return started(http.createServer(app.callback()));
  };

const frameworks: readonly (readonly [string, Framework])[] = [
  ["express 4", express("express-4")],
  ["koa 2", koa("koa-2")],
  ["koa 3", koa("koa-3")],
  [
    "fastify, which looks by itself",
    async (security, handled) => {
      const app = fastify();
      app.addHook("onRequest", async (request) => void security.identify(person(request.raw)));
      app.get("/", async () => {
        handled.push("handler");
        return "served";
      });
      await app.listen({ port: 0, host: "127.0.0.1" });
      return app.server;
    },
  ],
  [
    "node:http",
    (security, handled) =>
      started(
        http.createServer((request, response) => {
          if (security.identify(person(request))) return;
          handled.push("handler");
          response.end("served");
        }),
      ),
  ],
];

let telemetry: TestTelemetry;
let instrumentation: HttpServerSecurityInstrumentation;
let guard: TestGuard;
let handled: string[];
let server: http.Server | undefined;

beforeEach(() => {
  telemetry = createTestTelemetry();
  guard = createTestGuard(telemetry.reporter);
  handled = [];
  instrumentation = new HttpServerSecurityInstrumentation({
    settings: readSettings({ VEDETTE_INSPECTION: "false" }).settings,
    reporter: telemetry.reporter,
    guard: guard.requests,
  });
});
afterEach(async () => {
  instrumentation.disable();
  if (server !== undefined) await close(server);
  server = undefined;
  await telemetry.end();
});

const put = (action: GuardDecision["action"], ...targets: GuardTarget[]): void =>
  guard.decisions.replace([{ id: action, action, targets, expiresAt: Date.now() + 600_000, reason: "test" }]);
const portOf = (): number => (server?.address() as AddressInfo | undefined)?.port ?? 0;
const as = async (user: string, headers: http.OutgoingHttpHeaders = {}) =>
  send(portOf(), "/", { headers: { "x-user": user, ...headers } });

describe.each(frameworks)("under %s", (_name, framework) => {
  it("a user, a session and a key are known in the middle of a request, and its handler does not run", async () => {
    server = await framework(createSecurity(telemetry.reporter), handled);
    const [newer, older] = guard.pseudonyms.allOf("ada");
    for (const value of [newer ?? "", older ?? ""]) {
      put("block", { kind: "user.hash", value });
      expect((await as("ada")).status).toBe(403);
      expect((await as("bob")).body).toBe("served");
    }
    put("end_session", { kind: "session.id", value: guard.pseudonyms.of("the-session-of-ada") });
    const ended = await as("ada:the-session-of-ada", { cookie: "app=the-session-of-ada.signature; other=1" });
    expect([ended.status, ended.headers["set-cookie"]]).toEqual([401, ["app=; Path=/; Max-Age=0; HttpOnly"]]);
    expect((await as("ada:another-session")).body).toBe("served");
    put("block", { kind: "vedette.api_key.hash", value: guard.pseudonyms.of("key-1") });
    expect((await as("", { "x-api-key": "key-1" })).status).toBe(403);
    expect((await as("", { "x-api-key": "key-2" })).body).toBe("served");
    expect(handled).toEqual(["handler", "handler", "handler", "handler"]);
    expect(telemetry.events(EVENT.guardBlocked)).toHaveLength(4);
    expect(telemetry.events(EVENT.requestRefused)).toEqual([]);
  });
});

describe("an application that goes on with a request that the guard has answered", () => {
  it("does no harm: its answer leads nowhere, nothing throws, and the connection serves on", async () => {
    const security = createSecurity(telemetry.reporter);
    const after: string[] = [];
    server = await started(
      http.createServer((request, response) => {
        security.identify(person(request));
        response.setHeader("x-late", "1");
        response.writeHead(200, { "content-type": "text/html" });
        response.write("part", () => after.push("written"));
        response.end("served", () => after.push("ended"));
      }),
    );
    put("block", { kind: "user.hash", value: guard.pseudonyms.of("ada") });
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const port = portOf();
    const refused = await send(port, "/", { agent, headers: { "x-user": "ada" } });
    const served = await send(port, "/", { agent, headers: { "x-user": "bob" } });
    agent.destroy();
    expect([refused.status, refused.body, refused.headers["x-late"]]).toEqual([403, "Forbidden\n", undefined]);
    expect(served.body).toBe("partserved");
    expect(after).toEqual(["written", "ended", "written", "ended"]);
  });

  it.each(["GET", "HEAD"])(
    "may have put something before the end of answers that waits, as sessions are saved (%s)",
    async (method) => {
      const security = createSecurity(telemetry.reporter);
      server = await started(
        http.createServer((request, response) => {
          const end = response.end.bind(response) as (...parts: unknown[]) => http.ServerResponse;
          response.end = ((...parts: unknown[]) => {
            setImmediate(() => end(...parts));
            return response;
          }) as typeof response.end;
          if (!security.identify(person(request))) response.end("served");
        }),
      );
      put("block", { kind: "user.hash", value: guard.pseudonyms.of("ada") });
      const asked = async (user: string) => send(portOf(), "/", { method, headers: { "x-user": user } });
      const [refused, served] = [await asked("ada"), await asked("bob")];
      expect([refused.status, refused.body]).toEqual([403, method === "HEAD" ? "" : "Forbidden\n"]);
      expect([served.status, served.body]).toEqual([200, method === "HEAD" ? "" : "served"]);
    },
  );

  // In a process of its own: the test runner loads one of express 5's packages in another way than node does.
  it("is kept alive under express 5, and stops there when it looks", async () => {
    const app = fileURLToPath(new URL("../testing/apps/identified-express-5.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--conditions=vedette-source", app]);
    expect(JSON.parse(stdout)).toEqual({
      heeds: { answers: [403, 200], handled: 1 },
      "does not look": { answers: [403, 200], handled: 2 },
    });
  });

  it("is not asked again: who has the same credentials is known before the next request reaches it", async () => {
    const security = createSecurity(telemetry.reporter);
    server = await started(
      http.createServer((request, response) => {
        handled.push("handler");
        // Found out too late to stop anything, as by an event in the middle of the work.
        response.writeHead(200).write("served");
        security.dataAccess({ dataSet: "d", ...person(request) });
        response.end();
      }),
    );
    put("block", { kind: "user.hash", value: guard.pseudonyms.of("ada") });
    const cookie = "sid=1";
    expect([(await as("ada", { cookie })).status, (await as("ada", { cookie })).status]).toEqual([200, 403]);
    expect((await as("ada", { cookie: "sid=2" })).status).toBe(200);
    expect(handled).toHaveLength(2);
  });
});
