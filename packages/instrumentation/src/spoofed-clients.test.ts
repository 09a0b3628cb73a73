import { EventEmitter } from "node:events";
import * as http from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, type GuardDecision } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { readSettings } from "./settings.ts";
import { createTestGuard, type TestGuard } from "./testing/request-guard.ts";
import { close, listen, send, until } from "./testing/requests.ts";
import { createTestTelemetry, type TestTelemetry } from "./testing/telemetry.ts";

const ATTACKER = "127.0.0.66";
const VICTIM = "127.0.0.7";

/** What an attacker writes to be taken for somebody else. */
const CLAIMS: readonly Record<string, string>[] = [
  {},
  { "x-forwarded-for": VICTIM },
  { "x-forwarded-for": `${VICTIM}, ${VICTIM}` },
  { "x-forwarded-for": `${VICTIM},` },
  { "x-forwarded-for": `"${VICTIM}` },
  { forwarded: `for=${VICTIM}` },
  { forwarded: `for="${VICTIM}` },
  { forwarded: `for=${VICTIM};for="` },
  { forwarded: `for="x\\", for=${VICTIM}` },
  { forwarded: `for=${VICTIM}`, "x-forwarded-for": VICTIM },
  { "x-real-ip": VICTIM, "client-ip": VICTIM, "true-client-ip": VICTIM, "cf-connecting-ip": VICTIM },
  { "x-forwarded-for": Array.from({ length: 60 }, () => VICTIM).join(",") },
];

let telemetry: TestTelemetry;
let guard: TestGuard;
let instrumentation: HttpServerSecurityInstrumentation;
let servers: http.Server[];

beforeEach(() => {
  telemetry = createTestTelemetry();
  guard = createTestGuard(telemetry.reporter);
  servers = [];
});

afterEach(async () => {
  instrumentation.disable();
  await Promise.all(servers.map(close));
  await telemetry.end();
});

async function open(listener: http.RequestListener, isOurs = true): Promise<number> {
  const server = http.createServer(listener);
  // A proxy is another process: nothing of ours looks at what comes in there.
  if (!isOurs) server.emit = EventEmitter.prototype.emit;
  servers.push(server);
  return listen(server);
}

/** An application that knows nothing, and a proxy before it that says in a header for whom it asks, as nginx does: what the client wrote stays left of it. */
async function serve(environment: Record<string, string>, header?: "x-forwarded-for" | "forwarded"): Promise<number> {
  instrumentation = new HttpServerSecurityInstrumentation({
    settings: readSettings(environment).settings,
    reporter: telemetry.reporter,
    guard: guard.requests,
  });
  const application = await open((_request, response) => response.writeHead(404).end());
  if (header === undefined) return application;
  return open((request, response) => {
    const client = request.socket.remoteAddress ?? "";
    const said = header === "forwarded" ? `for=${client}` : client;
    const before = request.headers[header];
    const headers = { ...request.headers, [header]: before === undefined ? said : `${String(before)}, ${said}` };
    const onward = http.request(
      { host: "127.0.0.1", port: application, path: `/behind${request.url}`, headers, agent: false },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      },
    );
    onward.on("error", () => response.writeHead(502).end());
    onward.end();
  }, false);
}

const block = (value: string): GuardDecision => ({
  id: "d",
  action: "block",
  targets: [{ kind: "client.address", value }],
  expiresAt: Date.now() + 60_000,
  reason: "test",
});

/** Whom the application's events name. */
const named = (path: string): readonly unknown[] =>
  telemetry
    .events(EVENT.requestRefused)
    .filter(({ attributes }) => attributes[ATTR.urlPath] === path)
    .map(({ attributes }) => attributes[ATTR.clientAddress]);

describe("a client that claims to be another", () => {
  it.each([
    ["directly", {}, undefined, "/"],
    [
      "through a proxy that writes X-Forwarded-For",
      { VEDETTE_TRUSTED_PROXIES: "127.0.0.1" },
      "x-forwarded-for",
      "/behind/",
    ],
    [
      "through a proxy that writes Forwarded",
      { VEDETTE_TRUSTED_PROXIES: "127.0.0.1", VEDETTE_FORWARDED_HEADER: "forwarded" },
      "forwarded",
      "/behind/",
    ],
  ] as const)("is named as itself and blocked as itself, %s", async (_how, environment, header, path) => {
    const port = await serve(environment, header);
    for (const headers of CLAIMS) await send(port, "/", { headers, localAddress: ATTACKER });
    await until(() => named(path).length === CLAIMS.length);
    expect(new Set(named(path))).toEqual(new Set([ATTACKER]));

    guard.decisions.replace([block(ATTACKER)]);
    for (const headers of CLAIMS)
      expect((await send(port, "/", { headers, localAddress: ATTACKER })).status, JSON.stringify(headers)).toBe(403);
    expect((await send(port, "/", { localAddress: VICTIM })).status).toBe(404);
  });

  it("gets nobody blocked by a proxy that is not trusted, which is then who asks", async () => {
    const port = await serve({}, "x-forwarded-for");
    await send(port, "/", { headers: { "x-forwarded-for": VICTIM }, localAddress: ATTACKER });
    await until(() => named("/behind/").length === 1);
    expect(named("/behind/")).toEqual(["127.0.0.1"]);
  });
});

describe("addresses that go out truncated", () => {
  it("are whole where the guard compares them", async () => {
    const port = await serve({ VEDETTE_TRUNCATE_ADDRESSES: "true" });
    guard.decisions.replace([block(ATTACKER)]);
    expect((await send(port, "/", { localAddress: ATTACKER })).status).toBe(403);
    expect((await send(port, "/", { localAddress: VICTIM })).status).toBe(404);
    await until(() => telemetry.events().length === 2);
    for (const { attributes } of telemetry.events()) {
      expect(attributes[ATTR.clientAddress]).toBe("127.0.0.0/24");
      expect(attributes[ATTR.networkPeerAddress]).toBe("127.0.0.0/24");
    }
  });

  it("are networks to whoever decides by them: a block is one of the network", async () => {
    const port = await serve({ VEDETTE_TRUNCATE_ADDRESSES: "true" });
    await send(port, "/", { localAddress: ATTACKER });
    await until(() => named("/").length === 1);
    guard.decisions.replace([block(String(named("/")[0]))]);
    expect((await send(port, "/", { localAddress: VICTIM })).status).toBe(403);
    expect((await send(port, "/", { localAddress: "127.0.1.7" })).status).toBe(404);
  });
});
