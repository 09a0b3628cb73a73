import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alertsOf, until, useWorkers } from "../testing/elasticsearch-worker.ts";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import type { RunningWorker } from "../worker.ts";
import { backfillCommand } from "./backfill.ts";

const { client, url, prefix: base } = useElasticsearch();
const workers = useWorkers();

const FIRST = `
title: Forbidden tool
id: 5ad9a1b0-0000-4000-8000-000000000001
status: stable
description: A tool that nobody should start.
logsource: { product: linux, category: process_creation }
detection: { selection: { process.name: forbidden }, condition: selection }
level: high
vedette: { kind: security, suppression: { by: [user.name], window: 60s } }
`;
const OTHERS = `title: Failed log-in
id: 5ad9a1b0-0000-4000-8000-000000000002
name: failed_login
status: stable
description: A log-in failed.
logsource: { product: linux, category: process_creation }
detection: { selection: { event.outcome: failure }, condition: selection }
level: informational
vedette: { kind: security }
---
title: Many failed log-ins
id: 5ad9a1b0-0000-4000-8000-000000000003
status: stable
description: Many log-ins failed.
correlation: { type: event_count, rules: [failed_login], group-by: [user.name], timespan: 5m, condition: { gte: 3 } }
level: medium
vedette: { kind: security, suppression: { by: [user.name], window: 10m } }
`;

const ALL = `${FIRST}---
${OTHERS}`;

const index = `${base}logs`;
const START = Date.UTC(2026, 9, 1);

/** A tool started by two people over an hour, and log-ins that failed, in bursts. */
async function writeEvents(): Promise<void> {
  await client.indices.create({
    index,
    settings: { number_of_shards: 2, number_of_replicas: 0, refresh_interval: "1s" },
    mappings: { dynamic: false, properties: { "@timestamp": { type: "date" } } },
  });
  const operations = Array.from({ length: 120 }, (_, at) => [
    { create: { _index: index, _id: `e${at}` } },
    {
      "@timestamp": new Date(START + at * 30_000).toISOString(),
      user: { name: at % 2 === 0 ? "ana" : "bob" },
      ...(at % 20 < 6 ? { event: { outcome: "failure" } } : {}),
      ...(at % 7 === 0 ? { process: { name: "forbidden" } } : { process: { name: "sh" } }),
    },
  ]).flat();
  await client.bulk({ refresh: true, operations });
}

/** What alerts say, without what depends on when the worker ran: an alert keeps the id of what was known first, and two shards are read in no fixed order. */
const toldBy = async (worker: RunningWorker): Promise<readonly unknown[]> =>
  (await alertsOf(worker))
    .map(({ title, suppressionKey, findingCount, eventCount, firstSeen, lastSeen }) => ({
      title,
      suppressionKey,
      findingCount,
      eventCount,
      firstSeen,
      lastSeen,
    }))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

async function backfill(prefix: string, rules: string, ...more: readonly string[]): Promise<readonly string[]> {
  const printed: string[] = [];
  const config = join(workers.folder, `${prefix.replaceAll(/\W/g, "")}.json`);
  const path = join(workers.folder, "backfilled.yml");
  writeFileSync(path, rules);
  writeFileSync(
    config,
    JSON.stringify({
      elasticsearch: { urls: [url], prefix },
      rules: { builtin: false, paths: [path] },
      sources: [
        {
          type: "elasticsearch",
          name: "logs",
          patterns: [index],
          logsource: { product: "linux", category: "process_creation" },
        },
      ],
    }),
  );
  const command = backfillCommand({
    print: (line) => void printed.push(line),
    complain: (line) => void printed.push(line),
    exit: (code) => void printed.push(`exit ${code}`),
  });
  await command.parseAsync(["--config", config, ...more], { from: "user" });
  return printed;
}

const writtenBy = (lines: readonly string[]): number =>
  Number(/^logs: .* ([\d,]+) findings written/m.exec(lines.join("\n"))?.[1] ?? -1);

async function settled(worker: RunningWorker, expected: readonly unknown[]): Promise<void> {
  const isSame = async (): Promise<boolean> => JSON.stringify(await toldBy(worker)) === JSON.stringify(expected);
  await until("the same alerts", isSame, 40_000).catch(() => undefined);
  expect(await toldBy(worker)).toEqual(expected);
}

test("backfill makes the alerts that live detection made, by a span and by the gaps that rules left", async () => {
  await writeEvents();
  const live = await workers.start({ url, prefix: `${base}live`, pattern: index, rules: ALL });
  await until("alerts", async () => (await alertsOf(live)).length > 4);
  let expected: readonly unknown[] = [];
  await until("no more alerts", async () => {
    const before = JSON.stringify(expected);
    expected = await toldBy(live);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    return before === JSON.stringify(expected);
  });
  await live[Symbol.asyncDispose]();
  expect(JSON.stringify(expected)).toContain("Many failed log-ins");

  // Nothing of these events is judged live: the source begins now.
  const late = await workers.start({
    url,
    prefix: `${base}late`,
    pattern: index,
    rules: ALL,
    config: {
      sources: [
        {
          type: "elasticsearch",
          name: "logs",
          patterns: [index],
          start: "now",
          logsource: { product: "linux", category: "process_creation" },
        },
      ],
    },
  });
  const leased = {
    index: `${base}late-leases`,
    ignore_unavailable: true,
    query: { prefix: { resource: "source/logs" } },
  };
  await until("the shards", async () => (await client.count(leased).catch(() => ({ count: 0 }))).count >= 2);
  expect(await alertsOf(late)).toEqual([]);
  const span = ["--from", new Date(START).toISOString(), "--to", new Date(START + 7_200_000).toISOString()];
  const first = await backfill(`${base}late`, ALL, ...span);
  expect(writtenBy(first), first.join("\n")).toBeGreaterThan(30);
  await settled(late, expected);
  const again = await backfill(`${base}late`, ALL, ...span);
  expect(writtenBy(again)).toBe(0);
  await late[Symbol.asyncDispose]();

  // The correlation is there from the beginning; the other rule comes later.
  const grown = await workers.start({ url, prefix: `${base}grown`, pattern: index, rules: OTHERS });
  const correlated = expected.filter((alert) => JSON.stringify(alert).includes("Many failed log-ins"));
  await settled(grown, correlated);
  await grown[Symbol.asyncDispose]();
  const more = await workers.start({ url, prefix: `${base}grown`, pattern: index, rules: ALL });
  const gaps = await backfill(`${base}grown`, ALL, "--gaps");
  expect(gaps.join("\n")).toContain("(rule-added-later), 1 rules");
  expect(writtenBy(gaps), gaps.join("\n")).toBe(18);
  await settled(more, expected);
  // The ledger knows that the gaps are filled.
  expect((await backfill(`${base}grown`, ALL, "--gaps")).join("\n")).toContain("has no gaps");
  await until("the worker's own view of it", async () => (await more.status()).elasticsearch?.coverage?.gaps === 0);
  await more[Symbol.asyncDispose]();
}, 240_000);

test("a rule that comes later looks at stored events by itself, as far back as it is told", async () => {
  const prefix = `${base}self`;
  const first = await workers.start({ url, prefix, pattern: index, rules: OTHERS });
  await until("alerts", async () => (await alertsOf(first)).length >= 2);
  await until("all that is read", async () => (await first.status()).eventsJudged >= 120);
  await first[Symbol.asyncDispose]();
  const tools = async (worker: RunningWorker): Promise<number> =>
    (await alertsOf(worker))
      .filter(({ title }) => title === "Forbidden tool")
      .reduce((sum, { findingCount }) => sum + findingCount, 0);
  // Every seventh of 120 events is one; of these, those of the last quarter of an hour.
  const since = Math.ceil((Date.now() - (START + 90 * 30_000)) / 1_000);
  const config = { rules: { builtin: false, paths: [join(workers.folder, "self.yml")], backfill: `${since}s` } };
  writeFileSync(join(workers.folder, "self.yml"), ALL);
  const second = await workers.start({ url, prefix, pattern: index, rules: ALL, config });
  const wanted = Array.from({ length: 120 }, (_, at) => at).filter((at) => at % 7 === 0 && at >= 90).length;
  await until("the tools of the last quarter", async () => (await tools(second)) >= wanted, 60_000);
  const noted = `${prefix}-filled-ranges`;
  await until("what was judged again", async () => {
    await client.indices.refresh({ index: noted, ignore_unavailable: true });
    return (await client.count({ index: noted, ignore_unavailable: true })).count === 2;
  });
  expect(await tools(second)).toBe(wanted);
  await second[Symbol.asyncDispose]();
}, 180_000);
