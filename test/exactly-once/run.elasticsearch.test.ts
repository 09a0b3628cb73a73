import { expect, test } from "vitest";
import { useElasticsearch } from "../../packages/worker/src/testing/elasticsearch/use-elasticsearch.ts";
import { run, type RunOptions } from "./run.ts";

const { url } = useElasticsearch();
const OPTIONS = {
  seed: 1,
  writers: 4,
  source: "data-stream",
  replicas: 0,
  urls: [url],
} satisfies Partial<RunOptions>;

test(
  "finds each alert once through kills, a worker that sleeps past its lease, and a proxy that hurts every request",
  { timeout: 300_000 },
  async () => {
    const lines: string[] = [];
    const { lost, doubled, strange, alerts, chaos } = await run({
      ...OPTIONS,
      events: 2_000,
      workers: 3,
      stage: "alerts",
      faults: 1,
      killEvery: 4_000,
      duration: 8_000,
      patience: 60_000,
      print: (line) => void lines.push(line),
    });
    expect({ lost, doubled, strange }, lines.join("\n")).toEqual({ lost: [], doubled: [], strange: [] });
    expect(alerts).toBeGreaterThan(10);
    expect(chaos["kills"]).toBeGreaterThan(0);
    expect(chaos["freezes"]).toBeGreaterThan(0);
  },
);

test("loses changed events when contents are not told apart by their hashes", { timeout: 300_000 }, async () => {
  const { lost, doubled, strange } = await run({
    ...OPTIONS,
    // The stream of the test above cannot be deleted wholly by this server, and has the seed in its name.
    seed: 2,
    breaking: "content-hash",
    events: 3_000,
    workers: 1,
    stage: "findings",
    faults: 0,
    killEvery: 1_000_000,
    duration: 3_000,
    patience: 5_000,
    print: () => undefined,
  });
  expect(lost.length).toBeGreaterThan(0);
  expect({ doubled, strange }).toEqual({ doubled: [], strange: [] });
});
