import * as http from "node:http";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVENT, type GuardDecision } from "@vedette/semconv";
import { PassportInstrumentation } from "../authentication/passport.ts";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import { createSecurity } from "../security.ts";
import { readSettings } from "../settings.ts";
import { requireIn } from "../testing/matrix-library.ts";
import { createTestGuard, type TestGuard } from "../testing/request-guard.ts";
import { close, listen, send, type Answer } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";
import { ExpressSessionInstrumentation } from "./express-session.ts";
import { FastifySessionInstrumentation } from "./fastify-session.ts";

/** The little of the libraries that the applications below use. */
/* oxlint-disable typescript/no-explicit-any -- libraries of the matrix have no types here. */
type Library = any;

const libraries = [
  new ExpressSessionInstrumentation(),
  new FastifySessionInstrumentation(),
  new PassportInstrumentation(),
] as const;
afterAll(() => {
  for (const library of libraries) library.disable();
});

let telemetry: TestTelemetry;
let guard: TestGuard;
let server: HttpServerSecurityInstrumentation;
let handled: string[];
let undo: () => Promise<void>;

beforeEach(() => {
  telemetry = createTestTelemetry();
  guard = createTestGuard(telemetry.reporter);
  handled = [];
  const settings = readSettings({}).settings;
  server = new HttpServerSecurityInstrumentation({
    settings: { ...settings, inspection: { ...settings.inspection, enabled: false } },
    reporter: telemetry.reporter,
    guard: guard.requests,
  });
  const security = createSecurity(telemetry.reporter);
  for (const library of libraries) library.setConfig({ enabled: true, reporter: telemetry.reporter, security });
});
afterEach(async () => {
  await undo();
  server.disable();
  await telemetry.end();
});

function decide(target: GuardDecision["targets"][number], action: GuardDecision["action"] = "block"): void {
  guard.decisions.replace([
    { id: "decision-1", action, targets: [target], expiresAt: Date.now() + 60_000, reason: "test" },
  ]);
}

async function startExpress(withPassport: boolean): Promise<number> {
  const load = requireIn("express-4");
  const express: Library = load("express");
  const session: Library = load("express-session");
  const app = express();
  app.use(session({ secret: "a secret of the application", resave: false, saveUninitialized: false }));
  if (withPassport) {
    const { Passport }: Library = requireIn("passport-0.7")("passport");
    const passport = new Passport();
    passport.serializeUser((user: { id: number }, done: Library) => done(null, user.id));
    passport.deserializeUser((id: number, done: Library) => done(null, { id: `user-${id}` }));
    app.use(passport.session());
    app.get("/login", (request: Library, response: Library) => request.logIn({ id: 7 }, () => response.end("in")));
  } else {
    app.get("/login", (request: Library, response: Library) => {
      request.session.userId = 7;
      response.end("in");
    });
  }
  app.use((request: Library, response: Library) => {
    handled.push(request.url);
    response.end("served");
  });
  const httpServer = http.createServer(app);
  undo = () => close(httpServer);
  return listen(httpServer);
}

async function startFastify(): Promise<number> {
  const load = requireIn("fastify-5");
  const app: Library = load("fastify")();
  app.register(load("@fastify/cookie"));
  app.register(load("@fastify/session"), {
    secret: "a secret of the application, long enough",
    saveUninitialized: false,
    cookie: { secure: false },
  });
  app.get("/login", async (request: Library) => {
    request.session.userId = 7;
    return "in";
  });
  app.get("/*", async (request: Library) => {
    handled.push(request.url);
    return "served";
  });
  undo = () => app.close();
  await app.listen({ port: 0, host: "127.0.0.1" });
  return app.server.address().port;
}

const APPS: readonly (readonly [string, string, () => Promise<number>])[] = [
  ["express-session", "7", () => startExpress(false)],
  ["@fastify/session", "7", startFastify],
  ["passport", "user-7", () => startExpress(true)],
];

describe.each(APPS)("a request whose sender %s finds out", (_library, user, start) => {
  const ask = async (port: number, path: string, cookie?: string): Promise<Answer> =>
    send(port, path, { agent: false, headers: cookie === undefined ? {} : { cookie } });

  it("is answered by the guard before the application sees it, and those of others are not", async () => {
    const port = await start();
    const cookie = (await ask(port, "/login")).headers["set-cookie"]?.[0]?.split(";")[0];
    expect((await ask(port, "/before", cookie)).body).toBe("served");
    decide({ kind: "user.hash", value: guard.pseudonyms.of(user) });
    const blocked = await ask(port, "/blocked", cookie);
    expect([blocked.status, handled]).toEqual([403, ["/before"]]);
    expect((await ask(port, "/anybody")).body).toBe("served");
    expect(telemetry.events(EVENT.guardBlocked)).toHaveLength(1);
  });

  it("is served as ever while all of ours throws", async () => {
    const broken = new Proxy(
      {},
      {
        get: () => () => {
          throw new Error("ours");
        },
      },
    ) as never;
    for (const each of libraries) each.setConfig({ enabled: true, reporter: broken, security: broken });
    const uncaught: unknown[] = [];
    const onUncaught = (cause: unknown): number => uncaught.push(cause);
    process.on("uncaughtExceptionMonitor", onUncaught);
    const port = await start();
    const login = await ask(port, "/login");
    const cookie = login.headers["set-cookie"]?.[0]?.split(";")[0];
    expect([login.status, login.body]).toEqual([200, "in"]);
    for (const each of [cookie, "connect.sid=s%3Aforged.c2ln; sessionId=forged.c2ln", undefined])
      expect((await ask(port, "/anything", each)).body).toBe("served");
    process.off("uncaughtExceptionMonitor", onUncaught);
    expect([handled.length, uncaught]).toEqual([3, []]);
  });

  it("is stopped by a decision about its session", async () => {
    const port = await start();
    const cookie = (await ask(port, "/login")).headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const value = decodeURIComponent(cookie.slice(cookie.indexOf("=") + 1)).replace(/^s:/, "");
    decide({ kind: "session.id", value: guard.pseudonyms.of(value.slice(0, value.lastIndexOf("."))) }, "end_session");
    expect([(await ask(port, "/ended", cookie)).status, handled]).toEqual([401, []]);
    expect((await ask(port, "/anybody")).body).toBe("served");
  });
});
