import { describe, expect, it } from "vitest";
import { readSettings } from "./settings.ts";

describe("settings", () => {
  it("have defaults that need no environment", () => {
    const { settings, warnings } = readSettings({});
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      enabled: true,
      startSdk: true,
      loaderHooks: true,
      trustedProxies: [],
      serverSignals: true,
      floodRequests: 1000,
      stallMilliseconds: 300,
      eventsPerSecond: 500,
      guard: undefined,
    });
  });

  it("are read from the environment", () => {
    const { settings, warnings } = readSettings({
      VEDETTE_TRUSTED_PROXIES: " 10.0.0.0/8, 192.0.2.1 ,",
      VEDETTE_INSPECTED_HEADERS: "User-Agent,X-Custom",
      VEDETTE_GUARD_URL: "http://127.0.0.1:7333",
      VEDETTE_GUARD_TOKEN: "t",
      VEDETTE_START_SDK: "off",
      VEDETTE_EVENTS_PER_SECOND: "20",
    });
    expect(warnings).toEqual([]);
    expect(settings.trustedProxies).toEqual(["10.0.0.0/8", "192.0.2.1"]);
    expect(settings.inspection.headers).toEqual(["user-agent", "x-custom"]);
    expect([settings.guard?.url.origin, settings.guard?.token, settings.startSdk, settings.eventsPerSecond]).toEqual([
      "http://127.0.0.1:7333",
      "t",
      false,
      20,
    ]);
  });

  it.each([
    [{ VEDETTE_INSPECTION: "maybe" }, 'VEDETTE_INSPECTION is "maybe", which is neither true nor false; using true.'],
    [{ VEDETTE_INSPECTION_MAX_MS: "-1" }, 'VEDETTE_INSPECTION_MAX_MS is "-1", which is no number above 0; using 25.'],
    [
      { VEDETTE_GUARD_URL: "ftp://x" },
      'VEDETTE_GUARD_URL is "ftp://x", which is no http or https URL; the guard stays off.',
    ],
  ])("%j is named and replaced by the default", (environment, warning) => {
    expect(readSettings(environment).warnings).toEqual([{ code: "instrumentation-setting-invalid", message: warning }]);
  });

  it.each([{ VEDETTE_ENABLED: "false" }, { OTEL_SDK_DISABLED: "true" }, { OTEL_SDK_DISABLED: "TRUE" }])(
    "are off with %j",
    (environment) => {
      expect(readSettings(environment).settings.enabled).toBe(false);
    },
  );
});
