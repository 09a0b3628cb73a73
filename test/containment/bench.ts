import { measureContainment, percentile } from "./measure-containment.ts";
import { openShop } from "./running-shop.ts";
import { startTestWorker } from "./running-worker.ts";

/** Measures the way from an attack on the shop to the guard's first 403, in one run with a worker of its own. */
export async function run({
  quick,
}: {
  readonly quick: boolean;
}): Promise<readonly { readonly name: string; readonly value: number; readonly unit: string }[]> {
  await using test = await startTestWorker();
  await using shop = await openShop(test.worker, { VEDETTE_TRUSTED_PROXIES: "127.0.0.1" });
  await measureContainment(shop, 1);
  const times = (await measureContainment(shop, quick ? 20 : 200)).map((time) => time / 1000);
  const row = (name: string, value: number) => ({
    name: `from a honeytoken's touch to the first 403, ${name}`,
    value,
    unit: "s",
  });
  return [
    { name: "attackers, each touching a honeytoken of the shop", value: times.length, unit: "attackers" },
    row("half of them within", percentile(times, 0.5)),
    row("19 of 20 within", percentile(times, 0.95)),
    row("the last one", Math.max(...times)),
  ];
}
