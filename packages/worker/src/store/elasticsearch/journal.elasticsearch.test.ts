import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Change } from "@vedette/api";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { type FaultProxy, startFaultProxy } from "../../testing/elasticsearch/fault-proxy.ts";
import type { Fault } from "../../testing/elasticsearch/fault-rules.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { sampleAlert, sampleEffect } from "../../testing/store-samples.ts";
import { type ElasticsearchHome, makeElasticsearchHome } from "../testing/elasticsearch-homes.ts";
import { everythingOf, wholeStep } from "../testing/store-contract.ts";
import type { StepCommit } from "../store.ts";
import { SLOTS } from "./journal-slots.ts";
import { aliasOf } from "./names.ts";
import type { ElasticsearchStore } from "./open-elasticsearch-store.ts";

const node = useElasticsearch();
const JOURNAL = /-journal\/_(create|doc)\//;
const BULK = /_bulk$/;

let home: ElasticsearchHome;
let proxy: FaultProxy;
let through: Cluster;
/** A store whose requests pass the proxy. */
let hurt: ElasticsearchStore;
const opened: AsyncDisposable[] = [];
const own = <T extends AsyncDisposable>(one: T): T => {
  opened.push(one);
  return one;
};

beforeEach(async () => {
  home = await makeElasticsearchHome(node);
  proxy = await startFaultProxy({ target: node.url, seed: 5 });
  through = await home.connect(proxy.url);
  hurt = own(home.open({ cluster: through, patience: 5_000 }));
});
afterEach(async () => {
  proxy.setRules([]);
  for (const one of opened.splice(0).toReversed()) await one[Symbol.asyncDispose]();
  await through[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
  await home.remove();
});

const second = (id: string, revision: number, more: Partial<StepCommit> = {}): StepCommit => ({
  id,
  cursor: 2 + revision,
  alerts: [sampleAlert("a1", { revision, title: `revision ${revision}` })],
  blobs: [{ key: "group/1", value: `state ${revision}` }],
  audit: [{ time: 2, actor: "worker", action: "alert.changed", subject: "a1", details: { revision } }],
  ...more,
});

/** What another store says that the same steps were committed to without any fault. */
async function calmly(steps: readonly StepCommit[]): Promise<unknown> {
  const calm = await makeElasticsearchHome(node);
  try {
    await using store = calm.open();
    for (const step of steps) await store.commit(step);
    return await everythingOf(store);
  } finally {
    await calm.remove();
  }
}

describe("a step", () => {
  const faults: readonly (readonly [string, RegExp, Fault])[] = [
    ["whose answer is lost", JOURNAL, { kind: "lose-answer" }],
    ["whose answer breaks off", JOURNAL, { kind: "cut" }],
    ["that is reset on its way", JOURNAL, { kind: "reset" }],
    ["that is refused with 503", JOURNAL, { kind: "refuse", status: 503 }],
    ["whose documents are refused with 429 one by one", BULK, { kind: "refuse-items", share: 0.5 }],
    ["whose bulk request is answered 503", BULK, { kind: "refuse", status: 503 }],
    ["whose bulk answer is lost", BULK, { kind: "lose-answer" }],
  ];

  test("is made once, whatever becomes of its requests", async () => {
    const steps = [wholeStep("s0"), ...faults.map((_, at) => second(`s${at + 1}`, at + 2))];
    const seen: Change[] = [];
    hurt.onChange((changes) => seen.push(...changes));
    await hurt.commit(wholeStep("s0"));
    for (const [at, [name, path, fault]] of faults.entries()) {
      proxy.setRules([{ fault, probability: 1, path, limit: 2, name }]);
      await hurt.commit(second(`s${at + 1}`, at + 2));
      expect(proxy.counts().faults[name], name).toBeGreaterThan(0);
    }
    proxy.setRules([]);
    const found = await everythingOf(hurt);
    expect(seen.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(found).toEqual(await calmly(steps));
  });

  test("whose outcome stays unknown is told as retryable, and made once when it is committed again", async () => {
    const impatient = own(home.open({ cluster: through, writer: home.writer(through, 200), patience: 300 }));
    await impatient.commit(wholeStep("s0"));
    proxy.setRules([
      { fault: { kind: "lose-answer" }, probability: 1, path: JOURNAL, limit: 1 },
      { fault: { kind: "reset" }, probability: 1 },
    ]);
    await expect(impatient.commit(second("s1", 2))).rejects.toMatchObject({ name: "StoreError", retryable: true });
    proxy.setRules([]);
    // Another step first: the one of unknown outcome was made, and stays before it.
    await impatient.commit({ id: "other", effectUpdates: [{ id: "x1", state: "done", attempts: 1, notBefore: 0 }] });
    await impatient.commit(second("s1", 2));
    await impatient.commit(second("s2", 3));
    expect((await impatient.verifyAudit()).entries).toBe(3);
    expect((await impatient.alert("a1"))?.revision).toBe(3);
    expect((await impatient.effect("x1"))?.state).toBe("done");
  });

  test("that is larger than a document may be is spread over several, which are gone two steps later", async () => {
    const large = { cluster: through, writer: home.writer(through, 200), patience: 300, partLength: 2_000 };
    const alerts = Array.from({ length: 200 }, (_, at) =>
      sampleAlert(`l${at}`, { description: Math.sin(at).toString(36).repeat(5) }),
    );
    const store = own(home.open(large));
    await store.commit({ id: "0" });
    proxy.setRules([{ fault: { kind: "refuse", status: 503 }, probability: 1, path: BULK }]);
    await expect(store.commit({ id: "large", alerts })).rejects.toMatchObject({ retryable: true });
    expect((await own(home.open()).listAlerts({ limit: 1 })).total, "nothing is applied").toBe(0);
    proxy.setRules([]);
    const next = own(home.open({ partLength: 2_000 }));
    expect((await next.recover(0)).alerts).toHaveLength(200);
    await next.commit({ id: "2" });
    await next.commit({ id: "3" });
    const index = aliasOf(home.prefix, "journal");
    await node.client.indices.refresh({ index });
    const { count } = await node.client.count({ index, query: { exists: { field: "n" } } });
    expect([count, (await node.client.count({ index })).count]).toEqual([4, 4]);
  });
});

describe("a worker that dies between the journal and the rest", () => {
  test("leaves nothing undone for the next one", async () => {
    const steps = [wholeStep("s0"), second("s1", 2, { effects: [sampleEffect("x2")] })];
    const dying = home.open({ cluster: through, writer: home.writer(through, 200), patience: 300 });
    await dying.commit(steps[0] as StepCommit);
    proxy.setRules([{ fault: { kind: "refuse", status: 503 }, probability: 1, path: BULK }]);
    await expect(dying.commit(steps[1] as StepCommit)).rejects.toMatchObject({ retryable: true });
    const next = own(home.open());
    expect(await next.recover(0)).toMatchObject({
      cursor: 4,
      inboxState: "positions",
      blobs: new Map([["group/1", "state 2"]]),
      alerts: [{ revision: 2 }],
    });
    expect(await everythingOf(next)).toEqual(await calmly(steps));
    await next.commit(steps[1] as StepCommit);
    expect((await next.verifyAudit()).entries, "the step is known as committed").toBe(2);
  });
});

describe("of two workers that take a line for theirs", () => {
  test("one alone goes on, until the other one has looked again", async () => {
    const a = own(home.open());
    const b = own(home.open());
    await a.commit(wholeStep("s0"));
    await b.recover(0);
    await a.commit(second("s1", 2));
    await expect(b.commit(second("other", 2, { cursor: 99 }))).rejects.toMatchObject({
      code: "store-fenced",
      retryable: false,
    });
    await expect(b.commit({ id: "again" }), "until it has recovered").rejects.toMatchObject({ code: "store-fenced" });
    expect(await b.recover(0)).toMatchObject({ cursor: 4 });
    await b.commit(second("s2", 3));
    await expect(a.commit({ id: "late" })).rejects.toMatchObject({ code: "store-fenced" });
    await a.recover(0);
    expect((await a.alert("a1"))?.revision).toBe(3);
    expect((await a.verifyAudit()).entries).toBe(3);
  });

  test("the one that slept through all places of the journal finds none of them free", async () => {
    const sleeper = own(home.open());
    await sleeper.commit({ id: "0" });
    const busy = own(home.open());
    for (let step = 1; step <= SLOTS + 2; step += 1) await busy.commit({ id: String(step), cursor: step });
    await expect(sleeper.commit({ id: "late", cursor: 9_999 })).rejects.toMatchObject({ code: "store-fenced" });
    expect((await sleeper.recover(0)).cursor).toBe(SLOTS + 2);
    await busy[Symbol.asyncDispose]();
    await sleeper.commit({ id: "late", cursor: 9_999 });
    expect((await sleeper.recover(0)).cursor).toBe(9_999);
  });

  test("the one that applies its last step late changes nothing", async () => {
    const writer = home.writer(through, 200);
    const late = own(home.open({ cluster: through, writer, patience: 300 }));
    await late.commit(wholeStep("s0"));
    proxy.setRules([{ fault: { kind: "refuse", status: 503 }, probability: 1, path: BULK }]);
    const step = second("s1", 2, { blobs: [{ key: "group/2", value: "old" }] });
    await expect(late.commit(step)).rejects.toMatchObject({ retryable: true });
    const next = own(home.open());
    await next.recover(0);
    await next.commit(second("s2", 3, { blobs: [{ key: "group/2", value: null }] }));
    await next.commit(second("s3", 4));
    const before = await everythingOf(next);
    proxy.setRules([]);
    await late.commit(step);
    await expect(late.commit({ id: "more" })).rejects.toMatchObject({ code: "store-fenced" });
    expect(await everythingOf(next)).toEqual(before);
  });
});

test("a worker that only reads is told of the changes that another one makes", async () => {
  const reader = own(home.open({ pollEvery: 50 }));
  const seen: Change[] = [];
  const stop = reader.onChange((changes) => seen.push(...changes));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const writer = own(home.open());
  for (const revision of [1, 2, 3]) await writer.commit(second(`s${revision}`, revision));
  await expect
    .poll(() => seen.map(({ sequence, revision }) => [sequence, revision]), { timeout: 10_000 })
    .toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  stop();
});
