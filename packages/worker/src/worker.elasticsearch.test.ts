import { expect, test } from "vitest";
import {
  alertsOf,
  pause,
  sendOtlp,
  suspiciousRequest,
  TEST_RULES,
  until,
  useWorkers,
} from "./testing/elasticsearch-worker.ts";
import { useElasticsearch } from "./testing/elasticsearch/use-elasticsearch.ts";
import type { RunningWorker } from "./worker.ts";

const { client, url, prefix: base } = useElasticsearch();
const workers = useWorkers();
const start = (prefix: string, pattern: string): Promise<RunningWorker> =>
  workers.start({ url, prefix, pattern, rules: TEST_RULES });

test("two workers alert, correlate over shards and restart without doubling", async () => {
  const prefix = `${base}work`;
  const index = `${base}logs`;
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0, refresh_interval: "1s" },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  let number = 0;
  const write = async (document: object): Promise<void> => {
    number += 1;
    await client.create({ index, id: `e${number}`, document: { "@timestamp": new Date().toISOString(), ...document } });
  };
  const first = await start(prefix, index);
  const second = await start(prefix, index);
  await write({ process: { name: "forbidden" }, user: { name: "ana" } });
  const took = await until("the first alert", async () => (await alertsOf(second)).length === 1);
  process.stdout.write(`indexed → alert: ${Math.round(took)} ms\n`);
  for (let at = 0; at < 6; at += 1) await write({ event: { outcome: "failure" }, user: { name: "bob" } });
  await until("the correlation", async () =>
    (await alertsOf(first)).some(({ title, eventCount }) => title === "Many failed log-ins" && eventCount === 6),
  );
  for (let round = 0; round < 3; round += 1) {
    const user = { name: `carl${round}` };
    await write({ process: { name: "forbidden" }, user });
    const milliseconds = await until("an alert", async () =>
      (await alertsOf(first)).some(({ suppressionKey }) => suppressionKey.includes(user.name)),
    );
    process.stdout.write(`indexed → alert, once all runs: ${Math.round(milliseconds)} ms\n`);
  }
  await first[Symbol.asyncDispose]();
  await write({ process: { name: "forbidden" }, user: { name: "ana" } });
  await until("the second finding", async () =>
    (await alertsOf(second)).some(({ title, findingCount }) => title === "Forbidden tool" && findingCount === 2),
  );
  await second[Symbol.asyncDispose]();
  const third = await start(prefix, index);
  await write({ process: { name: "forbidden" }, user: { name: "eve" } });
  await until("the alert after a restart", async () => (await alertsOf(third)).length === 6);
  const alerts = (await alertsOf(third)).map(({ title, findingCount, eventCount }) => [
    title,
    findingCount,
    eventCount,
  ]);
  expect(alerts.toSorted((a, b) => (String(a) < String(b) ? -1 : 1))).toEqual([
    ...Array.from({ length: 4 }, () => ["Forbidden tool", 1, 1]),
    ["Forbidden tool", 2, 2],
    ["Many failed log-ins", 1, 6],
  ]);
  await third[Symbol.asyncDispose]();
}, 180_000);

test("what is received by OTLP is alerted on, once, whichever worker took it", async () => {
  const prefix = `${base}otlp`;
  const worker = await start(prefix, `${base}none*`);
  const send = async (user: string): Promise<number> =>
    (await sendOtlp(worker, suspiciousRequest(user, `uid-${user}`))).status;
  for (const user of ["ana", "bob", "eve"]) {
    expect(await send(user)).toBe(200);
    const milliseconds = await until("the alert", async () =>
      (await alertsOf(worker)).some(({ suppressionKey }) => suppressionKey.includes(user)),
    );
    process.stdout.write(`received → alert: ${Math.round(milliseconds)} ms\n`);
    expect(await send(user)).toBe(200);
  }
  await until("the tail", async () => (await worker.status()).eventsJudged >= 3);
  await pause(2_500);
  expect((await alertsOf(worker)).map(({ findingCount }) => findingCount)).toEqual([1, 1, 1]);
  const { sources, problems } = await worker.status();
  expect(problems).toEqual([expect.stringContaining("nothing fits")]);
  expect(sources.map(({ name }) => name)).toEqual(expect.arrayContaining(["logs", "received"]));
  await worker[Symbol.asyncDispose]();
}, 120_000);
