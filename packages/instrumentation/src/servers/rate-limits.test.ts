import { expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { startMatrixApp } from "../testing/matrix-app.ts";
import { send } from "../testing/requests.ts";

it.each([
  ["express-4", ["/limited", "/limited-silently"]],
  ["express-5", ["/limited", "/limited-silently"]],
  ["fastify-4", ["/limited"]],
  ["fastify-5", ["/limited"]],
])("%s: what its rate limiter refuses is told with its route, and another 429 is not", async (folder, paths) => {
  await using app = await startMatrixApp(folder, "rate-limit.mjs");
  for (const path of paths) {
    const statuses: number[] = [];
    for (let index = 0; index < 4; index++) statuses.push((await send(app.port, path)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
  }
  expect((await send(app.port, "/busy")).status).toBe(429);
  await app.waitFor(EVENT.requestRefused, 2 * paths.length + 1);
  await app.stop();
  expect(app.events(EVENT.rateLimited).map(({ attributes }) => attributes[ATTR.httpRoute])).toEqual(
    paths.flatMap((path) => [path, path]),
  );
  expect(
    app.metrics("vedette.rate.limited").map(({ attributes, value }) => [attributes[ATTR.httpRoute], value]),
  ).toEqual(paths.map((path) => [path, 2]));
});
