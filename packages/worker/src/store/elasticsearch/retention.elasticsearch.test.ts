import { afterAll, beforeAll, expect, test } from "vitest";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { createNodePorts } from "../../ports-node.ts";
import { leasesIndex, LEASE_PROPERTIES, workersIndex } from "../../leases/elasticsearch-leases.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { sampleAlert, sampleEpisode, sampleFact, sampleIncident } from "../../testing/store-samples.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { commandsIndex } from "./command-board.ts";
import { endOfMonth, planRetention, type Retention } from "./retention.ts";
import { createRetentionJob } from "./retention-job.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const FOREVER: Retention = {
  events: "forever",
  findings: "forever",
  alerts: "forever",
  audit: "forever",
  deadLetters: "forever",
};
const node = useElasticsearch();
const homes: ElasticsearchHome[] = [];
let home: ElasticsearchHome;
const makeHome = async () => {
  const made = await makeElasticsearchHome(node);
  homes.push(made);
  return made;
};
beforeAll(async () => {
  home = await makeHome();
});
afterAll(async () => {
  for (const made of homes) await made.remove();
});

/** A job at a time, and what it has told of. */
function jobAt(
  { cluster, prefix }: ElasticsearchHome,
  store: ReturnType<ElasticsearchHome["open"]>,
  retention: Partial<Retention>,
  now = NOW,
  resources?: ReadonlySet<string>,
) {
  const deleted: Record<string, number> = {};
  const job = createRetentionJob({
    cluster,
    prefix,
    line: "case/default",
    retention: { ...FOREVER, ...retention },
    memory: store,
    ports: { ...createNodePorts(silentLog), clock: { now: () => now } },
    resources: () => resources,
    onDeleted: (kind, documents) => (deleted[kind] = (deleted[kind] ?? 0) + documents),
  });
  return { job, deleted };
}

test.each([
  ["p-findings-2026.08", Date.UTC(2026, 8, 1)],
  ["p-findings-2026.12", Date.UTC(2027, 0, 1)],
  ["p-findings-before", undefined],
  ["p-findings-undated", undefined],
])("the month of %s ends", (index, end) => {
  expect(endOfMonth(index)).toBe(end);
});

test("deletes what is old enough and ours, tells it before, and does nothing the second time", async () => {
  const { prefix } = home;
  const received = (time: number) => ({ vedette: { finding: { received: time } } });
  for (const [index, document] of [
    ["findings-2026.07", {}],
    ["findings-2026.08", {}],
    ["findings-before", { "@timestamp": "1970-01-01", ...received(NOW - DAY) }],
    ["findings-before", { "@timestamp": "1970-01-01", ...received(NOW - 91 * DAY) }],
    ["findings-after", { "@timestamp": "2099-01-01", ...received(NOW - 91 * DAY) }],
    ["findings-undated", { "@timestamp": new Date(NOW - 91 * DAY) }],
    ["findings-undated", { "@timestamp": new Date(NOW - DAY), ...received(NOW - DAY) }],
    ["audit-2020.01", {}],
    ["events-2020.01", {}],
  ] as const)
    await node.client.index({ index: `${prefix}-${index}`, document, refresh: true });
  // Somebody else's index of such a name has no mark in its mapping.
  await node.client.indices.create({ index: `${prefix}-findings-2020.01`, mappings: { _meta: {} } });
  await node.client.indices.putMapping({ index: `${prefix}-findings-2020.01`, _meta: { vedette: "no" } });
  await using store = home.open();
  const old = { lastSeen: NOW - 91 * DAY, openedAt: NOW - 91 * DAY };
  await store.commit({
    id: "1",
    alerts: [
      sampleAlert("old", { ...old, status: "closed" }),
      sampleAlert("merged", { ...old, mergedInto: "open" }),
      sampleAlert("open", old),
      sampleAlert("late", { ...old, lastSeen: NOW, status: "closed" }),
    ],
    alertMembers: ["old", "open"].map((alertId) => ({ alertId, findingId: "f", kind: "fact", from: 1, to: 1 })),
    episodes: [sampleEpisode("e1", { to: NOW - 91 * DAY }), sampleEpisode("e2", { to: NOW })],
    incidents: [sampleIncident("old", { ...old, status: "closed" })],
  });
  // What was just written is seen by a search after a refresh.
  await node.client.indices.refresh({ index: `${prefix}-*` });
  const none = jobAt(home, store, {});
  await none.job.runOnce();
  expect([none.deleted, (await store.listAudit(undefined, 5)).total]).toEqual([{}, 0]);

  const first = jobAt(home, store, { findings: 90 * DAY, alerts: 90 * DAY });
  await first.job.runOnce();
  expect(first.deleted).toEqual({ findings: 4, episodes: 1, alerts: 2, incidents: 1 });
  const audit = (await store.listAudit(undefined, 20)).items;
  expect(audit.map(({ action, subject, details }) => [action, subject, details["count"]]).toReversed()).toEqual([
    ["retention.delete", `${prefix}-findings-2026.07`, 1],
    ["retention.delete", `${prefix}-findings-after`, 1],
    ["retention.delete", `${prefix}-findings-before`, 1],
    ["retention.delete", `${prefix}-findings-undated`, 1],
    ["retention.delete", `${prefix}-episodes`, 1],
    ["retention.delete", `${prefix}-alerts`, 2],
    ["retention.delete", `${prefix}-incidents`, 1],
  ]);
  expect((await store.listAlerts({ limit: 5 })).items.map(({ id }) => id)).toEqual(["open", "late"]);
  expect([await store.alertMembers("old", 5), (await store.alertMembers("open", 5)).length]).toEqual([[], 1]);
  expect(await store.findings(["e1", "e2"])).toEqual([sampleEpisode("e2", { to: NOW })]);

  const second = jobAt(home, store, { findings: 90 * DAY, alerts: 90 * DAY });
  await second.job.runOnce();
  expect([second.deleted, (await store.listAudit(undefined, 20)).total]).toEqual([{}, audit.length]);
  const left = Object.keys(
    await node.client.indices.get({ index: [`${prefix}-findings-*`, `${prefix}-audit-2020*`, `${prefix}-events-*`] }),
  );
  expect(left.toSorted()).toEqual(
    [
      "audit-2020.01",
      "events-2020.01",
      "findings-2020.01",
      "findings-2026.08",
      "findings-after",
      "findings-before",
      "findings-undated",
    ].map((name) => `${prefix}-${name}`),
  );
});

test("leaves indices to the cluster that it has a lifecycle policy for", async () => {
  // The shape in which a cluster with index lifecycle management answers; the one that tests run on has none.
  const answer = (lifecycle: object) => ({
    "p-findings-2020.01": {
      mappings: { _meta: { vedette: { version: 2, kind: "findings" } } },
      settings: { index: { number_of_shards: "1", ...lifecycle } },
    },
  });
  const planned = async (lifecycle: object) => {
    const client = {
      indices: { get: async () => answer(lifecycle) },
      count: async () => ({ count: 1, _shards: { total: 1, successful: 1, failed: 0 } }),
    };
    const place = { prefix: "p", line: "case/default", now: NOW };
    return (
      await planRetention(client as never, { ...place, retention: { ...FOREVER, findings: 90 * DAY } })
    ).audit.filter(({ subject }) => subject.startsWith("p-findings"));
  };
  expect(await planned({})).toHaveLength(1);
  expect(await planned({ lifecycle: { name: "p-findings" } })).toEqual([]);
});

test("deletes the older part of the audit trail, and what is left can be verified", async () => {
  const own = await makeHome();
  const { prefix, cluster } = own;
  await using store = own.open();
  const entry = (daysAgo: number) => ({
    time: NOW - daysAgo * DAY,
    actor: "a",
    action: "b",
    subject: "c",
    details: { daysAgo },
  });
  await store.commit({ id: "1", audit: [200, 150, 120, 100, 95].map(entry) });
  await store.commit({ id: "2", audit: [80, 10].map(entry) });
  await node.client.indices.refresh({ index: `${prefix}-*` });
  const { job, deleted } = jobAt(own, store, { audit: 90 * DAY });
  await job.runOnce();
  expect(deleted).toEqual({ audit: 5 });
  await store.listAudit(undefined, 1);
  expect(await store.verifyAudit()).toEqual({ ok: true, entries: 3 });
  const [newest] = (await store.listAudit(undefined, 10)).items;
  expect(newest).toMatchObject({
    sequence: 8,
    action: "audit.trimmed",
    details: { through: 5, before: NOW - 90 * DAY },
  });
  await store.commit({ id: "3", audit: [entry(0)] });
  expect(await store.verifyAudit()).toEqual({ ok: true, entries: 4 });
  // Not once more before there is a day's worth of entries.
  const again = jobAt(own, store, { audit: 90 * DAY });
  await again.job.runOnce();
  expect(again.deleted).toEqual({});
  expect(
    Object.keys(await node.client.indices.get({ index: `${prefix}-audit-*` })).some((name) => name.endsWith("2026.05")),
  ).toBe(false);

  const removeEntry = (sequence: number) =>
    cluster.client.deleteByQuery({
      index: `${prefix}-audit-*`,
      refresh: true,
      query: { term: { "vedette.sequence": sequence } },
    });
  await removeEntry(6);
  expect(await store.verifyAudit(), "more is missing than was vouched for").toMatchObject({ ok: false, brokenAt: 6 });
  await removeEntry(7);
  await removeEntry(8);
  expect(await store.verifyAudit(), "nothing vouches").toMatchObject({ ok: false, brokenAt: 1 });
});

test("a trail that was trimmed only half is verified from where its entry says", async () => {
  const own = await makeHome();
  await using store = own.open();
  const entry = (daysAgo: number) => ({
    time: NOW - daysAgo * DAY,
    actor: "a",
    action: "b",
    subject: "c",
    details: {},
  });
  await store.commit({ id: "1", audit: [200, 150, 120, 10].map(entry) });
  await node.client.indices.refresh({ index: `${own.prefix}-*` });
  const plan = await planRetention(own.cluster.client, {
    prefix: own.prefix,
    line: "case/default",
    retention: { ...FOREVER, audit: 90 * DAY },
    now: NOW,
  });
  await store.commit({ id: "2", audit: plan.audit });
  await own.cluster.client.deleteByQuery({
    index: `${own.prefix}-audit-*`,
    refresh: true,
    query: { term: { "vedette.sequence": 2 } },
  });
  await store.listAudit(undefined, 1);
  expect(await store.verifyAudit()).toEqual({ ok: true, entries: 2 });
});

test("clears away what has served its time, and nothing that is still needed", async () => {
  const own = await makeHome();
  const { prefix, cluster } = own;
  const { client } = cluster;
  const clock = { now: () => NOW - 40 * DAY };
  const ports = { ...createNodePorts(silentLog), clock };
  await using store = own.open({ ports, partLength: 200 });
  const text = (at: number) =>
    Array.from({ length: 4_000 }, (_, i) => ((i * 7_919 * (at + 3)) % 9_973).toString(36)).join("");
  for (const at of [1, 2, 3])
    await store.commit({
      id: `${at}`,
      facts: [sampleFact(`f${at}`)],
      blobs: [
        { key: "kept", value: text(at) },
        { key: "gone", value: at === 3 ? null : "x" },
      ],
      idempotency: { key: `k${at}`, answer: "{}" },
    });
  const journal = `${prefix}-journal`;
  await client.index({
    index: journal,
    id: "case/default/part/2/other/0",
    document: { "@timestamp": new Date(NOW - 40 * DAY), line: "case/default", gzip: "AA==" },
  });
  const properties = { "@timestamp": { type: "date" }, waiting: { type: "boolean" } } as const;
  await client.indices.create({ index: commandsIndex(prefix), mappings: { dynamic: false, properties } });
  for (const [id, daysAgo, waiting] of [
    ["old", 8, false],
    ["new", 6, false],
    ["waiting", 8, true],
  ] as const)
    await client.index({
      index: commandsIndex(prefix),
      id,
      document: { "@timestamp": new Date(NOW - daysAgo * DAY), waiting },
    });
  await client.indices.create({
    index: leasesIndex(prefix),
    mappings: { dynamic: false, properties: LEASE_PROPERTIES },
  });
  for (const [resource, daysAgo] of [
    ["source/a/gone/0", 31],
    ["source/a/there/0", 31],
    ["source/a/recent/0", 29],
    ["case/default", 31],
  ] as const)
    await client.index({
      index: leasesIndex(prefix),
      id: resource,
      document: { "@timestamp": new Date(NOW - daysAgo * DAY), resource },
    });
  for (const [id, hoursAgo] of [
    ["dead", 25],
    ["alive", 1],
  ] as const)
    await client.index({
      index: workersIndex(prefix),
      id,
      document: { "@timestamp": new Date(NOW - hoursAgo * 3_600_000) },
    });
  await client.indices.refresh({ index: `${prefix}-*` });
  const idsOf = async (index: string) =>
    (await client.search({ index, size: 100, _source: false })).hits.hits.map(({ _id }) => _id as string).toSorted();
  const partsBefore = (await idsOf(journal)).filter((id) => id.includes("/part/"));
  expect(partsBefore.filter((id) => id.includes("/part/3/")).length).toBeGreaterThan(1);

  const unknown = jobAt(own, store, {});
  await unknown.job.runOnce();
  const left = 3;
  expect(unknown.deleted).toMatchObject({ state: 1, idempotency: left, commands: 1, workers: 1 });
  expect(unknown.deleted["leases"], "while it is not known which shards there are").toBeUndefined();
  expect(await idsOf(commandsIndex(prefix))).toEqual(["new", "waiting"]);
  expect(await idsOf(workersIndex(prefix))).toEqual(["alive"]);
  const parts = (await idsOf(journal)).filter((id) => id.includes("/part/"));
  expect(parts, "the last step may still have to be read").toEqual(partsBefore.filter((id) => id.includes("/part/3/")));

  const known = jobAt(own, store, {}, NOW, new Set(["source/a/there/0"]));
  await known.job.runOnce();
  expect(known.deleted).toEqual({ leases: 1 });
  expect(await idsOf(leasesIndex(prefix))).toEqual(["case/default", "source/a/recent/0", "source/a/there/0"]);
  await using again = own.open();
  const { blobs } = await again.recover(0);
  expect([...blobs]).toEqual([["kept", text(3)]]);
});
