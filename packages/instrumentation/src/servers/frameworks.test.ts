import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { INSTRUMENTED_LIBRARIES } from "../instrumentations.ts";
import { entriesOf, startMatrixApp, type MatrixApp } from "../testing/matrix-app.ts";
import { send } from "../testing/requests.ts";

const FRAMEWORKS = ["express", "fastify", "koa", "hono"];

/** Every framework, in every version of the table, as ES module and as CommonJS. */
const apps = INSTRUMENTED_LIBRARIES.filter(({ library }) => FRAMEWORKS.includes(library)).flatMap(
  ({ library, triedOn }) => triedOn.flatMap((folder) => entriesOf(folder).map((entry) => ({ library, folder, entry }))),
);

it("has every framework in two versions and both module systems", () => {
  expect(apps).toHaveLength(FRAMEWORKS.length * 2 * 2);
});

describe.each(apps)("$folder/$entry", ({ library, folder, entry }) => {
  let app: MatrixApp;
  beforeAll(async () => {
    app = await startMatrixApp(folder, entry);
  });
  afterAll(async () => {
    expect(await app.stop()).toEqual({ code: null, signal: "SIGTERM" });
  });

  const refusals = (path: string): Promise<readonly unknown[]> =>
    expect
      .poll(() => app.events(EVENT.requestRefused).filter(({ attributes }) => attributes[ATTR.urlPath] === path))
      .toHaveLength(1)
      .then(() =>
        app
          .events(EVENT.requestRefused)
          .filter(({ attributes }) => attributes[ATTR.urlPath] === path)
          .map(({ attributes }) => [attributes[ATTR.httpRoute], attributes[ATTR.httpResponseStatusCode]]),
      );

  it("tells the route of what was refused, with nested routers' patterns", async () => {
    for (const [path, route, status] of [
      ["/private", "/private", 401],
      ["/admin/users", "/admin/:area", 403],
      ["/tenants/acme", "/tenants/:tenant", 403],
      ...(library === "koa" ? [] : [["/guarded/thing", library === "express" ? "/guarded" : "/guarded/thing", 401]]),
    ] as [string, string, number][]) {
      expect((await send(app.port, path)).status, path).toBe(status);
      expect(await refusals(path)).toEqual([[expect.stringMatching(new RegExp(`^${route}/?$`)), status]]);
    }
  });

  it("tells no route of what no route matches", async () => {
    expect((await send(app.port, "/nowhere/at/all")).status).toBe(404);
    expect(await refusals("/nowhere/at/all")).toEqual([[undefined, 404]]);
  });

  it("inspects path parameters as the framework decodes them, once", async () => {
    const path = "/users/%7B%22%24ne%22%3A1%7D";
    expect((await send(app.port, path)).status).toBe(200);
    const events = await app.waitFor(EVENT.requestSuspicious);
    await send(app.port, "/private");
    expect(events.map(({ attributes }) => attributes[ATTR.requestParameters])).toEqual([["id"]]);
  });

  it("says nothing to standard error and counts no errors of its own", async () => {
    await expect.poll(() => app.metrics("vedette.events.emitted").length).toBeGreaterThan(0);
    expect(app.metrics("vedette.instrumentation.errors")).toEqual([]);
    expect(app.errors().replace(/^vedette: VEDETTE_HASH_KEY is not set.*\n/m, "")).toBe("");
  });
});
