import type { ErrorCode } from "./errors.ts";
import { FORWARDED_HEADERS, type ForwardedHeader } from "./forwarded-hops.ts";
import { DEFAULT_POLICY, type GuardPolicy } from "./guard/guard-policy.ts";
import { redactUrl } from "./redaction.ts";

/** Limits and scope of the request inspection. */
export interface InspectionSettings {
  readonly enabled: boolean;
  /** Characters of one value that are looked at. */
  readonly maxValueLength: number;
  /** Characters of one request that are looked at. */
  readonly maxTotalLength: number;
  /** Query parameters and cookies of one request that are looked at. */
  readonly maxParameters: number;
  /** Milliseconds after which the inspection of one request ends. */
  readonly maxMilliseconds: number;
  /** Whether bodies that the application reads are looked at. */
  readonly bodies: boolean;
  /** Bytes of one body that are looked at. */
  readonly maxBodyLength: number;
  /** Fields of one body that are looked at. */
  readonly maxBodyFields: number;
  /** Names of the inspected headers, in lower case; `cookie` stands for each cookie's value, `*` for all but the standard ones with a syntax of their own. */
  readonly headers: readonly string[];
}

/** Where the guard gets its decisions and how it knows that they are the worker's. */
export interface GuardSettings {
  /** Origin of the worker's API, e.g. `http://127.0.0.1:7333`. */
  readonly url: URL;
  /** Base64 of the SPKI DER of the worker's Ed25519 key; fetched at first contact when undefined. */
  readonly publicKey: string | undefined;
  /** Path of a file that keeps the key fetched at first contact; undefined keeps it in memory only. */
  readonly pinFile: string | undefined;
  /** Bearer token for a worker that does not listen on loopback. */
  readonly token: string | undefined;
}

/** Everything that can be set by environment variables, with defaults filled in. */
export interface Settings {
  readonly enabled: boolean;
  readonly startSdk: boolean;
  readonly loaderHooks: boolean;
  readonly inspection: InspectionSettings;
  /** Statuses whose answers are reported as `vedette.request.refused`. */
  readonly refusedStatuses: ReadonlySet<number>;
  /** Addresses and CIDR ranges of the proxies in front of the application. */
  readonly trustedProxies: readonly string[];
  /** Header in which those proxies say for whom they ask. */
  readonly forwardedHeader: ForwardedHeader;
  /** Events of one name emitted in one second; more are counted and dropped. */
  readonly eventsPerSecond: number;
  /** `false` leaves out what is told about servers beside attacks and refusals: anomalies, weaknesses, degradation. */
  readonly serverSignals: boolean;
  /** Requests of one client in ten seconds that are a flood. */
  readonly floodRequests: number;
  /** Milliseconds for which the event loop must stand still to be reported. */
  readonly stallMilliseconds: number;
  readonly guard: GuardSettings | undefined;
  readonly guardPolicy: GuardPolicy;
  /** Names of libraries whose instrumentation stays off. */
  readonly disabledInstrumentations: ReadonlySet<string>;
  /** Keys for the pseudonyms of users and sessions, the newest first; none makes one of this process alone. */
  readonly hashKeys: readonly string[];
  /** True when `user.id` and `user.name` leave the process beside `user.hash`. */
  readonly clearUsers: boolean;
  /** True when addresses leave the process without their last part: /24 of IPv4, /48 of IPv6. */
  readonly truncateAddresses: boolean;
}

/** Headers inspected when nothing else is configured: all but the standard ones with a syntax of their own. */
export const DEFAULT_INSPECTED_HEADERS = ["*"] as const;

/** Every environment variable of ours, with its meaning; the README's table is held equal to it by a test. */
export const ENVIRONMENT_VARIABLES = {
  VEDETTE_ENABLED: "`false` turns everything off, the guard too. Default `true`.",
  VEDETTE_START_SDK:
    "`false` leaves the OpenTelemetry SDK to the application even when none is configured yet. Default `true`.",
  VEDETTE_LOADER_HOOKS:
    "`false` leaves out the module hooks that other instrumentations need in ESM applications. Default `true`.",
  VEDETTE_INSPECTION: "`false` turns the inspection of requests off. Default `true`.",
  VEDETTE_INSPECTION_MAX_MS:
    "Milliseconds after which the inspection of one request ends, once 4 KiB of it were looked at. Default `25`.",
  VEDETTE_INSPECTION_BODIES: "`false` leaves bodies alone. Default `true`.",
  VEDETTE_INSPECTION_MAX_BODY_BYTES: "Bytes of one body that are looked at. Default `65536`.",
  VEDETTE_INSPECTED_HEADERS:
    "Comma-separated header names to inspect; `cookie` stands for each cookie's value, `*` for all but the standard ones with a syntax of their own. Default `*`.",
  VEDETTE_TRUSTED_PROXIES:
    "Comma-separated addresses and CIDR ranges of the proxies that are believed when they say for whom they ask. Default none.",
  VEDETTE_FORWARDED_HEADER:
    "Header in which they say it, and the only one that is read: `x-forwarded-for` or `forwarded` (RFC 7239). Default `x-forwarded-for`.",
  VEDETTE_EVENTS_PER_SECOND: "Events of one name emitted in one second; more are counted and dropped. Default `500`.",
  VEDETTE_SERVER_SIGNALS:
    "`false` leaves out `vedette.request.anomaly`, `vedette.response.weakness` and `vedette.service.degraded`. Default `true`.",
  VEDETTE_FLOOD_REQUESTS: "Requests of one client in ten seconds that are reported as a flood. Default `1000`.",
  VEDETTE_STALL_MS: "Milliseconds for which the event loop must stand still to be reported. Default `300`.",
  VEDETTE_DISABLED_INSTRUMENTATIONS: "Comma-separated names of libraries that are left alone, e.g. `koa,bcrypt`.",
  VEDETTE_HASH_KEY:
    "Secret that user and session ids are hashed with (HMAC-SHA-256), the same for all services of a deployment; two with a comma between, the newer first, while it is changed (events carry the older). Default: a random one of this process.",
  VEDETTE_USERS:
    "`clear` lets `user.id` and `user.name` leave the process beside `user.hash`. Default `hashed`: only the hash and the roles do.",
  VEDETTE_TRUNCATE_ADDRESSES:
    "`true` lets addresses leave the process as networks only (`203.0.113.0/24`, `2001:db8:1::/48`). The guard still compares whole ones. Default `false`.",
  VEDETTE_GUARD_URL: "Origin of the worker's API, e.g. `http://127.0.0.1:7333`; turns the guard on.",
  VEDETTE_GUARD_PUBLIC_KEY:
    "Base64 of the worker's Ed25519 public key (SPKI DER). Default: fetched at first contact over loopback or TLS, then pinned.",
  VEDETTE_GUARD_PIN_FILE: "File that keeps the key of the first contact between starts.",
  VEDETTE_GUARD_TOKEN: "Bearer token for a worker that does not listen on loopback.",
  VEDETTE_GUARD_MODE:
    "`enforce` applies the worker's decisions; `monitor` tells in events what would be done and does none of it. Default `monitor`.",
  VEDETTE_GUARD_FAIL:
    "`closed` answers 503, except to health checks and who is allowed, while the worker was never heard of since the process began. Default `open`.",
  VEDETTE_GUARD_ALLOW:
    "Comma-separated addresses, CIDR ranges and `user:ID` entries that nothing is ever done to. Default none.",
  VEDETTE_GUARD_HEALTH_PATHS:
    "Comma-separated paths of health checks, `*` at the end for any rest; GET and HEAD of them always pass. Default `/health,/health/live,/health/ready,/healthcheck,/healthz,/livez,/readyz`.",
  VEDETTE_GUARD_STEP_UP_PATHS:
    "Comma-separated paths, `*` at the end for any rest, that stay open to whoever owes a stronger proof: where it is given. Default none.",
  VEDETTE_GUARD_SESSION_COOKIES:
    "Comma-separated names of cookies that hold a session, taken away when it is ended; one whose value has the session's id in it is found without. Default `connect.sid,sessionId,session,sid`.",
  VEDETTE_GUARD_OFF: "`true` switches the guard off. Default `false`.",
  VEDETTE_GUARD_OFF_FILE: "The guard is off while this file exists; it is looked for at most once a second.",
} as const;

/** A value that could not be used; its default is used instead. */
export interface SettingsWarning {
  readonly code: ErrorCode;
  readonly message: string;
}

/** What was read, and what could not be. */
export interface SettingsReading {
  readonly settings: Settings;
  readonly warnings: readonly SettingsWarning[];
}

/** Reads the settings from environment variables; a bad value never stops the application. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): SettingsReading {
  const warnings: SettingsWarning[] = [];
  const invalid = (message: string): unknown => warnings.push({ code: "instrumentation-setting-invalid", message });
  const text = (name: keyof typeof ENVIRONMENT_VARIABLES): string | undefined => {
    const value = environment[name]?.trim();
    return value === undefined || value === "" ? undefined : value;
  };
  const boolean = (name: keyof typeof ENVIRONMENT_VARIABLES, fallback: boolean): boolean => {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return fallback;
    if (["true", "1", "yes", "on"].includes(value)) return true;
    if (["false", "0", "no", "off"].includes(value)) return false;
    invalid(`${name} is "${value}", which is neither true nor false; using ${fallback}.`);
    return fallback;
  };
  const positive = (name: keyof typeof ENVIRONMENT_VARIABLES, fallback: number): number => {
    const value = text(name);
    if (value === undefined) return fallback;
    const number = Number(value);
    if (Number.isFinite(number) && number > 0) return number;
    invalid(`${name} is "${value}", which is no number above 0; using ${fallback}.`);
    return fallback;
  };
  const oneOf = <Value extends string>(
    name: keyof typeof ENVIRONMENT_VARIABLES,
    values: readonly [Value, ...(readonly Value[])],
  ) => {
    const value = text(name)?.toLowerCase();
    const known = values.find((each) => each === value);
    if (value !== undefined && known === undefined)
      invalid(`${name} is "${value}", which is none of ${values.join(", ")}; using ${values[0]}.`);
    return known ?? values[0];
  };
  const list = (name: keyof typeof ENVIRONMENT_VARIABLES): readonly string[] =>
    (text(name) ?? "")
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "");
  const listOr = (name: keyof typeof ENVIRONMENT_VARIABLES, fallback: readonly string[]): readonly string[] => {
    const entries = list(name);
    return entries.length === 0 ? fallback : entries;
  };

  const headers = list("VEDETTE_INSPECTED_HEADERS").map((name) => name.toLowerCase());
  const settings: Settings = {
    enabled: boolean("VEDETTE_ENABLED", true) && environment["OTEL_SDK_DISABLED"]?.trim().toLowerCase() !== "true",
    startSdk: boolean("VEDETTE_START_SDK", true),
    loaderHooks: boolean("VEDETTE_LOADER_HOOKS", true),
    inspection: {
      enabled: boolean("VEDETTE_INSPECTION", true),
      maxValueLength: 4096,
      maxTotalLength: 32_768,
      maxParameters: 200,
      maxMilliseconds: positive("VEDETTE_INSPECTION_MAX_MS", 25),
      bodies: boolean("VEDETTE_INSPECTION_BODIES", true),
      maxBodyLength: Math.floor(positive("VEDETTE_INSPECTION_MAX_BODY_BYTES", 65_536)),
      maxBodyFields: 1000,
      headers: headers.length === 0 ? DEFAULT_INSPECTED_HEADERS : headers,
    },
    refusedStatuses: new Set([401, 403, 404, 405, 429]),
    trustedProxies: list("VEDETTE_TRUSTED_PROXIES"),
    forwardedHeader: oneOf("VEDETTE_FORWARDED_HEADER", FORWARDED_HEADERS),
    serverSignals: boolean("VEDETTE_SERVER_SIGNALS", true),
    floodRequests: positive("VEDETTE_FLOOD_REQUESTS", 1000),
    stallMilliseconds: positive("VEDETTE_STALL_MS", 300),
    eventsPerSecond: positive("VEDETTE_EVENTS_PER_SECOND", 500),
    disabledInstrumentations: new Set(list("VEDETTE_DISABLED_INSTRUMENTATIONS")),
    hashKeys: hashKeys(list("VEDETTE_HASH_KEY"), warnings),
    clearUsers: oneOf("VEDETTE_USERS", ["hashed", "clear"]) === "clear",
    truncateAddresses: boolean("VEDETTE_TRUNCATE_ADDRESSES", false),
    guard: guardSettings(
      text("VEDETTE_GUARD_URL"),
      text("VEDETTE_GUARD_PUBLIC_KEY"),
      text("VEDETTE_GUARD_PIN_FILE"),
      text("VEDETTE_GUARD_TOKEN"),
      invalid,
    ),
    guardPolicy: {
      mode: oneOf("VEDETTE_GUARD_MODE", ["monitor", "enforce"]),
      fail: oneOf("VEDETTE_GUARD_FAIL", ["open", "closed"]),
      allow: list("VEDETTE_GUARD_ALLOW"),
      healthPaths: listOr("VEDETTE_GUARD_HEALTH_PATHS", DEFAULT_POLICY.healthPaths),
      stepUpPaths: list("VEDETTE_GUARD_STEP_UP_PATHS"),
      sessionCookies: listOr("VEDETTE_GUARD_SESSION_COOKIES", DEFAULT_POLICY.sessionCookies),
      off: boolean("VEDETTE_GUARD_OFF", false),
      offFile: text("VEDETTE_GUARD_OFF_FILE"),
    },
  };
  return { settings, warnings };
}

/** Keys that are found by trying hide nobody: user ids are few and known. */
const WEAK_KEY_CHARACTERS = 16;

function hashKeys(keys: readonly string[], warnings: SettingsWarning[]): readonly string[] {
  if (keys.some((key) => key.length < WEAK_KEY_CHARACTERS))
    warnings.push({
      code: "instrumentation-hash-key-weak",
      message: `VEDETTE_HASH_KEY has a key of fewer than ${WEAK_KEY_CHARACTERS} characters; it is used, but it can be found by trying.`,
    });
  return keys;
}

function guardSettings(
  url: string | undefined,
  publicKey: string | undefined,
  pinFile: string | undefined,
  token: string | undefined,
  invalid: (message: string) => unknown,
): GuardSettings | undefined {
  if (url === undefined) return undefined;
  if (!URL.canParse(url) || !["http:", "https:"].includes(new URL(url).protocol)) {
    invalid(`VEDETTE_GUARD_URL is "${redactUrl(url)}", which is no http or https URL; the guard stays off.`);
    return undefined;
  }
  const origin = new URL(url);
  if (origin.username !== "" || origin.password !== "") {
    invalid(
      "VEDETTE_GUARD_URL has a user name or password in it, which are left out; set VEDETTE_GUARD_TOKEN instead.",
    );
    origin.username = "";
    origin.password = "";
  }
  return { url: origin, publicKey, pinFile, token };
}
