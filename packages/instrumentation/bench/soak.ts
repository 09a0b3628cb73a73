import { load, memoryOf, startService } from "./load.ts";
import { varied } from "./traffic.ts";

const SAMPLES = 40;
const BURST = 500;

/**
 * Sends traffic that is never the same twice for some minutes, and tells how the heap went: a line is fitted through what was left after a
 * collection in the second half, when every memory that has a limit is full.
 */
export async function soak(
  minutes: number,
): Promise<readonly { readonly name: string; readonly value: number | string; readonly unit: string }[]> {
  if (!(minutes > 0)) throw new Error("--soak needs a number of minutes above 0.");
  const service = await startService("vedette", "express");
  try {
    const heaps: { readonly minute: number; readonly mebibytes: number }[] = [];
    const start = performance.now();
    let sent = 0;
    while (heaps.length < SAMPLES) {
      const until = start + ((heaps.length + 1) * minutes * 60_000) / SAMPLES;
      do {
        const from = sent;
        await load(service, BURST, (index) => varied(from + index));
        sent += BURST;
      } while (performance.now() < until);
      const { heap } = await memoryOf(service);
      heaps.push({ minute: (performance.now() - start) / 60_000, mebibytes: heap / 2 ** 20 });
    }
    const late = heaps.slice(SAMPLES / 2);
    const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    const [x, y] = [mean(late.map(({ minute }) => minute)), mean(late.map(({ mebibytes }) => mebibytes))];
    const slope =
      late.reduce((sum, { minute, mebibytes }) => sum + (minute - x) * (mebibytes - y), 0) /
      late.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
    return [
      { name: "soak: requests sent", value: sent, unit: `in ${minutes} min` },
      { name: "soak: heap after a collection, first sample", value: heaps[0]?.mebibytes ?? Number.NaN, unit: "MiB" },
      { name: "soak: heap after a collection, half-way", value: late[0]?.mebibytes ?? Number.NaN, unit: "MiB" },
      { name: "soak: heap after a collection, last sample", value: late.at(-1)?.mebibytes ?? Number.NaN, unit: "MiB" },
      { name: "soak: growth in the second half", value: slope * 1024, unit: "KiB a minute" },
    ];
  } finally {
    service.child.send("end");
  }
}
