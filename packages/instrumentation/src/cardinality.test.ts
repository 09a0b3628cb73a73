import { expect, it } from "vitest";
import { INSTRUMENTATION_METRICS } from "@vedette/semconv";
import type { CounterKey } from "./reporter.ts";
import { createSecurity, type Security } from "./security.ts";
import { createTestTelemetry } from "./testing/telemetry.ts";

const CALLS = 5_000;
/** The SDK's own limit of attribute sets of one instrument. */
const LIMIT = 2_000;

const METRICS: readonly [CounterKey, (security: Security, value: string) => void][] = [
  ["authenticationAttempts", (security, method) => security.authentication({ outcome: "success", method })],
  ["authorizationDenied", (security, action) => security.authorization({ action, denied: true })],
  ["inputRejected", (security, rule) => security.inputRejected({ rule })],
];

it.each(METRICS)("%s of thousands of values are one point of overflow, and none is lost", async (key, call) => {
  const telemetry = createTestTelemetry();
  const security = createSecurity(telemetry.reporter);
  for (let index = 0; index < CALLS; index++) call(security, `value-${index}`);
  const points = await telemetry.points(INSTRUMENTATION_METRICS[key].name);
  expect(points.length).toBeLessThanOrEqual(LIMIT);
  const overflow = points.filter(({ attributes }) => attributes["otel.metric.overflow"] === true);
  expect(overflow).toHaveLength(1);
  expect(points.reduce((sum, { value }) => sum + Number(value), 0)).toBe(CALLS);
  // What was known before goes on being told apart.
  call(security, "value-0");
  const [first] = (await telemetry.points(INSTRUMENTATION_METRICS[key].name)).filter(({ attributes }) =>
    Object.values(attributes).includes("value-0"),
  );
  expect(first?.value).toBe(2);
  await telemetry.end();
});

it("routes as well, of requests that a limit stopped", async () => {
  const telemetry = createTestTelemetry();
  for (let index = 0; index < CALLS; index++) telemetry.reporter.count("rateLimited", { "http.route": `/r${index}` });
  const points = await telemetry.points(INSTRUMENTATION_METRICS.rateLimited.name);
  expect(points.length).toBeLessThanOrEqual(LIMIT);
  expect(points.some(({ attributes }) => attributes["otel.metric.overflow"] === true)).toBe(true);
  await telemetry.end();
});
