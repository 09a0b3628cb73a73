import {
  type Fact,
  DEFAULT_MAPPINGS,
  type JsonObject,
  createCorrelator,
  createDetector,
  loadRules,
} from "@vedette/detection";
import { beforeAll, describe, expect, it } from "vitest";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { Client } from "@elastic/elasticsearch";
import { startFaultProxy } from "../testing/elasticsearch/fault-proxy.ts";
import { type GroupPlan, planHunt } from "./hunt-plan.ts";
import { CorrelatedFacts } from "./correlated-facts.ts";
import { Tally } from "./rule-tally.ts";
import { type JudgedDocument, runHunt } from "./run-hunt.ts";

/** Waits are not waited for. */
const timers = { sleep: async () => undefined };

const { client, prefix, url } = useElasticsearch();
const index = `${prefix}logs`;
const START = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;

const ruleText = (number: number, selection: string): string =>
  `title: Rule ${number}\nid: 11111111-1111-4111-8111-${String(number).padStart(12, "0")}\nlogsource:\n  product: windows\n  service: security\ndetection:\n  selection:\n    ${selection}\n  condition: selection\n`;

const { rules } = loadRules([
  { path: "1.yml", text: ruleText(1, "CommandLine|contains: whoami") },
  { path: "2.yml", text: ruleText(2, "CommandLine|re: 'number [0-4]$'") },
  { path: "3.yml", text: ruleText(3, "TargetUserName: EVE") },
  { path: "4.yml", text: ruleText(4, "Nowhere: x") },
]);

/** One event every six minutes; the fifth of them has a command that is too long for the index. */
const eventAt = (number: number): JsonObject => ({
  "@timestamp": new Date(START + number * HOUR * 0.1).toISOString(),
  EventID: 4_688,
  Channel: "Security",
  Computer: `host-${number % 3}`,
  CommandLine: `${number % 5 === 0 ? `${"x".repeat(300)} ` : ""}${number % 4 === 0 ? "WhoAmI " : ""}number ${number % 10}`,
  TargetUserName: number % 7 === 0 ? "eve" : "adam",
});

const EVENTS = 240;
const events = Array.from({ length: EVENTS }, (_, number) => eventAt(number));

const factsOf = (documents: readonly JsonObject[]): readonly string[] => {
  const detector = createDetector(rules);
  return documents
    .flatMap(
      (document, number) =>
        detector.judge({ id: `${index}/${number}`, time: Date.parse(String(document["@timestamp"])), document }).facts,
    )
    .map(nameOf)
    .sort();
};
const nameOf = (fact: Fact): string => `${fact.eventId} ${fact.rule.title}`;

beforeAll(async () => {
  await client.indices.create({ index, settings: { number_of_shards: 2, number_of_replicas: 0 } });
  await client.bulk({
    refresh: true,
    operations: events.flatMap((document, number) => [{ create: { _index: index, _id: String(number) } }, document]),
  });
});

const plan = (way: "auto" | "scan" | "push", to = START + 24 * HOUR) =>
  planHunt({
    client,
    pattern: `${prefix}*`,
    rules,
    mappings: DEFAULT_MAPPINGS,
    span: { from: START, to },
    timeField: "@timestamp",
    way,
    timers,
    elapsed: () => performance.now(),
  });

const run = async (
  way: "auto" | "scan" | "push",
  options: {
    to?: number;
    done?: Set<string>;
    signal?: AbortSignal;
    onPage?: (page: readonly JudgedDocument[]) => void;
    url?: string;
    change?: (plan: GroupPlan) => GroupPlan;
    onTrouble?: (what: string) => void;
  } = {},
) => {
  const own = options.url === undefined ? undefined : new Client({ node: options.url, maxRetries: 0 });
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => own?.close());
  const facts: Fact[] = [];
  const done = options.done ?? new Set<string>();
  const { change = (one) => one } = options;
  const plans = (await plan(way, options.to)).map((one) => change({ ...one, sliceCount: 4 }));
  const tally = new Tally();
  const totals = await runHunt({
    client: own ?? client,
    onTrouble: options.onTrouble,
    plans,
    mappings: DEFAULT_MAPPINGS,
    span: { from: START, to: options.to ?? START + 24 * HOUR },
    timeField: "@timestamp",
    source: "logs",
    receivedPrefix: "none-",
    signal: options.signal ?? new AbortController().signal,
    now: START,
    done,
    timers,
    onPage: (page) => {
      tally.add(page);
      for (const { judgement } of page) facts.push(...judgement.facts);
      options.onPage?.(page);
    },
    onSlice: (name) => void done.add(name),
  });
  return { facts: facts.map(nameOf).sort(), totals, tally, plans };
};

describe("a hunt", () => {
  it.each(["scan", "push"] as const)("finds by %s what live detection finds, long values too", async (way) => {
    const { facts, totals } = await run(way);
    expect(facts).toEqual(factsOf(events));
    expect(facts.length).toBeGreaterThan(100);
    expect(totals.interrupted).toBe(false);
  });

  it("looks at a span of time alone", async () => {
    const { facts } = await run("push", { to: START + 12 * HOUR });
    expect(facts).toEqual(factsOf(events.slice(0, EVENTS / 2)));
  });

  it("says how each rule is answered, and that one has no data", async () => {
    const [first] = await plan("push");
    expect(first?.answers.map(({ kind }) => kind)).toEqual(["superset", "superset", "exact", "none"]);
    expect(first).toMatchObject({ documents: EVENTS, undated: 0, way: "push" });
    expect((await plan("scan"))[0]).toMatchObject({ way: "scan", expected: EVENTS });
  });

  it("goes on after the slices that are done when it was interrupted, and finds everything once", async () => {
    const done = new Set<string>();
    const controller = new AbortController();
    const kept: string[] = [];
    let pages = 0;
    const first = await run("scan", {
      done,
      signal: controller.signal,
      onPage: () => {
        if (++pages === 3) controller.abort();
      },
    });
    expect(first.totals.interrupted).toBe(true);
    expect(done.size).toBeGreaterThan(0);
    expect(done.size).toBeLessThan(4);
    const before = new Set(done);
    const second = await run("scan", { done });
    expect(second.totals.slices + before.size).toBe(4);
    kept.push(...second.facts);
    const whole = factsOf(events);
    const sliceEvents = EVENTS / 4;
    const firstPart = factsOf(events.slice(0, before.size * sliceEvents));
    expect([...firstPart, ...kept].sort()).toEqual(whole);
  });

  it("counts by rule, day and entity, and takes its count up from its own state", async () => {
    const { tally, facts } = await run("scan");
    const again = new Tally(tally.state());
    for (const one of [tally, again]) {
      expect(one.facts).toBe(facts.length);
      const [first, , , last] = one.of(rules);
      expect(first).toMatchObject({ events: EVENTS, facts: facts.filter((name) => name.endsWith("Rule 1")).length });
      expect([...(first?.days ?? [])].map(([day]) => day)).toEqual([START / 86_400_000]);
      expect(first?.entities[0]?.[0]).toMatch(/^(?:host|user) /);
      expect(last).toMatchObject({ events: EVENTS, facts: 0 });
    }
  });

  it("waits for a cluster that has too much to do, and finds every document once", async () => {
    await using proxy = await startFaultProxy({ target: url, seed: 5 });
    proxy.setRules([
      { fault: { kind: "refuse", status: 429 }, probability: 0.4, limit: 6 },
      { fault: { kind: "cut" }, probability: 0.3, path: /_search$/, limit: 3 },
    ]);
    const told: string[] = [];
    const { facts } = await run("push", { url: proxy.url, onTrouble: (what) => void told.push(what) });
    expect(facts).toEqual(factsOf(events));
    expect(Object.values(proxy.counts().faults).length).toBeGreaterThan(0);
    expect(told.join(" ")).toContain("Trying again in");
  });

  it("reads everything in the place of a query that the cluster does not take, and says so", async () => {
    const told: string[] = [];
    const { facts, totals } = await run("push", {
      onTrouble: (what) => void told.push(what),
      change: (one) => ({
        ...one,
        chunks: one.chunks.map((chunk) => ({ ...chunk, query: { regexp: { Computer: { value: "(" } } } })),
      }),
    });
    expect(facts).toEqual(factsOf(events));
    expect(totals.read).toBe(EVENTS);
    expect(told).toHaveLength(4);
    expect(told[0]).toContain("Everything in its span is read.");
  });

  it("correlates what it found, in whatever order it was read, as live detection does", async () => {
    const correlation = `title: Often\nid: 22222222-2222-4222-8222-222222222222\ncorrelation:\n  type: event_count\n  rules: [${rules[2]?.id}]\n  group-by: [Computer]\n  timespan: 3h\n  condition: { gte: 2 }\n`;
    const all = loadRules([
      { path: "3.yml", text: ruleText(3, "TargetUserName: EVE") },
      { path: "often.yml", text: correlation },
    ]).rules;
    const live = createCorrelator(all, { lateness: HOUR });
    const detector = createDetector(all);
    const expected = new Map<string, readonly string[]>();
    for (const [number, document] of events.entries()) {
      const time = Date.parse(String(document["@timestamp"]));
      for (const fact of detector.judge({ id: `${index}/${number}`, time, document }).facts) live.observe(fact);
      live.advance(time);
      for (const { id, eventIds } of live.takeChanges().episodes) expected.set(id, eventIds);
    }
    expect(expected.size).toBeGreaterThan(0);
    const correlated = new CorrelatedFacts(all);
    const plans = (await plan("push")).map((one) => ({
      ...one,
      chunks: [{ query: one.range, rules: all.filter(({ kind }) => kind === "signature") }],
    }));
    await runHunt({
      client,
      plans,
      correlations: all.filter(({ kind }) => kind === "correlation"),
      mappings: DEFAULT_MAPPINGS,
      span: { from: START, to: START + 24 * HOUR },
      timeField: "@timestamp",
      source: "logs",
      receivedPrefix: "none-",
      signal: new AbortController().signal,
      timers,
      now: START,
      done: new Set(),
      onPage: (page) => correlated.add(page),
      onSlice: () => undefined,
    });
    for (const one of [correlated, new CorrelatedFacts(all, correlated.state())]) {
      const { episodes, doubt } = one.correlate();
      expect(new Map(episodes.map(({ id, eventIds }) => [id, eventIds]))).toEqual(expected);
      expect(doubt).toBeUndefined();
    }
  });
});
