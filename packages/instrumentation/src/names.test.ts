import * as http from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ATTR, EVENT, INDICATOR, INSTRUMENTATION_METRICS, type EventName, type GuardDecision } from "@vedette/semconv";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { setProcessPrivacy } from "./privacy.ts";
import { createSecurity } from "./security.ts";
import { readSettings } from "./settings.ts";
import { attributesOf, EVENTS, withTables } from "./testing/readme-tables.ts";
import { createTestGuard } from "./testing/request-guard.ts";
import { close, listen, send, until } from "./testing/requests.ts";
import { createTestTelemetry } from "./testing/telemetry.ts";

describe("names", () => {
  it("of everything emitted are those of semconv, and nothing carries more than is listed", async () => {
    const telemetry = createTestTelemetry({ eventsPerSecond: 40 });
    const { reporter } = telemetry;
    const { requests: guard, decisions } = createTestGuard(reporter);
    const instrumentation = new HttpServerSecurityInstrumentation({
      settings: { ...readSettings({}).settings, eventsPerSecond: 40 },
      reporter,
      guard,
    });
    const security = createSecurity(reporter);
    setProcessPrivacy({ hashKeys: ["new", "old"], clearUsers: true, truncateAddresses: false });
    const subject = { userId: "1", userName: "ada", userRoles: ["admin"], sessionId: "s" };
    const server = http.createServer((_request, response) => {
      security.route("/r");
      security.authentication({ ...subject, outcome: "success", method: "password", priorFailures: 1 });
      security.authentication({ ...subject, outcome: "failure", method: "password", failureReason: "locked" });
      security.authorization({ ...subject, action: "a", denied: true });
      security.inputRejected({ ...subject, rule: "r", field: "f" });
      security.rateLimited({ ...subject, action: "a" });
      security.sessionEvent({ ...subject, action: "renewed", previousSessionId: "r" });
      security.dataAccess({ ...subject, dataSet: "d", recordCount: 1, action: "a" });
      security.adminAction({ ...subject, action: "a" });
      security.businessRule({ ...subject, rule: "r" });
      security.honeytoken({ ...subject, name: "n" });
      security.outboundRequest({ ...subject, url: "http://127.0.0.1/", addressClass: "loopback", outcome: "failure" });
      security.agentToolCall({ ...subject, agent: "a", tool: "t", declaredTools: ["u"] });
      response.writeHead(403).end();
    });
    const port = await listen(server);
    try {
      await send(port, "/r?a=..%2F..%2Fetc%2Fpasswd&b=%3Cscript%3E&c=%3Bid%3B&d=1%27%20or%201%3D1--%20", {
        headers: { "user-agent": "sqlmap/1" },
      });
      await send(port, `/r?${Array.from({ length: 300 }, (_, index) => `p${index}=1`).join("&")}`);
      const decision: GuardDecision = {
        id: "d",
        action: "observe",
        targets: [{ kind: "client.address", value: "127.0.0.1" }],
        expiresAt: Date.now() + 60_000,
        reason: "test",
      };
      decisions.replace([decision]);
      await send(port, "/r");
      decisions.replace([{ ...decision, action: "block" }]);
      for (let index = 0; index < 60; index++) await send(port, "/r");
      await until(() => telemetry.events(EVENT.requestRefused).length === 3);
      reporter.error(new Error("planted"));
      reporter.change("guardConnected", 1);
      reporter.change("guardOff", 1);
      reporter.count("guardUninformed");
      reporter.event(EVENT.authenticationWeakness, "warn", {
        [ATTR.authWeakness]: "low_cost",
        [ATTR.authAlgorithm]: "bcrypt",
      });
      reporter.count("passwordVerifications", { [ATTR.authAlgorithm]: "bcrypt", [ATTR.eventOutcome]: "failure" });
      reporter.count("sessionEvents", { [ATTR.sessionAction]: "created" });
      reporter.count("guardSnapshotsRefused", { [ATTR.errorType]: "replay" });
    } finally {
      instrumentation.disable();
      await close(server);
    }

    expect(new Set(telemetry.events().map((record) => record.eventName))).toEqual(new Set(Object.values(EVENT)));
    for (const record of telemetry.events()) {
      const allowed = attributesOf(record.eventName as EventName);
      expect(
        Object.keys(record.attributes).filter((name) => !allowed.has(name)),
        record.eventName ?? "",
      ).toEqual([]);
      expect(Object.values(record.attributes).filter((value) => value === undefined)).toEqual([]);
    }
    const indicators = telemetry.events(EVENT.requestSuspicious)[0]?.attributes[ATTR.requestIndicators];
    expect(new Set(indicators as string[])).toEqual(new Set(Object.values(INDICATOR)));

    const points = await telemetry.points();
    const definitions = new Map<string, readonly string[]>(
      Object.values(INSTRUMENTATION_METRICS).map(({ name, attributes }) => [name, attributes]),
    );
    for (const point of points) {
      expect(definitions.has(point.name), point.name).toBe(true);
      expect(
        Object.keys(point.attributes).filter((name) => !definitions.get(point.name)?.includes(name)),
        point.name,
      ).toEqual([]);
    }
    expect(new Set(points.map((point) => point.name))).toEqual(new Set(definitions.keys()));
    await telemetry.end();
  });

  it("of events and attributes in the tables are those of semconv", () => {
    expect(Object.keys(EVENTS).toSorted()).toEqual(Object.values(EVENT).toSorted());
  });
});

describe("README.md", () => {
  const file = new URL("../README.md", import.meta.url);

  it("has the tables that the names give (VEDETTE_UPDATE=yes writes them)", () => {
    const text = readFileSync(file, "utf8");
    const expected = withTables(text);
    if (process.env["VEDETTE_UPDATE"] === "yes") writeFileSync(file, expected);
    else expect(text).toBe(expected);
  });
});
