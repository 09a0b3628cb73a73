import { buildApp, openShop, type Shop } from "@vedette/example-shop";
import { afterEach, expect, it } from "vitest";
import { LOUD_ATTACKER, QUIET_ATTACKER, runCampaign } from "./campaign.ts";
import { formatReport } from "./report.ts";

let app: Awaited<ReturnType<typeof buildApp>> | undefined;
let shop: Shop | undefined;

afterEach(async () => {
  await app?.close();
  shop?.database.close();
});

it("leaves ordinary customers content with the real shop, and the attackers with what the shop lets through", async () => {
  shop = await openShop({ passwordCost: 16, loginsPerMinute: 10_000 });
  app = await buildApp(shop);
  const target = await app.listen({ host: "127.0.0.1", port: 0 });
  const report = await runCampaign({ target, pace: 0.02, seconds: 400 });
  expect(report.ordinary.examples).toEqual([]);
  expect(report.ordinary.asExpected).toBeGreaterThan(50);

  const answers = Object.fromEntries(
    report.stages.map(({ attacker, stage, answers }) => [`${attacker} ${stage}`, answers]),
  );
  expect(answers[`${LOUD_ATTACKER} password brute force`]).toEqual({ 303: 1, 401: 12 });
  expect(answers[`${LOUD_ATTACKER} privilege probing`]).toMatchObject({ 403: 6 });
  expect(answers[`${LOUD_ATTACKER} business rule abuse`]).toEqual({ 422: 3 });
  expect(answers[`${LOUD_ATTACKER} server-side request forgery`]).toEqual({ 422: 4 });
  expect(answers[`${LOUD_ATTACKER} honeytoken`]).toEqual({ 200: 1, 401: 1 });
  expect(Object.keys(answers[`${QUIET_ATTACKER} credential stuffing`] ?? {})).toEqual(["401"]);
  expect(formatReport(report)).toContain("Nobody was blocked.");
});
