import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ATTR, EVENT, INSTRUMENTATION_METRICS, type EventName } from "@vedette/semconv";
import { parseTrustedProxies } from "./client-address.ts";
import { currentRequest, knownRequest, observeRequest } from "./current-request.ts";
import { createPseudonyms } from "./pseudonyms.ts";
import { setProcessPrivacy } from "./privacy.ts";
import { createSecurity, type Security } from "./security.ts";
import { createTestTelemetry, type TestTelemetry } from "./testing/telemetry.ts";

const KEYS = ["the key of the tests"];
const { of: hash } = createPseudonyms(KEYS);

let telemetry: TestTelemetry;
let security: Security;

beforeEach(() => {
  setProcessPrivacy({ hashKeys: KEYS, clearUsers: false, truncateAddresses: false });
  telemetry = createTestTelemetry();
  security = createSecurity(telemetry.reporter);
});

afterEach(() => telemetry.end());

const CALLS: readonly [string, (api: Security) => void, EventName, Record<string, unknown>, string][] = [
  [
    "a successful login",
    (api) => api.authentication({ outcome: "success", userId: "7", method: "password", priorFailures: 3 }),
    EVENT.authentication,
    {
      "event.outcome": "success",
      "user.hash": hash("7"),
      "vedette.auth.account.hash": hash("7"),
      "vedette.auth.method": "password",
      "vedette.auth.prior.failures": 3,
    },
    "INFO",
  ],
  [
    "a failed login without a reason",
    (api) => api.authentication({ outcome: "failure", userName: "ada" }),
    EVENT.authentication,
    {
      "event.outcome": "failure",
      "user.hash": hash("ada"),
      "vedette.auth.account.hash": hash("ada"),
      "vedette.auth.failure.reason": "unspecified",
    },
    "WARN",
  ],
  [
    "a guess at a common name",
    (api) => api.authentication({ outcome: "failure", userName: " Admin", failureReason: "unknown_user" }),
    EVENT.authentication,
    {
      "event.outcome": "failure",
      "user.hash": hash("admin"),
      "vedette.auth.account.hash": hash("admin"),
      "vedette.auth.account.common": true,
      "vedette.auth.failure.reason": "unknown_user",
    },
    "WARN",
  ],
  [
    "a refused operation",
    (api) => api.authorization({ action: "orders.read", denied: true, userId: "7", userRoles: ["customer"] }),
    EVENT.authorizationDenied,
    { "vedette.action": "orders.read", "event.outcome": "failure", "user.hash": hash("7"), "user.roles": ["customer"] },
    "WARN",
  ],
  [
    "a refused input",
    (api) => api.inputRejected({ rule: "length", field: "name" }),
    EVENT.inputRejected,
    { "vedette.input.rule": "length", "vedette.input.field": "name" },
    "INFO",
  ],
  [
    "a rate limit",
    (api) => api.rateLimited({ action: "login" }),
    EVENT.rateLimited,
    { "vedette.action": "login" },
    "WARN",
  ],
  [
    "an invalid session",
    (api) => api.sessionEvent({ action: "invalid", sessionId: "abc" }),
    EVENT.session,
    { "vedette.session.action": "invalid", "session.id": hash("abc") },
    "WARN",
  ],
  [
    "an export",
    (api) => api.dataAccess({ dataSet: "customers", recordCount: 5000, action: "export" }),
    EVENT.dataAccess,
    { "vedette.data.set": "customers", "vedette.data.record.count": 5000, "vedette.action": "export" },
    "INFO",
  ],
  [
    "an administrator's change",
    (api) => api.adminAction({ action: "role.grant", userId: "1" }),
    EVENT.adminAction,
    { "vedette.action": "role.grant", "event.outcome": "success", "user.hash": hash("1") },
    "INFO",
  ],
  [
    "a broken rule of the business",
    (api) => api.businessRule({ rule: "negative_quantity" }),
    EVENT.businessRule,
    { "vedette.business.rule.name": "negative_quantity" },
    "WARN",
  ],
  [
    "a honeytoken",
    (api) => api.honeytoken({ name: "backup-key", clientAddress: "192.0.2.9" }),
    EVENT.honeytoken,
    { "vedette.honeytoken.name": "backup-key", "client.address": "192.0.2.9" },
    "ERROR",
  ],
  [
    "a request to a user's address",
    (api) =>
      api.outboundRequest({ url: "http://me:pw@169.254.169.254/latest", addressClass: "metadata", outcome: "failure" }),
    EVENT.outboundRequest,
    {
      "url.full": "http://REDACTED:REDACTED@169.254.169.254/latest",
      "server.address": "169.254.169.254",
      "vedette.outbound.address.class": "metadata",
      "event.outcome": "failure",
    },
    "WARN",
  ],
  [
    "an agent's tool call out of scope",
    (api) => api.agentToolCall({ agent: "support", tool: "refund", declaredTools: ["search"] }),
    EVENT.agentToolCall,
    {
      "gen_ai.agent.name": "support",
      "gen_ai.tool.name": "refund",
      "vedette.agent.declared.tools": ["search"],
      "vedette.agent.tool.in_scope": false,
    },
    "WARN",
  ],
];

describe("the manual API", () => {
  it.each(CALLS)("reports %s", (_name, call, eventName, attributes, severity) => {
    call(security);
    expect(telemetry.events().map((record) => [record.eventName, record.severityText])).toEqual([
      [eventName, severity],
    ]);
    expect(telemetry.events()[0]?.attributes).toEqual({ [ATTR.logRecordUid]: expect.any(String), ...attributes });
  });

  it("counts what has a metric", async () => {
    for (const [, call] of CALLS) call(security);
    const counted = (await telemetry.points()).map((point) => point.name);
    for (const key of ["authenticationAttempts", "authorizationDenied", "inputRejected", "rateLimited"] as const)
      expect(counted).toContain(INSTRUMENTATION_METRICS[key].name);
  });

  it("says nothing about an operation that was allowed", () => {
    security.authorization({ action: "orders.read", denied: false });
    expect(telemetry.events()).toEqual([]);
  });

  it.each(["itself", "raw", "req"])("takes a request given as %s", (form) => {
    const socket = new Socket();
    Object.defineProperty(socket, "remoteAddress", { value: "::ffff:192.0.2.7" });
    const request = Object.assign(new IncomingMessage(socket), { url: "/queue/job", method: "POST" });
    observeRequest(request, parseTrustedProxies([]).proxies);
    security.honeytoken({
      name: "x",
      request: form === "itself" ? request : form === "raw" ? { raw: request } : { req: request },
    });
    expect(telemetry.events()[0]?.attributes).toMatchObject({
      "client.address": "192.0.2.7",
      "url.path": "/queue/job",
      "http.request.method": "POST",
    });
  });

  describe("tells who sends the request", () => {
    const stateFor = () => {
      const socket = new Socket();
      Object.defineProperty(socket, "remoteAddress", { value: "192.0.2.7" });
      const request = Object.assign(new IncomingMessage(socket), { url: "/", method: "GET" });
      return observeRequest(request, parseTrustedProxies([]).proxies);
    };

    it("by a log-in, an operation, a session, and by itself, but not by a claim", () => {
      const { request, ...state } = stateFor();
      const known = () => knownRequest(request)?.identity;
      security.authentication({ outcome: "failure", userName: "eve", request });
      security.sessionEvent({ action: "invalid", sessionId: "forged", request });
      expect(known()).toEqual(state.identity);
      security.authentication({ outcome: "success", userName: "ada", userId: "7", request });
      security.sessionEvent({ action: "created", sessionId: "s", request });
      expect(known()).toMatchObject({ userId: "7", userName: "ada", sessionId: "s" });
      security.authorization({ action: "a", denied: true, userId: "8", request });
      expect(known()).toMatchObject({ userId: "8", userName: undefined, sessionId: "s" });
    });

    it("so that every event about it from then on names them, and a claim names whom it claims to be", () => {
      const state = stateFor();
      currentRequest.run(state, () => {
        security.identify({ userId: "7", userRoles: ["customer"], sessionId: "s", apiKey: "k" });
        security.inputRejected({ rule: "r" });
        security.authentication({ outcome: "failure", userName: "eve" });
      });
      const [rejected, failed] = telemetry.events();
      expect(rejected?.attributes).toMatchObject({
        "user.hash": hash("7"),
        "user.roles": ["customer"],
        "session.id": hash("s"),
        "vedette.api_key.hash": hash("k"),
      });
      expect(failed?.attributes["user.hash"]).toBe(hash("eve"));
      expect(failed?.attributes["user.roles"]).toBeUndefined();
    });
  });

  it("names users in clear when it is told to, and sessions never", () => {
    setProcessPrivacy({ hashKeys: KEYS, clearUsers: true, truncateAddresses: true });
    security.sessionEvent({
      action: "renewed",
      userId: "7",
      userName: "Ada",
      sessionId: "s",
      previousSessionId: "r",
      clientAddress: "::ffff:192.0.2.77",
    });
    expect(telemetry.events()[0]?.attributes).toMatchObject({
      "user.hash": hash("7"),
      "user.id": "7",
      "user.name": "Ada",
      "session.id": hash("s"),
      "session.previous_id": hash("r"),
      "client.address": "192.0.2.0/24",
    });
  });

  it("never throws, whatever it is given", async () => {
    security.outboundRequest({ url: undefined as never, addressClass: "public" });
    security.sessionEvent({ action: "invalid", sessionId: 5 as never });
    expect(await telemetry.points(INSTRUMENTATION_METRICS.instrumentationErrors.name)).not.toEqual([]);
  });
});
