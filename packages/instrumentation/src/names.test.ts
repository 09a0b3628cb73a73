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

/** One value of each class of attack, but for scanners, which a user agent tells. */
const ATTACKS = `/r?${[
  "a=../../etc/passwd",
  "b=<script>",
  "c=;id;",
  "d=1' or 1=1-- ",
  "e=<?php eval($_GET[1]); ?>",
  "f={{7*7}}",
  "g[$ne]=1",
  "h=http://169.254.169.254/latest/meta-data/",
  '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///c">]>',
  "__proto__[admin]=1",
  "i=${jndi:ldap://x.example/a}",
  'j=O:8:"stdClass":1:{s:1:"a";i:2;}',
  "k=x\r\nSet-Cookie: a=b",
]
  .map((pair) => {
    const equals = pair.startsWith("<") ? -1 : pair.indexOf("=");
    return `${encodeURIComponent(pair.slice(0, Math.max(equals, 0)))}=${encodeURIComponent(pair.slice(equals + 1))}`;
  })
  .join("&")}`;

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
    const subject = { userId: "1", userName: "admin", userRoles: ["admin"], sessionId: "s" };
    const server = http.createServer((_request, response) => {
      security.route("/r");
      security.authentication({ ...subject, outcome: "success", method: "password", priorFailures: 1 });
      security.authentication({ ...subject, outcome: "failure", method: "password", failureReason: "locked" });
      security.authorization({ ...subject, action: "a", denied: true });
      security.inputRejected({ ...subject, rule: "r", field: "f" });
      security.rateLimited({ ...subject, action: "a" });
      security.sessionEvent({ ...subject, action: "renewed", previousSessionId: "r", changed: ["address"] });
      security.dataAccess({ ...subject, dataSet: "d", recordCount: 1, action: "a" });
      security.adminAction({ ...subject, action: "a" });
      security.businessRule({ ...subject, rule: "r" });
      security.honeytoken({ ...subject, name: "n" });
      security.outboundRequest({ ...subject, url: "http://127.0.0.1/", addressClass: "loopback", outcome: "failure" });
      security.agentToolCall({ ...subject, agent: "a", tool: "t", declaredTools: ["u"] });
      response.writeHead(403, { "set-cookie": "sid=1" }).end();
    });
    const port = await listen(server);
    try {
      await send(port, ATTACKS, {
        headers: { "user-agent": "sqlmap/1" },
      });
      await send(port, `/r?${Array.from({ length: 300 }, (_, index) => `p${index}=1`).join("&")}`);
      await send(port, "/r", { method: "TRACE" });
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
      await until(() => telemetry.events(EVENT.requestRefused).length === 4);
      reporter.error(new Error("planted"));
      reporter.change("guardConnected", 1);
      reporter.event(EVENT.serviceDegraded, "warn", {
        [ATTR.serviceDegradation]: "memory_growth",
        [ATTR.serviceMemoryGrowth]: 1,
      });
      reporter.count("serviceDegradations", { [ATTR.serviceDegradation]: "memory_growth" });
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
