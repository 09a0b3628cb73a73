import { setTimeout as wait } from "node:timers/promises";
import { createDetector, DEFAULT_MAPPINGS } from "@vedette/detection";
import type { Cluster } from "../../src/elasticsearch/cluster.ts";
import { type BenchCluster, type Row, since, startBenchCluster } from "./bench-cluster.ts";
import { followIndex } from "./tailed-judging.ts";
import { hasSharedData, type Indexed, indexWindowsEvents, sigmaRules } from "./windows-documents.ts";

/** What one pass over the index took: seconds, and seconds of processor time of this process and of the server. */
interface Pass {
  readonly wall: number;
  readonly cpu: number;
  readonly server: number;
}

/** Sizes of the pages that the index is read alone with. */
const SIZES = [1_000, 5_000];

/** Reads an index, sorted by sequence number, by one point in time, and does nothing else. */
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
  const wall = (performance.now() - started) / 1_000;
  await client.closePointInTime({ id });
  if (read !== count) throw new Error(`${read} of ${count} documents were read`);
  return wall;
};

/** Milliseconds after which the server reads its own processor time again, and a little more. */
const SERVER_READS = 1_100;

/** Times a pass; `pass` gives its seconds. */
const timed = async (bench: BenchCluster, pass: () => Promise<number>): Promise<Pass> => {
  // The server reads its processor time once a second; what it says sooner is of before.
  await wait(SERVER_READS);
  const server = await bench.usage();
  const before = process.cpuUsage();
  const wall = await pass();
  const { user, system } = process.cpuUsage(before);
  await wait(SERVER_READS);
  return { wall, cpu: (user + system) / 1e6, server: since(server, await bench.usage()).cpu };
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** Measures how fast the worker reads and judges what is in an index, beside reading it alone, the server on the same machine. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  const skipped = (why: string): readonly Row[] => [{ name: `not measured: ${why}`, value: 0, unit: "" }];
  if (!hasSharedData) return skipped("it takes the labelled data");
  const started = await startBenchCluster();
  if ("missing" in started) return skipped(started.missing);
  await using bench = started;
  const { cluster } = bench;
  const indexed = await indexWindowsEvents(cluster, "bench-windows", quick ? 30_000 : 150_000);
  const rules = sigmaRules();
  const { count, bytes } = indexed;
  // One detector for all: a kind of event compiles its rules when it is met first, which a worker does once in its life.
  const detector = createDetector([...rules], { mappings: DEFAULT_MAPPINGS });
  const follow = (writes: boolean) => followIndex(cluster, indexed, detector, { writes });
  const begun = performance.now();
  const first = await follow(false);
  await readOnly(cluster, indexed, SIZES[0] ?? 1_000);
  // In turns, so that what else the machine does meets both. At most so long, whatever the machine is like.
  const alone = new Map<number, Pass[]>(SIZES.map((size) => [size, []]));
  const judged: Pass[] = [];
  const limit = quick ? 15_000 : 100_000;
  for (let round = 0; round < (quick ? 3 : 7) && (round === 0 || performance.now() - begun < limit); round += 1) {
    for (const [size, passes] of alone) passes.push(await timed(bench, () => readOnly(cluster, indexed, size)));
    judged.push(await timed(bench, async () => (await follow(false)).wall));
  }
  const written = await follow(true);
  const each = (seconds: number): number => (seconds / count) * 1e6;
  const middle = (passes: readonly Pass[], what: keyof Pass): number => median(passes.map((pass) => pass[what]));
  // The page size at which reading alone is faster is what judging is compared with.
  const [best = judged] = [...alone.values()].toSorted((a, b) => middle(a, "wall") - middle(b, "wall"));
  const label = `${count.toLocaleString("en")} documents, ${Math.round(bytes / count)} bytes each, ${rules.length.toLocaleString("en")} rules, median of ${judged.length}`;
  const least = (passes: readonly Pass[]): number => Math.min(...passes.map(({ wall }) => wall));
  return [
    {
      name: `read alone, sorted, by one point in time (${label})`,
      value: count / middle(best, "wall"),
      unit: "documents/s",
    },
    { name: "read by the tail and judged", value: count / middle(judged, "wall"), unit: "documents/s" },
    {
      name: "read and judged to read alone (target 0.8)",
      value: middle(best, "wall") / middle(judged, "wall"),
      unit: "×",
    },
    { name: "the same of the fastest pass of each", value: least(best) / least(judged), unit: "×" },
    { name: "processor time of the reader, reading alone", value: each(middle(best, "cpu")), unit: "µs/document" },
    {
      name: "processor time of Elasticsearch, reading alone",
      value: each(middle(best, "server")),
      unit: "µs/document",
    },
    {
      name: "processor time of the worker, reading and judging",
      value: each(middle(judged, "cpu")),
      unit: "µs/document",
    },
    {
      name: "processor time of Elasticsearch, reading and judging",
      value: each(middle(judged, "server")),
      unit: "µs/document",
    },
    {
      name: "read and judged for the first time, the rules being compiled meanwhile",
      value: count / first.wall,
      unit: "documents/s",
    },
    {
      name: `read, judged, and ${written.facts.toLocaleString("en")} findings written to the same server`,
      value: count / written.wall,
      unit: "documents/s",
    },
  ];
}
