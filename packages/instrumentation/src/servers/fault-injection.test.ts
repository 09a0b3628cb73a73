import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ATTR } from "@vedette/semconv";
import { comparable, exchanges } from "../testing/exchanges.ts";
import { startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { exchange } from "../testing/raw-exchange.ts";

const FAULTS = pathToFileURL(resolve(import.meta.dirname, "../testing/apps/faults.mjs")).href;

/** Everything of ours that an application's requests run through, on an application that reaches it. */
const faults: readonly (readonly [fault: string, folder: string])[] = [
  ["current-request.ts#observeRequest", "express-5"],
  ["current-request.ts#knownRequest", "express-5"],
  ["current-request.ts#requestAttributes", "express-5"],
  ["current-request.ts#routeOf", "express-5"],
  ["inspect/request-report.ts#inspectAndReport", "express-5"],
  ["inspect/inspect-request.ts#inspectRequest", "express-5"],
  ["body-tap.ts#tapBody", "express-5"],
  ["body-tap.ts#tapBody", "fastify-5"],
  ["inspect/inspect-value.ts#inspectValue", "express-5"],
  ["inspect/inspect-value.ts#inspectValue", "fastify-5"],
  ["inspect/inspect-value.ts#inspectValue", "koa-3"],
  ["inspect/inspect-value.ts#inspectValue", "hono-4"],
  ["current-request.ts#knownRequest", "fastify-5"],
  ["redaction.ts#redactPath", "express-5"],
  ["redaction.ts#sampleOf", "express-5"],
  ["privacy.ts#processPrivacy", "express-5"],
  ["record-uid.ts#recordUid", "express-5"],
  ["client-address.ts#normaliseAddress", "express-5"],
  ["client-address.ts#clientAddress", "express-5"],
  ["servers/response-headers.ts#sentHeaders", "express-5"],
  ["servers/rate-limits.ts#reportRateLimit", "express-5"],
];

const NAMES = new Set([
  "a page",
  "an attack",
  "no route",
  "401",
  "403 of a nested router",
  "a thrown error, with its stack trace",
  "a rejection, with its stack trace",
  "a binary body",
  "100-continue",
  "an upgrade",
  "garbage",
  "TRACE",
]);
const some = exchanges.filter(({ name }) => NAMES.has(name));

it("sends what it means to", () => {
  expect(some).toHaveLength(NAMES.size);
});

describe.each([...new Set(faults.map(([, folder]) => folder))])("%s", (folder) => {
  let plain: readonly string[];
  let plainApp: MatrixApp;
  beforeAll(async () => {
    plainApp = await startMatrixApp(folder, "app.mjs", { instrumented: false });
    plain = await Promise.all(some.map(async (each) => comparable(await exchange(plainApp.port, each))));
  });
  afterAll(async () => {
    await plainApp.stop();
  });

  it.each(faults.filter(([, where]) => where === folder).map(([fault]) => fault))(
    "answers as without us when %s throws, and the exception is counted",
    async (fault) => {
      await using app = await startMatrixApp(folder, "app.mjs", {
        env: { VEDETTE_TEST_FAULT: fault },
        before: ["--import", FAULTS],
      });
      for (const [index, each] of some.entries())
        expect(comparable(await exchange(app.port, each)), each.name).toBe(plain[index]);
      expect(await app.stop()).toEqual({ code: null, signal: "SIGTERM" });
      expect(app.errors()).not.toContain("instrumentation-start-failed");
      const errors = app.metrics("vedette.instrumentation.errors");
      expect(errors.map(({ attributes }) => attributes[ATTR.errorType])).toEqual(["RangeError"]);
      expect(app.errors().replaceAll(/^vedette: .*\n/gm, "")).toBe("");
    },
  );
});
