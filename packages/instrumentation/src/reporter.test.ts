import { trace, ROOT_CONTEXT, TraceFlags, metrics, logs } from "@opentelemetry/api";
import { afterEach, describe, expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { recordUid } from "./record-uid.ts";
import { createReporter } from "./reporter.ts";
import { createTestTelemetry } from "./testing/telemetry.ts";
import { readFileSync } from "node:fs";
import { SCOPE_NAME, SCOPE_VERSION } from "./version.ts";

describe("a record uid", () => {
  it("is a UUIDv7 of its time, and no two are equal", () => {
    const uids = Array.from({ length: 2000 }, () => recordUid(0x0123_4567_89ab));
    expect(new Set(uids).size).toBe(2000);
    for (const uid of uids) expect(uid).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([recordUid(1000), recordUid(2000), recordUid(10 ** 12)].toSorted()).toEqual([
      expect.stringMatching(/^00000000-03e8/),
      expect.stringMatching(/^00000000-07d0/),
      expect.stringMatching(/^00e8d4a5/),
    ]);
  });
});

describe("the scope", () => {
  it("has the package's name and version", () => {
    const { name, version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as Record<
      string,
      string
    >;
    expect([SCOPE_NAME, SCOPE_VERSION]).toEqual([name, version]);
  });
});

describe("the reporter", () => {
  afterEach(() => {
    metrics.disable();
    logs.disable();
  });

  it("emits an event with name, severity, time, uid and trace", async () => {
    const telemetry = createTestTelemetry({ now: () => 1_700_000_000_123 });
    const span = {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: TraceFlags.SAMPLED,
    };
    telemetry.reporter.event(
      EVENT.honeytoken,
      "error",
      { [ATTR.honeytokenName]: "backup-key", [ATTR.userId]: undefined },
      trace.setSpanContext(ROOT_CONTEXT, span),
    );
    const [record] = telemetry.events();
    expect(record).toMatchObject({
      eventName: EVENT.honeytoken,
      severityText: "ERROR",
      severityNumber: 17,
      hrTime: [1_700_000_000, 123_000_000],
      spanContext: span,
    });
    expect(record?.attributes).toEqual({
      [ATTR.logRecordUid]: expect.stringMatching(/^018bcfe5-687b-7/),
      [ATTR.honeytokenName]: "backup-key",
    });
    await telemetry.end();
  });

  it("lets each name have its own number of events a second, and counts what it drops", async () => {
    let now = 5000;
    const telemetry = createTestTelemetry({ now: () => now, eventsPerSecond: 3 });
    for (let index = 0; index < 10; index++) telemetry.reporter.event(EVENT.requestRefused, "info", {});
    telemetry.reporter.event(EVENT.honeytoken, "error", {});
    expect(telemetry.events().map((record) => record.eventName)).toEqual([
      EVENT.requestRefused,
      EVENT.requestRefused,
      EVENT.requestRefused,
      EVENT.honeytoken,
    ]);
    now = 6000;
    telemetry.reporter.event(EVENT.requestRefused, "info", {});
    expect(telemetry.events(EVENT.requestRefused)).toHaveLength(4);
    expect(await telemetry.points("vedette.events.dropped")).toEqual([
      { name: "vedette.events.dropped", attributes: { [ATTR.eventName]: EVENT.requestRefused }, value: 7 },
    ]);
    expect(await telemetry.points("vedette.events.emitted")).toEqual(
      expect.arrayContaining([
        { name: "vedette.events.emitted", attributes: { [ATTR.eventName]: EVENT.requestRefused }, value: 4 },
      ]),
    );
    await telemetry.end();
  });

  it("finds an SDK that is set up after it was first used, and tells it the levels that hold", async () => {
    const reporter = createReporter();
    reporter.event(EVENT.session, "info", {});
    reporter.count("guardBlocked");
    reporter.change("guardDecisions", 4);
    const telemetry = createTestTelemetry();
    metrics.setGlobalMeterProvider(telemetry.meterProvider);
    logs.setGlobalLoggerProvider(telemetry.loggerProvider);
    reporter.event(EVENT.session, "info", {});
    reporter.change("guardDecisions", -1);
    expect(telemetry.events()).toHaveLength(1);
    expect(await telemetry.points("vedette.guard.decisions")).toEqual([
      { name: "vedette.guard.decisions", attributes: {}, value: 3 },
    ]);
    await telemetry.end();
  });

  it("never throws, whatever the SDK does", async () => {
    const telemetry = createTestTelemetry();
    telemetry.reporter.setLoggerProvider({
      getLogger: () => {
        throw new TypeError("planted");
      },
    });
    expect(() => telemetry.reporter.event(EVENT.session, "info", {})).not.toThrow();
    expect(await telemetry.points("vedette.instrumentation.errors")).toEqual([
      { name: "vedette.instrumentation.errors", attributes: { [ATTR.errorType]: "TypeError" }, value: 1 },
    ]);
    await telemetry.end();
  });
});
