import { expect, it } from "vitest";
import { ATTR, EVENT } from "@vedette/semconv";
import { startMatrixApp } from "../testing/matrix-app.ts";
import { send } from "../testing/requests.ts";

it.each([
  ["nestjs-10", "app.mjs"],
  ["nestjs-10", "app.cjs"],
  ["nestjs-12", "app.mjs"],
  ["nestjs-12", "fastify.mjs"],
])(
  "%s/%s: routes, refusals and path parameters of NestJS are told through express and fastify",
  async (folder, entry) => {
    await using plain = await startMatrixApp(folder, entry, { instrumented: false });
    await using app = await startMatrixApp(folder, entry);
    const cases: readonly (readonly [path: string, status: number, route: string | undefined])[] = [
      ["/api/private", 401, "/api/private"],
      ["/api/tenants/acme/orders/7", 403, "/api/tenants/:tenant/orders/:order"],
      ["/api/admin/users", 403, "/api/admin/:area"],
      ["/nowhere", 404, undefined],
    ];
    for (const [path, status] of cases) {
      const answer = await send(app.port, path);
      expect([answer.status, answer.body]).toEqual([status, (await send(plain.port, path)).body]);
    }
    const attack = await send(app.port, "/api/users/%7B%22%24ne%22%3A1%7D");
    expect(attack.body).toBe((await send(plain.port, "/api/users/%7B%22%24ne%22%3A1%7D")).body);
    expect((await send(app.port, "/api/throw")).body).toBe((await send(plain.port, "/api/throw")).body);
    const refused = await app.waitFor(EVENT.requestRefused, cases.length);
    expect(
      refused.map(({ attributes }) => [
        attributes[ATTR.urlPath],
        attributes[ATTR.httpResponseStatusCode],
        attributes[ATTR.httpRoute],
      ]),
    ).toEqual(cases);
    const [suspicious] = await app.waitFor(EVENT.requestSuspicious);
    expect(suspicious?.attributes[ATTR.requestParameters]).toEqual(["id"]);
    const [browsing] = await app.waitFor(EVENT.requestAnomaly);
    expect(browsing?.attributes).toMatchObject({
      [ATTR.requestAnomaly]: "forced_browsing",
      [ATTR.urlPath]: "/nowhere",
    });
  },
);
