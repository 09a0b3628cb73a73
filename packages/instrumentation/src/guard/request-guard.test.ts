import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS, type GuardDecision } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "../http-server.ts";
import type { Security } from "../security-events.ts";
import { createSecurity } from "../security.ts";
import { readSettings } from "../settings.ts";
import { createTestGuard, type TestGuard } from "../testing/request-guard.ts";
import { close, listen, send, sendRaw } from "../testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "../testing/telemetry.ts";
import { createOffSwitch } from "./off-switch.ts";

let telemetry: TestTelemetry;
let security: Security;
let instrumentation: HttpServerSecurityInstrumentation | undefined;
const servers: http.Server[] = [];
let handled: string[];

beforeEach(() => {
  telemetry = createTestTelemetry();
  security = createSecurity(telemetry.reporter);
  handled = [];
});
afterEach(async () => {
  instrumentation?.disable();
  instrumentation = undefined;
  await Promise.all(servers.splice(0).map(close));
  await telemetry.end();
});

function guarded(decisions: readonly GuardDecision[], options: Parameters<typeof createTestGuard>[2] = {}): TestGuard {
  const guard = createTestGuard(telemetry.reporter, decisions, options);
  instrumentation = new HttpServerSecurityInstrumentation({
    settings: readSettings({ VEDETTE_INSPECTION: "false" }).settings,
    reporter: telemetry.reporter,
    guard: guard.requests,
  });
  return guard;
}

async function serve(
  handler: http.RequestListener = (request, response) => {
    handled.push(request.url ?? "");
    response.end("served");
  },
): Promise<number> {
  const server = http.createServer(handler);
  servers.push(server);
  return listen(server);
}

const decision = (action: GuardDecision["action"], more: Partial<GuardDecision> = {}): GuardDecision => ({
  id: action,
  action,
  targets: [{ kind: "client.address", value: "127.0.0.1" }],
  expiresAt: Date.now() + 600_000,
  reason: "test",
  ...(action === "throttle" ? { rate: { limit: 1, seconds: 3600, burst: 2 } } : {}),
  ...more,
});

const told = (): readonly (readonly unknown[])[] =>
  telemetry
    .events()
    .map(({ eventName, attributes }) => [
      eventName,
      attributes[ATTR.guardDecisionId],
      attributes[ATTR.guardAction],
      attributes[ATTR.httpResponseStatusCode],
    ]);

describe("what a client gets", () => {
  it("under a throttle: its burst, then 429 with the time to wait", async () => {
    guarded([decision("throttle")]);
    const port = await serve();
    const answers = [];
    for (let index = 0; index < 4; index++) answers.push(await send(port, "/a"));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429, 429]);
    expect(answers[2]?.headers["retry-after"]).toBe("3600");
    expect(answers[2]?.headers["cache-control"]).toBe("no-store");
    expect(handled).toEqual(["/a", "/a"]);
    expect(told()).toEqual([
      [EVENT.guardBlocked, "throttle", "throttle", 429],
      [EVENT.guardBlocked, "throttle", "throttle", 429],
    ]);
  });

  it("where a step-up is due: 401 that a program understands, except where the proof is given", async () => {
    guarded([decision("step_up")], { policy: { stepUpPaths: ["/login*"] } });
    const port = await serve();
    const answer = await send(port, "/orders");
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Bearer error="insufficient_user_authentication"');
    expect(answer.headers["content-type"]).toBe("application/problem+json");
    expect(JSON.parse(answer.body)).toEqual({
      type: "about:blank",
      title: "A stronger proof of identity is required",
      status: 401,
      code: "step_up_required",
    });
    expect((await send(port, "/login?next=/orders")).status).toBe(200);
    expect((await send(port, "/login/../orders")).status).toBe(401);
  });

  it("when its session is ended: 401 and the session's cookies taken away, no others", async () => {
    guarded([decision("end_session")], { policy: { sessionCookies: ["sid"] } });
    const port = await serve();
    const answer = await send(port, "/", { headers: { cookie: "theme=dark; sid=abc; evil name=x" } });
    expect([answer.status, answer.headers["set-cookie"]]).toEqual([401, ["sid=; Path=/; Max-Age=0; HttpOnly"]]);
    expect((JSON.parse(answer.body) as { code: string }).code).toBe("session_ended");
    expect((await send(port, "/")).headers["set-cookie"]).toBeUndefined();
  });

  it("that is only observed: what it asked for, and one event a request", async () => {
    guarded([decision("observe")]);
    const port = await serve();
    expect((await send(port, "/a")).body).toBe("served");
    expect(told()).toEqual([[EVENT.guardObserved, "observe", "observe", undefined]]);
  });

  it("for an upgrade and for CONNECT, the same answers on the bare socket", async () => {
    guarded([decision("throttle", { rate: { limit: 1, seconds: 3600, burst: 1 } })]);
    const port = await serve();
    const [server] = servers;
    server?.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
    server?.on("connect", (_request, socket) => socket.end("HTTP/1.1 200 Connected\r\n\r\n"));
    const upgrade = "GET /w HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    expect(await sendRaw(port, upgrade)).toContain("101 Switching");
    expect(await sendRaw(port, upgrade)).toMatch(/^HTTP\/1\.1 429 Too Many Requests\r\n.*Retry-After: 3600\r\n/s);
    expect(await sendRaw(port, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).toContain("429 Too Many");
  });
});

describe("nothing is done", () => {
  it.each(["/health", "/healthcheck?deep=1", "/health/ready", "/livez", "/readyz", "/healthz"])(
    "to the health check %s",
    async (path) => {
      guarded([decision("block")], { isInformed: () => true });
      const port = await serve();
      expect((await send(port, path)).status).toBe(200);
      expect((await send(port, path, { method: "HEAD" })).status).toBe(200);
      expect((await send(port, path, { method: "POST" })).status).toBe(403);
      expect(told()).toHaveLength(1);
    },
  );

  it.each(["/health/../admin", "/health%2f..%2fadmin", "/healthz\\..\\admin", "/health//admin", "/health;/../admin"])(
    "but %s is no health check, whatever counts as one",
    async (path) => {
      guarded([decision("block")], { policy: { healthPaths: ["/health*"] } });
      const port = await serve();
      expect((await send(port, "/health/deep")).status).toBe(200);
      expect((await send(port, path)).status).toBe(403);
    },
  );

  it.each(["/readyz/admin", "/health-records/7"])("but %s is no health check by default", async (path) => {
    guarded([decision("block")]);
    const port = await serve();
    expect((await send(port, path)).status).toBe(403);
  });

  it("to who is allowed: an address, a network or a user", async () => {
    guarded([decision("block", { targets: [{ kind: "client.address", value: "127.0.0.0/8" }] })], {
      policy: { allow: ["127.0.0.9", "127.7.0.0/16", "user:ada"] },
    });
    const port = await serve();
    const from = async (localAddress: string) => (await send(port, "/", { localAddress })).status;
    expect([await from("127.0.0.9"), await from("127.7.1.1"), await from("127.0.0.8")]).toEqual([200, 200, 403]);
  });

  it("in monitor mode, and what would be done is told", async () => {
    guarded([decision("block"), decision("throttle", { rate: { limit: 1, seconds: 3600, burst: 1 } })], {
      policy: { mode: "monitor" },
    });
    const port = await serve();
    expect((await send(port, "/a")).status).toBe(200);
    expect(told()).toEqual([[EVENT.guardObserved, "block", "block", undefined]]);
    expect(await telemetry.points(INSTRUMENTATION_METRICS.guardObserved.name)).toEqual([
      { name: "vedette.guard.observed", attributes: { [ATTR.guardAction]: "block" }, value: 1 },
    ]);
  });

  it("while the guard is off by a file, looked for once a second at most", async () => {
    const folder = mkdtempSync(join(tmpdir(), "vedette-off-"));
    const file = join(folder, "off");
    let now = 10_000;
    const changes: boolean[] = [];
    const offSwitch = createOffSwitch({ off: false, file, now: () => now, onChange: (off) => changes.push(off) });
    try {
      guarded([decision("block")], { isOff: () => offSwitch.isOff() });
      const port = await serve();
      const status = async () => (await send(port, "/")).status;
      expect(await status()).toBe(403);
      writeFileSync(file, "");
      now += 999;
      expect([await status(), existsSync(file)]).toEqual([403, true]);
      now += 1;
      expect(await status()).toBe(200);
      rmSync(file);
      now += 1_000;
      expect(await status()).toBe(403);
      offSwitch.setByWorker(true);
      expect(await status()).toBe(200);
      offSwitch.setByWorker(false);
      expect(changes).toEqual([true, false, true, false]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("while the worker was never heard of, unless it is to fail closed: then 503, except for health checks", async () => {
    let informed = false;
    guarded([], { isInformed: () => informed });
    const port = await serve();
    expect((await send(port, "/")).status).toBe(200);
    expect(await telemetry.points(INSTRUMENTATION_METRICS.guardUninformed.name)).toEqual([
      { name: "vedette.guard.uninformed", attributes: {}, value: 1 },
    ]);
    instrumentation?.disable();
    guarded([], { isInformed: () => informed, policy: { fail: "closed" } });
    const refused = await send(port, "/");
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "5"]);
    expect((await send(port, "/healthz")).status).toBe(200);
    informed = true;
    expect((await send(port, "/")).status).toBe(200);
    expect(told()).toEqual([[EVENT.guardBlocked, undefined, "fail_closed", 503]]);
  });
});

describe("an application's hooks", () => {
  it("answer in the guard's place, let a request go on, or leave it to the guard; one that throws leaves it, too", async () => {
    const { hooks } = guarded([decision("step_up")]);
    const port = await serve((_request, response) => {
      response.end(`served, ${hooks.stepUpRequired() ? "owes" : "owes nothing"}`);
    });
    hooks.onStepUp(({ request, response, decisionId }) => {
      if (request.url === "/throw") throw new Error("the application's own");
      if (request.url === "/continue") return "continue";
      if (request.url !== "/answer") return undefined;
      response?.writeHead(303, { location: `/second-factor?for=${decisionId}` }).end();
      return "answered";
    });
    const answered = await send(port, "/answer");
    expect([answered.status, answered.headers.location]).toEqual([303, "/second-factor?for=step_up"]);
    expect((await send(port, "/continue")).body).toBe("served, owes");
    expect([(await send(port, "/other")).status, (await send(port, "/throw")).status]).toEqual([401, 401]);
    expect(told().map(([name, , , status]) => [name, status])).toEqual([
      [EVENT.guardBlocked, 303],
      [EVENT.guardObserved, undefined],
      [EVENT.guardBlocked, 401],
      [EVENT.guardBlocked, 401],
    ]);
    hooks.onStepUp(undefined);
    expect((await send(port, "/answer")).status).toBe(401);
  });

  it("say that the proof was given: whoever gave it is asked no more, everybody else is", async () => {
    const { hooks, pseudonyms, decisions } = guarded([], { policy: { stepUpPaths: ["/second-factor"] } });
    decisions.replace([decision("step_up", { targets: [{ kind: "user.hash", value: pseudonyms.of("ada") }] })]);
    const port = await serve((request, response) => {
      if (security.identify({ userId: "ada", sessionId: String(request.headers["x-session"]) })) return;
      if (request.url === "/second-factor") hooks.stepUpDone();
      response.end("served");
    });
    const as = async (session: string, path: string) =>
      (await send(port, path, { headers: { "x-session": session } })).status;
    expect(await as("one", "/orders")).toBe(401);
    expect(await as("one", "/second-factor")).toBe(200);
    expect([await as("one", "/orders"), await as("two", "/orders")]).toEqual([200, 401]);
  });
});
