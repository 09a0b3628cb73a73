import { createHash, generateKeyPairSync, sign } from "node:crypto";
import * as http from "node:http";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EVENT, GUARD_PATHS, type GuardDecision, type GuardSnapshot } from "@vedette/semconv";
import { REGISTER, startProcess, type AppProcess } from "./testing/app-process.ts";
import { startOtlpReceiver, type OtlpReceiver } from "./testing/otlp-receiver.ts";
import { createPseudonyms } from "./pseudonyms.ts";
import { close, listen, until } from "./testing/requests.ts";

const apps = resolve(import.meta.dirname, "testing/apps");

const HASH_KEY = "the key of this deployment";

let receiver: OtlpReceiver;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});

afterEach(async () => {
  await receiver.close();
});

function run(app: string, environment: Record<string, string> = {}, ...before: string[]): AppProcess {
  const [file = "", ...parameters] = app.split(" ");
  return startProcess(
    [resolve(apps, file), ...parameters],
    { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, VEDETTE_HASH_KEY: HASH_KEY, ...environment },
    before,
  );
}

describe("node --import @vedette/instrumentation/register", () => {
  it.each(["service.mjs", "service.cjs"])(
    "sends the events and metrics of %s by OTLP before it ends by itself",
    async (app) => {
      const { ended, errors, output } = run(app, { OTEL_SERVICE_NAME: "shop-under-test" }, ...REGISTER);
      expect(await ended).toEqual({ code: 0, signal: null });
      expect(errors()).toBe("");
      const logs = receiver.text("/v1/logs") ?? "";
      for (const text of [
        "shop-under-test",
        EVENT.requestSuspicious,
        EVENT.requestRefused,
        EVENT.authentication,
        "path_traversal",
        "bad_password",
      ])
        expect(logs).toContain(text);
      expect(receiver.text("/v1/metrics")).toContain("vedette.authentication.attempts");
      expect(output()).not.toContain("leaked: true");
    },
  );

  it("can be required as well", async () => {
    const { ended } = run("service.cjs", {}, "--require", "@vedette/instrumentation/register");
    expect((await ended).code).toBe(0);
    expect(receiver.text("/v1/logs")).toContain(EVENT.requestSuspicious);
  });

  it.each(["SIGTERM", "SIGINT"] as const)("flushes at %s and dies of it, as without us", async (signal) => {
    // A delay longer than the test: only the flush can have sent it.
    const { child, ended, output } = run(
      "service.mjs",
      { STAYS: "yes", OTEL_BLRP_SCHEDULE_DELAY: "600000" },
      ...REGISTER,
    );
    await until(() => output().includes("ready"));
    child.kill(signal);
    expect(await ended).toEqual({ code: null, signal });
    expect(receiver.text("/v1/logs")).toContain(EVENT.requestSuspicious);
  });

  it("leaves the end of the process to the application's own handler", async () => {
    const { child, ended, output } = run(
      "service.mjs",
      { STAYS: "yes", HANDLES_SIGTERM: "yes", OTEL_BLRP_SCHEDULE_DELAY: "600000" },
      ...REGISTER,
    );
    await until(() => output().includes("ready"));
    child.kill("SIGTERM");
    expect(await ended).toEqual({ code: 7, signal: null });
    expect(receiver.text("/v1/logs")).toContain(EVENT.requestSuspicious);
  });

  it.each([{ OTEL_SDK_DISABLED: "true" }, { VEDETTE_ENABLED: "false" }])(
    "does nothing with %j",
    async (environment) => {
      const { ended, errors } = run("service.mjs", environment, ...REGISTER);
      expect((await ended).code).toBe(0);
      expect([errors(), receiver.text("/v1/logs"), receiver.text("/v1/metrics")]).toEqual(["", undefined, undefined]);
    },
  );

  it("says in one sentence what to do when there is no SDK, and lets the application run", async () => {
    const { ended, errors } = run("service.mjs", {}, "--import", resolve(apps, "without-sdk.mjs"), ...REGISTER);
    expect((await ended).code).toBe(0);
    expect(errors()).toMatch(
      /^vedette: no OpenTelemetry SDK is configured .* Run `npm install @opentelemetry\/sdk-node`.* \[instrumentation-sdk-missing\]\n$/,
    );
  });

  it("names users by a pseudonym of the deployment's key, and says once when there is none", async () => {
    const keyed = run("service.mjs", {}, ...REGISTER);
    expect((await keyed.ended).code).toBe(0);
    expect(receiver.text("/v1/logs")).toContain(createPseudonyms([HASH_KEY]).of("ada"));
    const random = run("service.mjs", { VEDETTE_HASH_KEY: "" }, ...REGISTER);
    expect((await random.ended).code).toBe(0);
    expect(random.errors()).toMatch(
      /^vedette: VEDETTE_HASH_KEY is not set: .* \[instrumentation-hash-key-missing\]\n$/,
    );
    expect(receiver.text("/v1/logs")).not.toMatch(/\bada\b/);
  });

  it("names a setting that cannot be used and goes on with its default", async () => {
    const { ended, errors } = run(
      "service.mjs",
      { VEDETTE_EVENTS_PER_SECOND: "many", VEDETTE_TRUSTED_PROXIES: "10.0.0.0/8,proxy" },
      ...REGISTER,
    );
    expect((await ended).code).toBe(0);
    expect(errors().trim().split("\n")).toEqual([
      'vedette: VEDETTE_EVENTS_PER_SECOND is "many", which is no number above 0; using 500. [instrumentation-setting-invalid]',
      'vedette: VEDETTE_TRUSTED_PROXIES has "proxy", which is neither an address nor a CIDR range; it is left out. [instrumentation-proxy-invalid]',
    ]);
    expect(receiver.text("/v1/logs")).toContain(EVENT.requestSuspicious);
  });
});

describe("an application that starts it in code", () => {
  it("gets the same in two lines, once, under its service name", async () => {
    const { ended, errors, output } = run("two-lines.mjs");
    expect(await ended).toEqual({ code: 0, signal: null });
    expect([errors(), output()]).toEqual(["", "once: true\ndefaults leaked: false\n"]);
    for (const text of ["started-in-code", EVENT.requestSuspicious]) expect(receiver.text("/v1/logs")).toContain(text);
    expect(receiver.text("/v1/logs")?.split(EVENT.requestSuspicious)).toHaveLength(2);
  });
});

describe("the guard of a registered application", () => {
  it("blocks by a signed decision, and does not keep a process alive that has nothing else to do", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const der = publicKey.export({ format: "der", type: "spki" });
    const keyId = createHash("sha256").update(der.subarray(-32)).digest("hex").slice(0, 16);
    const decision: GuardDecision = {
      id: "decision-9",
      action: "block",
      targets: [{ kind: "client.address", value: "127.0.0.1" }],
      expiresAt: Date.now() + 60_000,
      reason: "test",
    };
    const payload = JSON.stringify({
      version: 2,
      sequence: 1,
      issuedAt: Date.now(),
      off: false,
      decisions: [decision],
    } satisfies GuardSnapshot);
    const signed = JSON.stringify({
      payload,
      signature: sign(null, Buffer.from(payload), privateKey).toString("base64"),
      keyId,
    });
    const worker = http.createServer((request, response) => {
      if (request.url === GUARD_PATHS.key)
        response.end(JSON.stringify({ algorithm: "Ed25519", publicKey: der.toString("base64"), keyId }));
      else
        response.writeHead(200, { "content-type": "text/event-stream" }).write(`event: snapshot\ndata: ${signed}\n\n`);
    });
    const workerPort = await listen(worker);
    try {
      const { ended, errors, output } = run(
        "guarded.mjs",
        { VEDETTE_GUARD_URL: `http://127.0.0.1:${workerPort}`, VEDETTE_GUARD_MODE: "enforce" },
        ...REGISTER,
      );
      expect(await ended).toEqual({ code: 0, signal: null });
      expect(errors()).toBe("");
      expect(output()).toBe("403\nhandled before the block only: true\n");
      expect(receiver.text("/v1/logs")).toContain("decision-9");
      // The guard's own requests are nobody's spans and nobody's findings.
      expect(receiver.text("/v1/traces")).toBeUndefined();
    } finally {
      await close(worker);
    }
  });

  it("lets the application run when the worker is not there", async () => {
    const { ended, errors } = run("service.mjs", { VEDETTE_GUARD_URL: "http://127.0.0.1:9" }, ...REGISTER);
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(errors()).toMatch(/^vedette: the guard cannot reach http:\/\/127\.0\.0\.1:9.* \[guard-unreachable\]\n$/);
  });

  it("stays off with a key that cannot be read", async () => {
    const { ended, errors } = run(
      "service.mjs",
      { VEDETTE_GUARD_URL: "http://127.0.0.1:9", VEDETTE_GUARD_PUBLIC_KEY: "nonsense" },
      ...REGISTER,
    );
    expect((await ended).code).toBe(0);
    expect(errors()).toMatch(/^vedette: the guard stays off: .* \[guard-key-unreadable\]\n$/);
  });
});

describe("an application with an SDK and HTTP spans of its own", () => {
  it.each(["ours-first", "theirs-first"])("gets our events in its traces, and no second SDK (%s)", async (order) => {
    const { ended, errors, output } = run(`own-sdk.cjs ${order}`);
    expect((await ended).code).toBe(0);
    expect(errors()).toBe("");
    const { span, records } = JSON.parse(output()) as {
      span: { traceId: string; spanId: string };
      records: { name: string; traceId: string; spanId: string }[];
    };
    expect(records.map((record) => record.name).toSorted()).toEqual(
      [EVENT.authentication, EVENT.requestRefused, EVENT.requestSuspicious].toSorted(),
    );
    for (const record of records) expect(record).toMatchObject({ traceId: span.traceId, spanId: span.spanId });
    expect([receiver.text("/v1/logs"), receiver.text("/v1/metrics")]).toEqual([undefined, undefined]);
  });
});
