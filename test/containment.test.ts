import { expect, it } from "vitest";
import { DECOY_API_KEY } from "../examples/shop/src/visitor.ts";
import { measureContainment, percentile } from "./containment/measure-containment.ts";
import { openShop } from "./containment/running-shop.ts";
import { startTestWorker } from "./containment/running-worker.ts";

const PATIENCE = 20_000;

it("blocks an attacker's next requests in the shop within seconds of the attack", { timeout: 120_000 }, async () => {
  await using test = await startTestWorker();
  await using shop = await openShop(test.worker, { VEDETTE_TRUSTED_PROXIES: "127.0.0.1" });
  const times = await measureContainment(shop, 12);
  process.stdout.write(`attack → 403: ${times.map(Math.round).join(", ")} ms\n`);
  // The target is 2 s for 19 of 20 (`npm run bench -- containment` measures it); this machine may be busy with other tests.
  expect(percentile(times, 0.5)).toBeLessThan(2_000);
  expect(Math.max(...times)).toBeLessThan(PATIENCE);
  expect(await shop.get("/", { "x-forwarded-for": "192.0.2.1" })).toBe(200);
  expect(await shop.get("/healthz", { "x-forwarded-for": "198.51.100.1" })).toBe(200);
});

it(
  "gets nobody else blocked by a spoofed X-Forwarded-For where no proxy is trusted",
  { timeout: 120_000 },
  async () => {
    await using test = await startTestWorker();
    await using shop = await openShop(test.worker);
    const [attacker, victim] = ["127.0.0.66", "127.0.0.77"];
    const spoofed = { "x-forwarded-for": victim, "x-real-ip": victim, forwarded: `for=${victim}` };
    await shop.get("/", { ...spoofed, authorization: `Bearer ${DECOY_API_KEY}` }, attacker);
    const begun = performance.now();
    while ((await shop.get("/", spoofed, attacker)) !== 403) {
      if (performance.now() - begun > PATIENCE) throw new Error("The attacker was never blocked.");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const entries = (await test.worker.store.listDenyList(undefined, 10)).items;
    expect(entries.map(({ address, state }) => [address, state])).toEqual([[attacker, expect.any(String)]]);
    expect(await shop.get("/", {}, victim)).toBe(200);
    expect(await shop.get("/", { "x-forwarded-for": attacker }, victim)).toBe(200);
    expect(await shop.get("/", { "x-forwarded-for": "192.0.2.9" }, attacker)).toBe(403);
  },
);
