import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { type Row, since, startBenchCluster } from "./bench-cluster.ts";
import { followIndex } from "./tailed-judging.ts";
import { hasSharedData, type Indexed, indexWindowsEvents, sigmaRules } from "./windows-documents.ts";

/** Seconds that it takes to read an index, sorted by sequence number, by one point in time, and nothing else. */
const readOnly = async ({ client }: Cluster, { index, count }: Indexed, size: number): Promise<number> => {
  const started = performance.now();
  const { id } = await client.openPointInTime({ index, keep_alive: "1m" });
  let read = 0;
  for (let after: unknown[] | undefined; ;) {
    const { hits } = await client.search({
      pit: { id, keep_alive: "1m" },
      size,
      sort: [{ _seq_no: "asc" }],
      track_total_hits: false,
      ...(after === undefined ? {} : { search_after: after as number[] }),
    });
    read += hits.hits.length;
    after = hits.hits.at(-1)?.sort;
    if (hits.hits.length < size || after === undefined) break;
  }
  await client.closePointInTime({ id });
  if (read !== count) throw new Error(`${read} of ${count} documents were read`);
  return (performance.now() - started) / 1_000;
};

/** Measures how fast the worker reads and judges what is in an index, beside reading it alone, the server on the same machine. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  const skipped = (why: string): readonly Row[] => [{ name: `not measured: ${why}`, value: 0, unit: "" }];
  if (!hasSharedData) return skipped("it takes the labelled data");
  const started = await startBenchCluster();
  if ("missing" in started) return skipped(started.missing);
  await using bench = started;
  const { cluster } = bench;
  const indexed = await indexWindowsEvents(cluster, "bench-windows", quick ? 20_000 : 200_000);
  const rules = sigmaRules();
  const { count, bytes } = indexed;
  // Both have warm caches and compiled code when they are timed; of each the best counts, because other programs only ever add time.
  await readOnly(cluster, indexed, 1_000);
  await followIndex(cluster, indexed, rules, { writes: false });
  let alone = Number.POSITIVE_INFINITY;
  let judged = { wall: Number.POSITIVE_INFINITY, cpu: 0, facts: 0, server: 0 };
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    for (const size of [1_000, 5_000]) alone = Math.min(alone, await readOnly(cluster, indexed, size));
    const before = await bench.usage();
    const followed = await followIndex(cluster, indexed, rules, { writes: false });
    const { cpu: server } = since(before, await bench.usage());
    if (followed.wall < judged.wall) judged = { ...followed, server };
  }
  const written = await followIndex(cluster, indexed, rules, { writes: true });
  const label = `${count.toLocaleString("en")} documents, ${Math.round(bytes / count)} bytes each, ${rules.length.toLocaleString("en")} rules`;
  return [
    { name: `read alone, sorted, by one point in time (${label})`, value: count / alone, unit: "documents/s" },
    { name: "read by the tail and judged", value: count / judged.wall, unit: "documents/s" },
    { name: "read and judged to read alone", value: alone / judged.wall, unit: "×" },
    {
      name: "processor time of the worker, reading and judging",
      value: (judged.cpu / count) * 1e6,
      unit: "µs/document",
    },
    { name: "processor time of Elasticsearch meanwhile", value: (judged.server / count) * 1e6, unit: "µs/document" },
    {
      name: `read, judged, and ${written.facts.toLocaleString("en")} findings written to the same server`,
      value: count / written.wall,
      unit: "documents/s",
    },
  ];
}
