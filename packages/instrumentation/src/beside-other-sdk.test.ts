import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { MATRIX_FOLDER, startMatrixApp } from "./testing/matrix-app.ts";
import { send } from "./testing/requests.ts";

const load = (file: string): readonly string[] => ["--import", pathToFileURL(resolve(MATRIX_FOLDER, file)).href];
const own = (errors: string): string =>
  errors.replaceAll(/^vedette: VEDETTE_HASH_KEY is not set.*\n/gm, "").replaceAll(/^\(Use `node --trace-.*\n/gm, "");
/** An application may say itself that it uses what node is about to drop. */
const ours = (errors: string): string => own(errors).replaceAll(/^\(node:\d+\) \[DEP\d+\].*\n/gm, "");

const ENVIRONMENT = {
  OTEL_NODE_RESOURCE_DETECTORS: "env",
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: "http,express",
  OTEL_BSP_SCHEDULE_DELAY: "25",
};

describe.each(["app.mjs", "app.cjs"])("beside @opentelemetry/auto-instrumentations-node, %s", (entry) => {
  it.each([
    ["before ours", { before: load("opentelemetry-auto/sdk.mjs") }],
    ["after ours", { flags: load("opentelemetry-auto/sdk.mjs"), env: { VEDETTE_START_SDK: "false" } }],
  ] as const)("puts our events into their traces, once, with the route (theirs %s)", async (_order, options) => {
    await using app = await startMatrixApp("opentelemetry-auto", entry, {
      ...options,
      env: { ...ENVIRONMENT, ...("env" in options ? options.env : {}) },
    });
    await send(app.port, "/tenants/acme?q=..%2F..%2Fetc%2Fpasswd");
    await app.waitFor(EVENT.requestRefused);
    await expect.poll(() => app.spans().filter((name) => name.startsWith("GET ")), { timeout: 10_000 }).toHaveLength(1);
    const [refused] = app.events(EVENT.requestRefused);
    const [suspicious] = app.events(EVENT.requestSuspicious);
    expect(app.events().map(({ name }) => name)).toEqual([EVENT.requestSuspicious, EVENT.requestRefused]);
    expect(refused?.attributes[ATTR.httpRoute]).toBe("/tenants/:tenant");
    expect(refused?.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(suspicious?.traceId).toBe(refused?.traceId);
    expect(ours(app.errors())).toBe("");
  });
});

describe("module hooks", () => {
  it.each([
    ["nobody else registers any", {}],
    ["another copy registered synchronous ones before", { before: load("opentelemetry-auto/sync-hooks.mjs") }],
    ["another copy registered asynchronous ones before", { before: load("opentelemetry-auto/async-hooks.mjs") }],
    ["another copy registers asynchronous ones after", { flags: load("opentelemetry-auto/async-hooks.mjs") }],
  ] as const)("reach ES modules when %s", async (_who, options) => {
    await using app = await startMatrixApp("hono-4", "app.mjs", options);
    await send(app.port, "/tenants/acme");
    const [refused] = await app.waitFor(EVENT.requestRefused);
    expect(refused?.attributes[ATTR.httpRoute]).toMatch(/^\/tenants\/:tenant\/?$/);
    expect(ours(app.errors())).toBe("");
  });
});

describe("with an OpenTelemetry that is too old", () => {
  const warning = (name: string): RegExp =>
    new RegExp(`^vedette: ${name} is [\\d.]+; security events need .* \\[instrumentation-opentelemetry-old\\]\\n$`);

  it.each([
    ["its SDK set up in code, after ours", "@opentelemetry/sdk-node", {}],
    ["its SDK set up before ours", "@opentelemetry/api", { before: load("opentelemetry-old/sdk.mjs") }],
    ["one old API for everybody", "@opentelemetry/api", { before: load("opentelemetry-old/old-api.mjs") }],
  ] as const)("says so once, and leaves the application and its telemetry alone: %s", async (_how, name, options) => {
    await using app = await startMatrixApp("opentelemetry-old", "app.mjs", {
      ...options,
      env: { OTEL_METRICS_EXPORTER: "otlp", OTEL_BSP_SCHEDULE_DELAY: "25" },
    });
    expect((await send(app.port, "/?q=..%2F..%2Fetc%2Fpasswd")).body).toBe("served");
    await expect.poll(() => app.spans()).toContain("serve");
    await expect.poll(() => app.metrics("app.requests").length, { timeout: 5000 }).toBe(1);
    expect(own(app.errors())).toMatch(warning(name));
  });
});
