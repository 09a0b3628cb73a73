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
    [{ VEDETTE_USERS: "plain" }, 'VEDETTE_USERS is "plain", which is none of hashed, clear; using hashed.'],
    [
      { VEDETTE_FORWARDED_HEADER: "x-real-ip" },
      'VEDETTE_FORWARDED_HEADER is "x-real-ip", which is none of x-forwarded-for, forwarded; using x-forwarded-for.',
    ],
    [
      { VEDETTE_GUARD_URL: "ftp://me:secret@x" },
      'VEDETTE_GUARD_URL is "ftp://REDACTED:REDACTED@x", which is no http or https URL; the guard stays off.',
    ],
    [
      { VEDETTE_GUARD_URL: "http://me:secret@127.0.0.1" },
      "VEDETTE_GUARD_URL has a user name or password in it, which are left out; set VEDETTE_GUARD_TOKEN instead.",
    ],
    [
      { VEDETTE_GUARD_URL: "ftp://x" },
      'VEDETTE_GUARD_URL is "ftp://x", which is no http or https URL; the guard stays off.',
    ],
  ])("%j is named and replaced by the default", (environment, warning) => {
    expect(readSettings(environment).warnings).toEqual([{ code: "instrumentation-setting-invalid", message: warning }]);
  });

  it("let names out only when told to, and addresses whole unless told not to", () => {
    expect(readSettings({}).settings).toMatchObject({ clearUsers: false, truncateAddresses: false, hashKeys: [] });
    const { settings, warnings } = readSettings({
      VEDETTE_USERS: "CLEAR",
      VEDETTE_TRUNCATE_ADDRESSES: "on",
      VEDETTE_HASH_KEY: "a new key that is long enough, an old key that is long enough",
      VEDETTE_FORWARDED_HEADER: "Forwarded",
    });
    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      clearUsers: true,
      truncateAddresses: true,
      forwardedHeader: "forwarded",
      hashKeys: ["a new key that is long enough", "an old key that is long enough"],
    });
  });

  it("tell of a hash key that can be found by trying, and not the key", () => {
    const { settings, warnings } = readSettings({ VEDETTE_HASH_KEY: "long enough to be good,hunter2" });
    expect(settings.hashKeys).toHaveLength(2);
    expect(warnings.map(({ code }) => code)).toEqual(["instrumentation-hash-key-weak"]);
    expect(JSON.stringify(warnings)).not.toContain("hunter2");
  });

  it.each([{ VEDETTE_ENABLED: "false" }, { OTEL_SDK_DISABLED: "true" }, { OTEL_SDK_DISABLED: "TRUE" }])(
    "are off with %j",
    (environment) => {
      expect(readSettings(environment).settings.enabled).toBe(false);
    },
  );
});
