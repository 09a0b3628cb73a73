import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { canMeasure, measureProcess, netCost } from "./measure-process.ts";
import { type Row, hasSharedData, mixedWindows, processCreations, writeEvents, writeRules } from "./streams.ts";
import { detectArguments } from "./vedette-command.ts";

/** The part of the events that the shorter run has: enough for every thread to have compiled rules and code. */
const SHORT = 4;

/**
 * Measures `vedette detect` with one and two threads on the same file: what the events cost by which a long run is longer than a short one. Start,
 * loading, and what each thread compiles for itself are in both.
 */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  if (!hasSharedData || !canMeasure)
    return [{ name: "not measured: it takes the labelled data and Linux", value: 0, unit: "" }];
  const folder = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  try {
    const rules = join(folder, "rules");
    const count = writeRules(rules, "windows");
    const rows: Row[] = [
      { name: "processors of this machine", value: cpus().length, unit: "" },
      { name: "rules", value: count, unit: "" },
    ];
    for (const [name, events, total] of [
      ["process creation", processCreations(), quick ? 100_000 : 400_000],
      ["mixed Windows", mixedWindows(), quick ? 100_000 : 400_000],
    ] as const) {
      const files = { few: join(folder, "few.jsonl"), all: join(folder, "all.jsonl") };
      const short = total / SHORT;
      const measured = total - short;
      writeEvents(files.few, events, short);
      writeEvents(files.all, events, total);
      const costs = [];
      for (const threads of ["1", "2"]) {
        const output = join(folder, `threads-${threads}.jsonl`);
        const cost = await netCost(
          (which) =>
            measureProcess(
              process.execPath,
              detectArguments(rules, files[which], ["--threads", threads]),
              which === "all" ? output : join(folder, "few.out"),
            ),
          quick ? 2 : 3,
        );
        if (cost.code !== 0 && cost.code !== 1)
          throw new Error(`vedette detect ended with ${cost.code}: ${readFileSync(`${output}.errors`, "utf8")}`);
        costs.push(cost);
        rows.push(
          {
            name: `${name}, ${threads} thread${threads === "1" ? "" : "s"}`,
            value: measured / cost.wall,
            unit: "events/s",
          },
          {
            name: `${name}, ${threads} thread${threads === "1" ? "" : "s"}: processor time`,
            value: (cost.cpu * 1e6) / measured,
            unit: "µs/event",
          },
        );
      }
      const [one, two] = costs;
      if (one === undefined || two === undefined) continue;
      const same = readFileSync(join(folder, "threads-1.jsonl")).equals(readFileSync(join(folder, "threads-2.jsonl")))
        ? 1
        : 0;
      rows.push(
        { name: `${name}: processor time of two threads to one`, value: two.cpu / one.cpu, unit: "×" },
        { name: `${name}: throughput of two threads to one`, value: one.wall / two.wall, unit: "×" },
        { name: `${name}: both wrote the same bytes (1 yes, 0 no)`, value: same, unit: "" },
      );
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
