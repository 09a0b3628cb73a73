import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { DECOY_API_KEY } from "../examples/shop/src/visitor.ts";
import { measureContainment, percentile } from "./containment/measure-containment.ts";
import { createPseudonyms } from "../packages/instrumentation/src/pseudonyms.ts";
import { HASH_KEY, openShop } from "./containment/running-shop.ts";
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
    await until(async () => (await shop.get("/", spoofed, attacker)) === 403);
    const entries = (await test.worker.store.listDenyList(undefined, 10)).items;
    expect(entries.map(({ address, state }) => [address, state])).toEqual([[attacker, expect.any(String)]]);
    expect(await shop.get("/", {}, victim)).toBe(200);
    expect(await shop.get("/", { "x-forwarded-for": attacker }, victim)).toBe(200);
    expect(await shop.get("/", { "x-forwarded-for": "192.0.2.9" }, attacker)).toBe(403);
  },
);

it(
  "contains a customer and a session of the shop, whatever address they come from, and nobody else",
  { timeout: 120_000 },
  async () => {
    await using test = await startTestWorker();
    await using shop = await openShop(test.worker, { VEDETTE_GUARD_SESSION_COOKIES: "shop_session" });
    const pseudonyms = createPseudonyms([HASH_KEY]);
    const [alice, dora] = [await shop.logIn("alice", "correct-horse-battery"), await shop.logIn("dora", "sunshine")];
    const account = (cookie: string, localAddress?: string) => shop.get("/account", { cookie }, localAddress);
    expect([await account(alice), await account(dora)]).toEqual([200, 200]);

    // alice is the shop's second account.
    const entry = await test.deny({ targets: [{ kind: "user.hash", value: pseudonyms.of("2") }], label: "alice" });
    await until(async () => (await account(alice)) === 403);
    expect([await account(alice, "127.0.0.99"), await account(dora), await shop.get("/")]).toEqual([403, 200, 200]);
    await test.undo(entry);
    await until(async () => (await account(alice)) === 200);

    const token = dora.slice(dora.indexOf("=") + 1);
    const sessionId = createHash("sha256").update(token).digest("hex");
    await test.deny({ action: "end_session", targets: [{ kind: "session.id", value: pseudonyms.of(sessionId) }] });
    await until(async () => (await account(dora)) === 401);
    const ended = await shop.ask("/account", { headers: { cookie: dora } });
    expect(ended.headers["set-cookie"]).toEqual(["shop_session=; Path=/; Max-Age=0; HttpOnly"]);
    const again = await shop.logIn("dora", "sunshine");
    expect([await account(again), await account(alice)]).toEqual([200, 200]);

    await test.deny({
      action: "throttle",
      targets: [
        { kind: "client.address", value: "127.0.0.0/8" },
        { kind: "http.route", value: "/products" },
      ],
      rate: { limit: 1, seconds: 600, burst: 1 },
    });
    await until(async () => (await shop.get("/Products/")) === 429);
    expect([await shop.get("/"), await shop.get("/healthz")]).toEqual([200, 200]);
  },
);

async function until(reached: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await reached())) {
    if (performance.now() - begun > PATIENCE) throw new Error("What was waited for did not happen.");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
