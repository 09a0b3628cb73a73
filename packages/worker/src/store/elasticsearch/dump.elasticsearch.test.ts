import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodePorts } from "../../ports-node.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { sampleAlert, sampleEffect, sampleRecord } from "../../testing/store-samples.ts";
import type { DumpRecord, DumpSource } from "../dump/dump-record.ts";
import { openSqliteStore } from "../sqlite/client.ts";
import { openSqliteDump, openSqliteTarget } from "../sqlite/dump.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { everythingOf, wholeStep } from "../testing/store-contract.ts";
import { type DumpPlace, openElasticsearchDump, openElasticsearchTarget } from "./dump.ts";

const node = useElasticsearch();
const ports = createNodePorts(silentLog);
const folder = mkdtempSync(join(tmpdir(), "vedette-dump-"));
let home: ElasticsearchHome;
let place: DumpPlace;
beforeAll(async () => {
  home = await makeElasticsearchHome(node);
  const { cluster, prefix } = home;
  place = { cluster, writer: home.writer(cluster), prefix, line: "case/default", ports };
});
afterAll(async () => {
  await home.remove();
  rmSync(folder, { recursive: true });
});

/** A dump without what belongs to the inbox of the store. */
async function dumpOf(source: DumpSource): Promise<DumpRecord[]> {
  await using _closing = source;
  const records: DumpRecord[] = [];
  for await (const record of source.records()) {
    const { cursor: _cursor, inboxState: _state, sequence: _sequence, ...rest } = record as Record<string, unknown>;
    records.push(rest as unknown as DumpRecord);
  }
  return records;
}

const open = (name: string) => openSqliteStore({ folder: join(folder, name), log: silentLog, clock: { now: () => 0 } });

test("a store moved to Elasticsearch and back is the same, and goes on in both", async () => {
  const steps = [
    wholeStep("1"),
    wholeStep("2", {
      facts: [],
      alerts: [sampleAlert("a1", { revision: 2 }), sampleAlert("a2", { mergedInto: "a1" })],
      effects: [sampleEffect("x3"), sampleEffect("x2")],
      effectUpdates: [{ id: "x1", state: "attempting", attempts: 1, notBefore: 7, lastError: "e" }],
    }),
    wholeStep("3", {
      facts: [],
      blobs: [
        { key: "group/1", value: null },
        { key: "é", value: "\ud800" },
      ],
    }),
  ];
  {
    await using store = await open("a");
    await store.append([sampleRecord("e1"), sampleRecord("e2")]);
    for (const step of steps) await store.commit(step);
    await store.refuse([{ time: 1, source: "otlp", reason: "bad", detail: "", sample: "" }]);
  }
  const original = await dumpOf(openSqliteDump(join(folder, "a")));

  const target = openElasticsearchTarget(place);
  await target.requireEmpty();
  await target.take(openSqliteDump(join(folder, "a")).records());
  expect(await dumpOf(openElasticsearchDump(place))).toEqual(original);
  await expect(target.requireEmpty()).rejects.toMatchObject({ code: "store-not-empty" });

  {
    await using back = openSqliteTarget(join(folder, "b"), 0);
    await back.requireEmpty();
    await back.take(openElasticsearchDump(place).records());
  }
  expect(await dumpOf(openSqliteDump(join(folder, "b")))).toEqual(original);

  await using there = home.open();
  await using here = await open("b");
  const same = async () => {
    const [a, b] = (await Promise.all([everythingOf(there), everythingOf(here)])) as { recovered: object }[];
    const without = ({ recovered, ...rest }: { recovered: object }) => ({
      ...rest,
      recovered: { ...recovered, cursor: 0, inboxState: "" },
    });
    expect(without(a as never)).toEqual(without(b as never));
  };
  await same();
  for (const store of [there, here])
    expect((await store.events(["e2", "none", "e1"])).map(({ sequence: _sequence, ...record }) => record)).toEqual([
      sampleRecord("e2"),
      sampleRecord("e1"),
    ]);
  expect((await here.recover(0)).cursor, "the records were judged before").toBe(await here.inboxEnd());
  expect(await there.recover(0), "all that the findings hold was dealt with before").toMatchObject({ cursor: 2 });
  for (const store of [there, here]) {
    await store.commit(wholeStep("2", { audit: [{ time: 9, actor: "a", action: "again", subject: "", details: {} }] }));
    await store.commit({
      id: "4",
      alerts: [sampleAlert("a1", { revision: 3 })],
      effectUpdates: [{ id: "x1", state: "done", attempts: 1, notBefore: 8 }],
      audit: [{ time: 9, actor: "a", action: "b", subject: "c", details: {} }],
    });
  }
  await same();
  expect(await there.verifyAudit()).toEqual({ ok: true, entries: 4 });
});
