import { readdirSync, readFileSync } from "node:fs";
import * as http from "node:http";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS, type GuardDecision } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { createSecurity } from "./security.ts";
import { readSettings } from "./settings.ts";
import { CATEGORIES, DETECTION_POINTS, type Coverage } from "./testing/detection-points.ts";
import { startMatrixApp, type MatrixApp } from "./testing/matrix-app.ts";
import { attributesOf } from "./testing/readme-tables.ts";
import { createTestGuard } from "./testing/request-guard.ts";
import { close, listen, send, sendRaw, until } from "./testing/requests.ts";
import { createTestTelemetry } from "./testing/telemetry.ts";

type Automatic = Extract<Coverage, { how: "automatic" }>;
interface Seen {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** How many points each category of AppSensor has. */
const POINTS: Readonly<Record<string, number>> = {
  RE: 8,
  AE: 13,
  SE: 6,
  ACE: 4,
  IE: 7,
  EE: 2,
  CIE: 4,
  FIO: 2,
  HT: 3,
  UT: 4,
  ST: 3,
  RP: 4,
};

const form = { "content-type": "application/x-www-form-urlencoded" };

interface Request {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly localAddress?: string;
}

const logIn = (body: string): Request => ({ path: "/login", method: "POST", headers: form, body });
const SQL = encodeURIComponent("1' or 1=1 -- ");

/** What is sent for each point that is seen without a line in the application; the user agent names the point. */
const TRIGGERS: Readonly<Record<string, readonly Request[]>> = {
  RE1: [{ path: "/nothing", method: "PROPFIND" }],
  RE2: [
    { path: "/page", method: "DELETE" },
    { path: "/form", method: "POST", headers: { "x-http-method-override": "PUT" } },
  ],
  RE3: [{ path: "/form" }],
  RE4: [{ path: "/page", method: "POST" }],
  RE7: [{ path: `/search?q=${"x".repeat(9000)}` }],
  AE1: [logIn("username=bob&password=x"), logIn("username=carol&password=x")],
  AE2: [logIn("username=ada&password=x")],
  AE3: [{ path: "/limited" }, { path: "/limited" }],
  AE6: [logIn(`username=${SQL}&password=x`)],
  AE8: [logIn("username=ada")],
  AE9: [logIn("password=x")],
  AE12: [logIn("username=Administrator&password=x")],
  SE1: [
    { path: "/me", headers: { cookie: "connect.sid=s%3Aforged.c2lnbmF0dXJl" } },
    { path: "/api", headers: { authorization: "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl" } },
  ],
  SE2: [{ path: "/me", headers: { cookie: `note=${encodeURIComponent("<script>alert(1)</script>")}` } }],
  ACE1: [{ path: "/orders/8" }],
  ACE2: [{ path: "/orders/8", method: "POST", headers: form, body: "total=1" }],
  ACE3: [{ path: "/administrator/backup" }],
  ACE4: [{ path: "/orders/8", method: "DELETE" }],
  IE1: [{ path: `/search?q=${encodeURIComponent("<script>alert(1)</script>")}` }],
  IE3: [{ path: "/search?file=../../etc/passwd" }],
  IE6: [{ path: `/search?q=${encodeURIComponent("x\r\nSet-Cookie: a=b")}` }],
  EE1: [{ path: `/search?q=${encodeURIComponent(SQL)}` }],
  EE2: [{ path: "/search?file=..%c0%af..%c0%afetc/passwd" }],
  CIE1: [{ path: `/search?q=${SQL}` }],
  CIE3: [{ path: "/search?file=../../etc/passwd%00.png" }],
  CIE4: [{ path: `/search?file=${encodeURIComponent("a.txt\r\nContent-Type: text/html")}` }],
  FIO1: [
    {
      path: "/form",
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ a: "x".repeat(2000) }),
    },
  ],
  UT2: Array.from({ length: 40 }, () => ({ path: "/page", localAddress: "127.0.0.99" })),
  UT4: [{ path: "/limited" }, { path: "/limited" }],
};

let app: MatrixApp;
let events: readonly Seen[];

/** Whether an event is what a coverage says; a value of a list counts, and words within a text are not looked for. */
function is({ event, where = {} }: Pick<Automatic, "event" | "where">, { name, attributes }: Seen): boolean {
  return (
    name === event &&
    Object.entries(where).every(([key, value]) => {
      const seen = attributes[key];
      return Array.isArray(seen) ? seen.includes(value) : seen === value;
    })
  );
}

beforeAll(async () => {
  app = await startMatrixApp("passport-0.7", "detection-points.mjs", {
    env: { VEDETTE_FLOOD_REQUESTS: "30", VEDETTE_HASH_KEY: "the key of this deployment" },
  });
  const request = ({ path, ...options }: Request, point: string) =>
    send(app.port, path, { ...options, headers: { "user-agent": `point-${point}-`, ...options.headers } });
  for (const [point, requests] of Object.entries(TRIGGERS)) for (const one of requests) await request(one, point);
  await sendRaw(app.port, "GET /search HTTP/1.1\r\nhost: a\r\nno header at all\r\n\r\n");
  // Sessions that move: each begins with a log-in of its own.
  for (const point of ["SE4", "SE5", "SE6"]) {
    const answer = await request(logIn("username=ada&password=lovelace"), point);
    const cookie = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? "";
    const as = (agent: string, localAddress: string) =>
      request({ path: "/me", headers: { cookie, "user-agent": `point-${point}-${agent}` }, localAddress }, point);
    await as("", "127.0.0.1");
    if (point === "SE4") for (const agent of ["b", "", "b"]) await as(agent, agent === "b" ? "127.0.9.1" : "127.0.0.1");
    if (point === "SE5") await as("", "127.0.9.1");
    if (point === "SE6") await as("b", "127.0.0.1");
  }
  await until(() => app.events().some(({ attributes }) => attributes["user_agent.original"] === "point-SE6-b"));
  await app.stop();
  events = [...app.events(), ...(await blocked())];
}, 60_000);

afterAll(async () => {
  await app.stop();
});

/** What the guard tells of a client that it keeps out. */
async function blocked(): Promise<readonly Seen[]> {
  const telemetry = createTestTelemetry();
  const { requests: guard, decisions } = createTestGuard(telemetry.reporter);
  const decision: GuardDecision = {
    id: "d",
    action: "block",
    targets: [{ kind: "client.address", value: "127.0.0.1" }],
    expiresAt: Date.now() + 60_000,
    reason: "test",
  };
  decisions.replace([decision]);
  const settings = readSettings({}).settings;
  const instrumentation = new HttpServerSecurityInstrumentation({ settings, reporter: telemetry.reporter, guard });
  const server = http.createServer((_request, response) => response.end());
  const port = await listen(server);
  for (const point of ["RP1", "RP4"]) await send(port, "/", { headers: { "user-agent": `point-${point}-` } });
  instrumentation.disable();
  await close(server);
  const told = telemetry.events().map(({ eventName = "", attributes }) => ({ name: eventName, attributes }));
  await telemetry.end();
  return told;
}

describe("the table of AppSensor's detection points", () => {
  it("has every point of every category once, in order, and says of each how it is covered or why not", () => {
    const expected = Object.entries(POINTS).flatMap(([category, count]) =>
      Array.from({ length: count }, (_, index) => `${category}${index + 1}`),
    );
    expect(DETECTION_POINTS.map(({ id }) => id)).toEqual(expected);
    expect(Object.keys(CATEGORIES)).toEqual(Object.keys(POINTS));
    for (const { id, covered, not } of DETECTION_POINTS) expect(covered.length > 0 || not !== undefined, id).toBe(true);
  });

  it("names attributes that the event carries, and calls that emit it", async () => {
    const telemetry = createTestTelemetry();
    const security = createSecurity(telemetry.reporter);
    const outcome = "success";
    const calls: Partial<Record<string, () => void>> = {
      authentication: () => security.authentication({ outcome }),
      authorization: () => security.authorization({ action: "a", denied: true }),
      inputRejected: () => security.inputRejected({ rule: "r" }),
      rateLimited: () => security.rateLimited({}),
      sessionEvent: () => security.sessionEvent({ action: "hijack_suspected" }),
      dataAccess: () => security.dataAccess({ dataSet: "d" }),
      businessRule: () => security.businessRule({ rule: "r" }),
      honeytoken: () => security.honeytoken({ name: "n" }),
    };
    for (const { id, covered } of DETECTION_POINTS)
      for (const coverage of covered) {
        if (coverage.how === "automatic")
          for (const name of Object.keys(coverage.where ?? {}))
            expect(attributesOf(coverage.event), id).toContain(name);
        if (coverage.how === "metric")
          for (const name of Object.keys(coverage.where ?? {})) expect(coverage.metric.attributes, id).toContain(name);
        if (coverage.how !== "manual") continue;
        const before = telemetry.events(coverage.event).length;
        expect(calls[coverage.call], coverage.call).toBeDefined();
        calls[coverage.call]?.();
        expect(telemetry.events(coverage.event).length, id).toBe(before + 1);
      }
    await telemetry.end();
  });

  it("names rules of the worker that there are", () => {
    const folder = resolve(import.meta.dirname, "../../detection-rules/rules");
    const texts = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".yml"))
      .map((file) => readFileSync(resolve(folder, file), "utf8"));
    for (const { covered } of DETECTION_POINTS)
      for (const coverage of covered)
        if (coverage.how === "rule")
          expect(
            texts.some((text) => text.includes(`title: ${coverage.title}\n`)),
            coverage.title,
          ).toBe(true);
  });

  const cases = DETECTION_POINTS.flatMap(({ id, covered }) =>
    covered.flatMap((coverage): [string, string, Automatic][] =>
      coverage.how === "automatic"
        ? [[id, [coverage.event, ...Object.values(coverage.where ?? {})].join(" "), coverage]]
        : [],
    ),
  );

  it.each(cases)("%s is seen without a line in the application: %s", (id, _title, coverage) => {
    const of = events.filter(({ attributes }) => {
      const agent = attributes[ATTR.userAgentOriginal];
      // A request that cannot be read has none.
      return typeof agent === "string" ? agent.startsWith(`point-${id}-`) : id === "RE8";
    });
    expect(
      of.some((event) => is(coverage, event)),
      JSON.stringify(of, null, 1),
    ).toBe(true);
  });

  it("counts what its metrics say", () => {
    for (const metric of [INSTRUMENTATION_METRICS.authenticationAttempts, INSTRUMENTATION_METRICS.eventsEmitted])
      expect(app.metrics(metric.name).length, metric.name).toBeGreaterThan(0);
    expect(events.some(({ name }) => name === EVENT.guardBlocked)).toBe(true);
  });
});
