import { request as rawRequest } from "node:http";
import { createClient, openApiDocument, ROUTES, type Route } from "@vedette/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleStatus, startTestServer, type TestServer } from "../testing/server-harness.ts";
import {
  sampleAlert,
  sampleDeny,
  sampleEpisode,
  sampleFact,
  sampleIncident,
  sampleRecord,
} from "../testing/store-samples.ts";
import { createMetrics } from "./metrics.ts";

let t: TestServer;
const tokens = [
  { name: "rita", role: "reader", token: "reader-token-0123456789" },
  { name: "rob", role: "responder", token: "responder-token-012345" },
] as const;
const rules = ["rule-1", "rule-2", "rule-3"].map((id) => ({
  id,
  title: id,
  description: "",
  level: "high" as const,
  status: "stable",
  kind: "signature" as const,
  revision: "r",
  path: `${id}.yml`,
  logSource: {},
  tags: [],
}));

beforeAll(async () => {
  t = await startTestServer({ config: { tokens }, rules: () => rules });
  await t.store.append([sampleRecord("event-f1"), sampleRecord("e1"), sampleRecord("e2")]);
  await t.store.commit({
    id: "setup",
    cursor: 3,
    facts: [sampleFact("f1")],
    episodes: [sampleEpisode("p1")],
    alerts: [sampleAlert("a1", { incidentId: "i1" }), sampleAlert("a2", { lastSeen: 9_000 })],
    alertMembers: [
      { alertId: "a1", findingId: "f1", kind: "fact", from: 1_000.25, to: 1_000.25 },
      { alertId: "a1", findingId: "p1", kind: "episode", from: 1_000, to: 2_000 },
    ],
    incidents: [sampleIncident("i1")],
    denyList: [sampleDeny("d1", { alertId: "a1", incidentId: "i1" })],
    history: [
      { subject: "i1", time: 4_000, actor: "rob", change: "status: triaged", note: "looking" },
      { subject: "a1", time: 3_000, actor: "alerter", change: "opened" },
    ],
    audit: [{ time: 3_000, actor: "responder", action: "deny", subject: "d1", details: {} }],
  });
});
afterAll(() => t.close());

const as = (token: string, more: Record<string, string> = {}) => ({ authorization: `Bearer ${token}`, ...more });
const problemOf = async (response: Response) => {
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  return (await response.json()) as {
    status: number;
    code: string;
    cure: string;
    errors?: { path: string }[];
    current?: { revision: number };
  };
};

describe("the API", () => {
  it("answers every reading operation in the shape of its contract", async () => {
    const client = createClient({ baseUrl: t.url, token: t.adminToken });
    expect((await client.getStatus()).rules.loaded).toBe(2);
    expect(await client.getSession()).toEqual({ actor: "admin", role: "admin" });
    expect((await client.listAlerts()).items.map(({ id }) => id)).toEqual(["a2", "a1"]);
    expect((await client.listIncidents()).total).toBe(1);
    expect((await client.listDenyList()).items[0]?.id).toBe("d1");
    expect((await client.listRefused()).total).toBe(0);
    // An embedded worker reads nothing that it could leave out.
    await expect(client.getCoverage()).rejects.toMatchObject({ status: 404, problem: { code: "coverage-not-kept" } });
    expect((await client.listAudit()).total).toBeGreaterThan(0);
    expect((await client.verifyAudit()).ok).toBe(true);
    expect(await client.listRules({ query: { limit: 2 } })).toMatchObject({ total: 3, nextCursor: "2" });
    expect((await client.listRules({ query: { limit: 2, cursor: "2" } })).items.map(({ id }) => id)).toEqual([
      "rule-3",
    ]);
    expect((await client.listRules()).items[0]).toMatchObject({ id: "rule-1", findings: 1 });
  });

  it("shows an alert with findings, events and history in the order of time", async () => {
    const alert = await createClient({ baseUrl: t.url, token: t.adminToken }).getAlert({ id: "a1" });
    expect(alert.findings.map(({ id, kind }) => [id, kind])).toEqual([
      ["p1", "episode"],
      ["f1", "fact"],
    ]);
    expect(alert.events.map(({ id }) => id).sort()).toEqual(["e1", "e2", "event-f1"]);
    expect(alert.events[0]?.document).toMatchObject({ event_name: "vedette.authentication" });
    expect(alert.history).toEqual([{ time: 3_000, actor: "alerter", change: "opened" }]);
  });

  it("shows an incident with its timeline and actions", async () => {
    const incident = await createClient({ baseUrl: t.url, token: t.adminToken }).getIncident({ id: "i1" });
    expect(incident.actions.map(({ id }) => id)).toEqual(["d1"]);
    expect(incident.timeline.map(({ kind }) => kind)).toEqual(["event", "event", "event", "alert", "action", "person"]);
    expect(incident.timeline.at(-1)).toMatchObject({ source: "rob", title: "status: triaged: looking" });
  });

  it("pages through a list by cursor", async () => {
    const client = createClient({ baseUrl: t.url, token: t.adminToken });
    const first = await client.listAlerts({ query: { limit: 1 } });
    expect(first).toMatchObject({ total: 2, items: [{ id: "a2" }] });
    const second = await client.listAlerts({ query: { limit: 1, cursor: first.nextCursor } });
    expect(second.items.map(({ id }) => id)).toEqual(["a1"]);
    expect(second.nextCursor).toBeUndefined();
  });

  it.each([
    ["no token", "/api/v1/status", {}, 401, "unauthenticated"],
    ["a wrong token", "/api/v1/status", as("nonsense"), 401, "unauthenticated"],
    ["another scheme", "/api/v1/status", { authorization: "Basic YTpi" }, 401, "unauthenticated"],
    [
      "a made-up session",
      "/api/v1/status",
      { cookie: "vedette_session=YWRtaW4.99999999999999.AAAA" },
      401,
      "unauthenticated",
    ],
    ["a reader who reads", "/api/v1/alerts", as(tokens[0].token), 200, undefined],
    ["a responder who asks for the trail", "/api/v1/audit", as(tokens[1].token), 403, "role-too-small"],
    ["an id that there is not", "/api/v1/alerts/nope", as(tokens[0].token), 404, "not-found"],
    ["a path that there is not", "/api/v1/nope", as(tokens[0].token), 404, "not-found"],
    ["a limit too large", "/api/v1/alerts?limit=5000", as(tokens[0].token), 400, "request-invalid"],
    ["an unknown parameter", "/api/v1/alerts?stauts=open", as(tokens[0].token), 400, "request-invalid"],
    ["a cursor of its own making", "/api/v1/alerts?cursor=abc", as(tokens[0].token), 400, "request-invalid"],
    ["a cursor of its own making for rules", "/api/v1/rules?cursor=abc", as(tokens[0].token), 400, "request-invalid"],
    ["an id too long", `/api/v1/alerts/${"x".repeat(129)}`, as(tokens[0].token), 400, "request-invalid"],
    ["broken percent encoding", "/api/v1/alerts/%zz", as(tokens[0].token), 400, "request-invalid"],
  ])("answers %s", async (_, path, headers, status, code) => {
    const response = await t.request(path, { headers: headers as Record<string, string> });
    expect(response.status).toBe(status);
    if (code === undefined) return;
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code });
    expect(problem.cure).not.toBe("");
  });

  it("answers 405 with the allowed methods", async () => {
    const response = await t.request("/api/v1/alerts", { method: "PUT" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET");
    expect((await t.request("/api/v1/deny-list/d1")).headers.get("allow")).toBe("DELETE");
    expect((await t.request("/nothing", { method: "POST" })).status).toBe(404);
  });

  it("asks for a role before it reads a body", async () => {
    const response = await t.request("/api/v1/deny-list", {
      method: "POST",
      headers: as(tokens[0].token, { "content-type": "application/json" }),
      body: "{",
    });
    expect(await problemOf(response)).toMatchObject({ status: 403, code: "role-too-small" });
  });
});

describe("writes", () => {
  const write = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    t.request(path, {
      method: "POST",
      headers: as(tokens[1].token, {
        "content-type": "application/json",
        "idempotency-key": crypto.randomUUID(),
        ...headers,
      }),
      body: typeof body === "string" ? body : JSON.stringify(body),
    });

  it.each([
    ["without a key", { revision: 1 }, { "idempotency-key": "" }, 400, "idempotency-key-missing"],
    ["with a key of spaces", { revision: 1 }, { "idempotency-key": "a b" }, 400, "idempotency-key-missing"],
    ["that is not JSON", "{", {}, 400, "body-not-json"],
    ["without a body", "", {}, 400, "body-not-json"],
    ["of another type", "revision=1", { "content-type": "text/plain" }, 415, "media-type-unsupported"],
    ["with an unknown field", { revision: 1, stat: "open" }, {}, 400, "request-invalid"],
    ["of more than 64 KiB", { revision: 1, note: "x".repeat(70_000) }, {}, 413, "body-too-large"],
    ["with an old revision", { revision: 0 }, {}, 409, "stale-revision"],
  ])("refuses one %s", async (_, body, headers, status, code) => {
    const response = await write("/api/v1/alerts/a1", body, headers);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status, code });
    if (code === "stale-revision") expect(problem.current?.revision).toBeGreaterThan(0);
  });

  it("says why a write makes no sense, and what there is not", async () => {
    const body = { address: "127.0.0.1", seconds: 60, reason: "x" };
    expect(await problemOf(await write("/api/v1/deny-list", body))).toMatchObject({
      status: 422,
      code: "operation-invalid",
    });
    expect(await problemOf(await write("/api/v1/alerts/nope", { revision: 1 }))).toMatchObject({ status: 404 });
  });

  it("makes a repeated write once and answers it twice, even when the repetition overtakes the first", async () => {
    const before = t.operations.made.length;
    const body = { address: "203.0.113.9", seconds: 60, reason: "by hand" };
    const key = { "idempotency-key": "again" };
    const answers = await Promise.all([write("/api/v1/deny-list", body, key), write("/api/v1/deny-list", body, key)]);
    answers.push(await write("/api/v1/deny-list", body, key));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const [first, ...others] = (await Promise.all(answers.map((answer) => answer.json()))) as {
      id: string;
      requestedBy: string;
    }[];
    expect(first?.requestedBy).toBe("rob");
    for (const other of others) expect(other).toEqual(first);
    expect(t.operations.made.length).toBe(before + 1);
  });

  it("refuses a key with another body, and makes nothing", async () => {
    const before = t.operations.made.length;
    const key = { "idempotency-key": "once" };
    await write("/api/v1/deny-list", { address: "203.0.113.20", seconds: 60, reason: "x" }, key);
    const other = await write("/api/v1/deny-list", { address: "203.0.113.21", seconds: 60, reason: "x" }, key);
    expect(other.status).toBe(422);
    expect(await problemOf(other)).toMatchObject({ code: "idempotency-key-reused" });
    expect(t.operations.made.length).toBe(before + 1);
  });

  it("says that what a person wants to undo has ended, and not that it changed", async () => {
    const response = await fetch(`${t.url}/api/v1/deny-list/d1`, {
      method: "DELETE",
      headers: as(tokens[1].token, { "idempotency-key": "late" }),
    });
    expect(response.status).toBe(409);
    expect(await problemOf(response)).toMatchObject({ code: "already-ended", current: { id: "d1" } });
  });

  it("keeps apart the same key of two people", async () => {
    const before = t.operations.made.length;
    const key = { "idempotency-key": "shared" };
    await write("/api/v1/deny-list", { address: "203.0.113.10", seconds: 60, reason: "x" }, key);
    await write(
      "/api/v1/deny-list",
      { address: "203.0.113.10", seconds: 60, reason: "x" },
      { ...key, ...as(t.adminToken) },
    );
    expect(t.operations.made.length).toBe(before + 2);
  });

  it("answers a repeated change of an alert with the revision that it made", async () => {
    const { revision } = await createClient({ baseUrl: t.url, token: t.adminToken }).getAlert({ id: "a2" });
    const client = createClient({ baseUrl: t.url, token: tokens[1].token });
    const change = { id: "a2", body: { revision, status: "acknowledged" as const } };
    const first = await client.changeAlert(change, { idempotencyKey: "k" });
    expect(first).toMatchObject({ revision: revision + 1, status: "acknowledged", history: [{ actor: "rob" }] });
    expect(await client.changeAlert(change, { idempotencyKey: "k" })).toEqual(first);
    await expect(client.changeAlert(change)).rejects.toMatchObject({
      status: 409,
      problem: { current: { revision: revision + 1 } },
    });
  });
});

describe("other paths", () => {
  it("serves the OpenAPI document to anybody", async () => {
    const response = await t.request("/api/v1/openapi.json", { headers: {} });
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument("0.1.0"))));
  });

  it("knows every route of the contract", async () => {
    for (const route of Object.values<Route>(ROUTES)) {
      const response = await t.request(route.path.replace("{id}", "x"), { method: route.method, headers: {} });
      expect([route.path, response.status]).toEqual([route.path, 401]);
    }
  });

  it("is healthy, ready and measured", async () => {
    expect(await (await t.request("/healthz", { headers: {} })).json()).toEqual({ status: "ok" });
    expect((await t.request("/readyz", { headers: {} })).status).toBe(200);
    const metrics = await t.request("/metrics", { headers: {} });
    expect(metrics.headers.get("content-type")).toContain("text/plain; version=0.0.4");
    const text = await metrics.text();
    expect(text).toContain("vedette_inbox_pending 3\n");
    expect(text).toContain("vedette_watermark_lag_seconds 2\n");
    expect(text).toContain("vedette_worker_ready 1\n");
    expect(text).toContain("vedette_rules_refused 1\n");
    expect(await (await t.request("/metrics/received", { headers: {} })).text()).toBe("# received\n");
  });

  it("asks who measures when a reverse proxy stands in front", async () => {
    expect((await t.request("/metrics", { headers: { "x-forwarded-for": "198.51.100.1" } })).status).toBe(401);
    expect(
      (await t.request("/metrics", { headers: as(tokens[0].token, { "x-forwarded-for": "198.51.100.1" }) })).status,
    ).toBe(200);
  });

  it("sends security headers with every answer", async () => {
    for (const path of ["/", "/api/v1/status", "/api/v1/nope", "/metrics", "/login"]) {
      const { headers } = await t.request(path);
      expect(headers.get("content-security-policy")).toContain("script-src 'self';");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });
});

describe("a browser that is led here by another site", () => {
  const raw = (path: string, headers: Record<string, string>, method = "GET"): Promise<number> =>
    new Promise((resolve, reject) => {
      rawRequest(`${t.url}${path}`, { method, headers }, (response) => {
        response.destroy();
        resolve(response.statusCode ?? 0);
      })
        .on("error", reject)
        .end();
    });
  it.each([
    ["a name that leads to this machine (DNS rebinding)", "/metrics", { host: "evil.example:7333" }, 403],
    ["a name that begins like ours", "/metrics", { host: "127.0.0.1.evil.example" }, 403],
    ["a host that is none", "/metrics", { host: "a b" }, 403],
    ["localhost", "/healthz", { host: "localhost:7333" }, 200],
    ["the IPv6 loopback", "/healthz", { host: "[::1]:7333" }, 200],
    ["another origin's fetch", "/metrics", { host: "127.0.0.1", origin: "https://evil.example" }, 403],
    ["a sandboxed frame's fetch", "/metrics", { host: "127.0.0.1", origin: "null" }, 403],
    [
      "an image on another site",
      "/metrics",
      { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      403,
    ],
    [
      "a link on another site",
      "/login",
      { host: "127.0.0.1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
      200,
    ],
  ])("meets %s", async (_, path, headers, status) => {
    expect(await raw(path, headers as Record<string, string>)).toBe(status);
  });
});

describe("readiness", () => {
  it.each([
    [
      "the reasons when the line is not running",
      async () => sampleStatus({ ready: false, problems: ["The detector has stopped."] }),
      "The detector has stopped.",
    ],
    ["that it is starting", async () => sampleStatus({ ready: false }), "The worker is starting."],
    [
      "that the status cannot be read",
      async () => Promise.reject(new Error("disk gone")),
      "The store does not answer: disk gone",
    ],
  ])("says %s", async (_, status, reason) => {
    const other = await startTestServer({ status });
    try {
      const response = await other.request("/readyz", { headers: {} });
      expect(response.status).toBe(503);
      expect(response.headers.get("retry-after")).toBe("5");
      expect(await response.json()).toMatchObject({ code: "not-ready", errors: [{ message: reason }] });
      expect(await (await other.request("/metrics", { headers: {} })).text()).toContain("vedette_worker_ready 0\n");
    } finally {
      await other.close();
    }
  });

  it("answers 503 when the store is gone and 500 without details for a defect, and logs the defect", async () => {
    const other = await startTestServer({ rules: () => [{ nonsense: true }] as never, metrics: createMetrics() });
    try {
      const defect = await other.request("/api/v1/rules");
      expect(defect.status).toBe(500);
      expect(await defect.text()).not.toContain("nonsense");
      expect(
        other.log.entries.some(({ level, message }) => level === "error" && message === "could not answer a request"),
      ).toBe(true);
      await other.store[Symbol.asyncDispose]();
      expect(await (await other.request("/api/v1/alerts")).json()).toMatchObject({
        status: 503,
        code: "store-unavailable",
      });
    } finally {
      await other.close();
    }
  });
});

describe("listening", () => {
  it("refuses an address that others can reach when no token is configured", async () => {
    await expect(startTestServer({ config: { host: "0.0.0.0" } })).rejects.toMatchObject({
      code: "api-tokens-missing",
    });
  });

  it("asks for a token everywhere on such an address", async () => {
    const other = await startTestServer({ config: { host: "0.0.0.0", tokens } });
    try {
      for (const path of ["/metrics", "/metrics/received", "/api/v1/guard/stream", "/api/v1/stream"]) {
        expect([path, (await other.request(path, { headers: {} })).status]).toEqual([path, 401]);
      }
      expect((await other.request("/metrics", { headers: as(tokens[0].token) })).status).toBe(200);
      expect((await other.request("/api/v1/guard/key", { headers: {} })).status).toBe(200);
    } finally {
      await other.close();
    }
  });

  it("says that a port is in use, and what to do", async () => {
    const port = Number(new URL(t.url).port);
    await expect(startTestServer({ config: { port } })).rejects.toMatchObject({
      code: "api-listen-failed",
      message: expect.stringContaining("`api.port`"),
    });
  });
});
