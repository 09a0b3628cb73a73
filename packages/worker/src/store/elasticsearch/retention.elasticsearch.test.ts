import { afterAll, beforeAll, expect, test } from "vitest";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { sampleAlert, sampleIncident } from "../../testing/store-samples.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { deleteByAge, endOfMonth, type Retention } from "./retention.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 21);
const node = useElasticsearch();
let home: ElasticsearchHome;
beforeAll(async () => {
  home = await makeElasticsearchHome(node);
});
afterAll(async () => await home.remove());

test.each([
  ["p-findings-2026.08", Date.UTC(2026, 8, 1)],
  ["p-findings-2026.12", Date.UTC(2027, 0, 1)],
  ["p-findings-before", undefined],
  ["p-findings-undated", undefined],
])("the month of %s ends", (index, end) => {
  expect(endOfMonth(index)).toBe(end);
});

test("deletes what is old enough and ours, tells it, and does nothing the second time", async () => {
  const { prefix } = home;
  const forever: Retention = { events: "forever", findings: "forever", alerts: "forever", deadLetters: "forever" };
  for (const index of ["findings-2026.07", "findings-2026.08", "findings-before", "audit-2020.01", "events-2020.01"])
    await node.client.index({ index: `${prefix}-${index}`, document: {} });
  // Somebody else's index of such a name has no mark in its mapping.
  await node.client.indices.create({ index: `${prefix}-findings-2020.01`, mappings: { _meta: {} } });
  await node.client.indices.putMapping({ index: `${prefix}-findings-2020.01`, _meta: { vedette: "no" } });
  await using store = home.open();
  const old = { lastSeen: NOW - 91 * DAY, openedAt: NOW - 91 * DAY };
  await store.commit({
    id: "1",
    alerts: [
      sampleAlert("old", { ...old, status: "closed" }),
      sampleAlert("open", old),
      sampleAlert("late", { ...old, lastSeen: NOW, status: "closed" }),
    ],
    incidents: [sampleIncident("old", { ...old, status: "closed" })],
  });
  await store.listAlerts({ limit: 1 });
  await store.listIncidents({ limit: 1 });
  const place = { prefix, line: "case/default", now: NOW };
  expect(await deleteByAge(node.client, { ...place, retention: forever })).toEqual({
    indices: [],
    documents: {},
    audit: [],
  });
  const retention: Retention = { ...forever, findings: 90 * DAY, alerts: 90 * DAY };
  const result = await deleteByAge(node.client, { ...place, retention });
  expect(result).toMatchObject({ indices: [`${prefix}-findings-2026.07`], documents: { alerts: 1, incidents: 1 } });
  expect(result.audit).toHaveLength(3);
  expect((await store.listAlerts({ limit: 5 })).items.map(({ id }) => id)).toEqual(["open", "late"]);
  expect(await deleteByAge(node.client, { ...place, retention })).toEqual({ indices: [], documents: {}, audit: [] });
  const left = Object.keys(
    await node.client.indices.get({ index: [`${prefix}-findings-*`, `${prefix}-audit-*`, `${prefix}-events-*`] }),
  );
  expect(left.toSorted()).toEqual(
    ["audit-2020.01", "events-2020.01", "findings-2020.01", "findings-2026.08", "findings-before"].map(
      (name) => `${prefix}-${name}`,
    ),
  );
});
