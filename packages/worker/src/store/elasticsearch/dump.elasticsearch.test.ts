import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createNodePorts } from "../../ports-node.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { createTailing } from "../../collector/elasticsearch/tailing.ts";
import { createFindingsHead } from "../../detector/findings/findings-head.ts";
import { createFindingsInbox } from "../../detector/findings/findings-inbox.ts";
import type { LineRow } from "../store.ts";
import { factDocument, otherFactDocument } from "../../detector/stage-one/fact-document.ts";
import { createOnce } from "../../elasticsearch/create-once.ts";
import { sampleAlert, sampleEffect, sampleFact, sampleRecord } from "../../testing/store-samples.ts";
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
    await store.append([sampleRecord("e1"), sampleRecord("e2", { undated: true })]);
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
      sampleRecord("e2", { undated: true }),
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

test("facts keep what is known of them from cluster to folder to cluster, and meet themselves there", async () => {
  const homes = [await makeElasticsearchHome(node), await makeElasticsearchHome(node)] as const;
  const placeOf = ({ cluster, prefix }: ElasticsearchHome): DumpPlace => ({
    ...place,
    cluster,
    prefix,
    writer: homes[0].writer(cluster),
  });
  try {
    const [from, to] = [placeOf(homes[0]), placeOf(homes[1])];
    const origin = (prefix: string) => ({
      prefix,
      source: "logs",
      position: { index: "logs-1", id: "e" },
      undated: false,
      received: 7.5,
      shadow: false,
    });
    const documentsOf = (prefix: string) => {
      const changed = sampleFact("f1", { values: { "client.address": "203.0.113.8" } });
      return [
        factDocument(sampleFact("f1"), origin(prefix)),
        otherFactDocument(changed, origin(prefix)),
        factDocument(sampleFact("f2"), { ...origin(prefix), shadow: true }),
        factDocument(sampleFact("f3", { time: 9e12 }), { ...origin(prefix), undated: true }),
      ];
    };
    const hashField = "vedette.finding.content_hash";
    await createOnce(from.cluster, from.writer, documentsOf(from.prefix), { hashField });
    {
      await using store = homes[0].open();
      await store.commit({ id: "1", cursor: 3, inboxState: "positions", facts: [sampleFact("f4")] });
    }
    const original = await dumpOf(openElasticsearchDump(from));
    expect(original.filter(({ kind }) => kind === "fact")).toHaveLength(5);
    {
      await using folder2 = openSqliteTarget(join(folder, "facts"), 0);
      await folder2.take(openElasticsearchDump(from).records());
    }
    expect(await dumpOf(openSqliteDump(join(folder, "facts")))).toEqual(original);
    {
      await using store = await open("facts");
      expect(await store.counts()).toMatchObject({ facts: 4, factsShadow: 1 });
    }
    await openElasticsearchTarget(to).take(openSqliteDump(join(folder, "facts")).records());
    expect(await dumpOf(openElasticsearchDump(to))).toEqual(original);

    // Whoever goes on there reads what is found from now on, and none of what was restored.
    const tailing = createTailing({
      ...ports,
      cluster: to.cluster,
      steady: ports.clock,
      patterns: [`${to.prefix}-findings-*`],
      prefix: to.prefix,
      readsOwn: true,
    });
    const head = createFindingsHead({
      readProgress: async () => undefined,
      watch: tailing.watch,
      steady: ports.clock,
      every: 0,
    });
    await using inbox = createFindingsInbox({ head, open: (key, at) => tailing.open(key, at), ports, every: 10 });
    const { cursor, inboxState } = await (async () => {
      await using store = homes[1].open();
      return store.recover(0);
    })();
    const [, , , late] = documentsOf(to.prefix);
    const news = [
      factDocument(sampleFact("n1"), origin(to.prefix)),
      factDocument(sampleFact("n2", { time: Date.UTC(2026, 10, 3) }), origin(to.prefix)),
    ];
    expect(late?.index).toBe(`${to.prefix}-findings-undated`);
    await createOnce(to.cluster, to.writer, news, { hashField });
    inbox.seek(cursor, inboxState);
    const rows: LineRow[] = [];
    for (let look = 0; look < 500 && rows.length < 2; look += 1) {
      rows.push(...(await inbox.readInbox(rows.at(-1)?.sequence ?? cursor, 10)));
      // What was written is seen after a refresh.
      await inbox.changed(10, AbortSignal.timeout(1_000));
    }
    expect(rows.map(({ id }) => id).toSorted()).toEqual(["n1", "n2"]);
    expect(rows[0]?.sequence).toBeGreaterThan(cursor);
    await tailing[Symbol.asyncDispose]();

    // What judges the same events again there finds its facts.
    const again = await createOnce(to.cluster, to.writer, documentsOf(to.prefix), { hashField });
    expect(again.map(({ status }) => status)).toEqual(["same", "same", "same", "same"]);
  } finally {
    for (const made of homes) await made.remove();
  }
});
