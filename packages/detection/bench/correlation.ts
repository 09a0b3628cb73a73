import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Fact, createCorrelator, loadRules } from "@vedette/detection";

/** One measured number. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const GROUPS = 100_000;
/** Groups of the run before the measured one, in which the code is compiled, also that of the rare episodes. */
const WARM_GROUPS = 30_000;

/** Collects garbage, whether or not Node was started with --expose-gc. */
const collect = ((): (() => void) => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();
const LIVE_GROUPS = { groups: 400_000, bytes: 2 ** 30 };
const TIMESPAN = 600_000;

const SECTIONS = {
  event_count: "{ type: event_count, rules: [a], group-by: [client.address], timespan: 10m, condition: { gte: 100 } }",
  value_count:
    "{ type: value_count, rules: [a], group-by: [client.address], timespan: 10m, condition: { field: user.name, gte: 100 } }",
  temporal: "{ type: temporal, rules: [a, b, c], group-by: [client.address], timespan: 10m }",
} as const;

/**
 * Measures correlations with 100,000 live groups: facts a second of processor time, with `advance` and `takeChanges` every 1,000 facts, and bytes a live
 * group, of the heap and outside of it. One in a hundred of the temporal groups becomes an episode, none of the others does.
 */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  const rows: Row[] = [];
  const facts = factsOf(quick ? 2 * GROUPS : 3 * GROUPS);
  for (const type of Object.keys(SECTIONS) as (keyof typeof SECTIONS)[])
    rows.push(...speed(type, facts, false), ...speed(type, facts, true));
  for (const held of [1, 3]) rows.push(...memory(held));
  return rows;
}

function correlatorOf(type: keyof typeof SECTIONS): ReturnType<typeof createCorrelator> {
  const signatures = ["a", "b", "c"].map(
    (id) => `title: ${id}\nid: ${id}\nlogsource: { product: x }\ndetection: { s: { f: ${id} }, condition: s }\n`,
  );
  const text = [...signatures, `title: x\nid: x\ncorrelation: ${SECTIONS[type]}\n`].join("---\n");
  const { rules } = loadRules([{ path: "bench.yml", text }]);
  return createCorrelator(rules, { lateness: 60_000, limits: LIVE_GROUPS });
}

const idOf = (...parts: readonly (string | number)[]): string =>
  createHash("sha256").update(parts.join()).digest("hex");

/** Facts of three rules, spread over all groups before any group has a second one. */
function factsOf(count: number): readonly Fact[] {
  return Array.from({ length: count }, (_, index) => factAt(index, count));
}

const RULES = [
  { id: "a", title: "a", level: "low", revision: "r" },
  { id: "b", title: "b", level: "low", revision: "r" },
  { id: "c", title: "c", level: "low", revision: "r" },
] as const;

function factAt(index: number, count: number): Fact {
  const group = ((index % GROUPS) * 7_919) % GROUPS;
  const round = Math.floor(index / GROUPS);
  const address = `10.${group >>> 16}.${(group >>> 8) & 255}.${group & 255}`;
  return {
    kind: "fact",
    id: idOf("fact", index),
    rule: RULES[group % 100 === 0 ? round % 3 : (round + group) % 2] ?? RULES[0],
    eventId: idOf("event", index),
    time: 1_800_000_000_000 + Math.floor((index * TIMESPAN) / count),
    entities: [{ kind: "address", value: address }],
    values: { "client.address": address, "user.name": `user-${index % 1_000}` },
    alerts: false,
  };
}

/** Facts of one rule only, for the types that count. */
const ofOneRule = (fact: Fact): Fact => ({ ...fact, rule: RULES[0] });

function speed(type: keyof typeof SECTIONS, facts: readonly Fact[], stored: boolean): readonly Row[] {
  const input = type === "temporal" ? facts : facts.map(ofOneRule);
  let correlator = correlatorOf(type);
  let bytes = 0;
  const pass = (from: number, to: number): void => {
    for (let index = from; index < to; index++) {
      const fact = input[index];
      if (fact === undefined) break;
      correlator.observe(fact);
      if (index % 1_000 !== 999) continue;
      correlator.advance(fact.time);
      const { groups } = correlator.takeChanges();
      if (stored) for (const { key, value } of groups) bytes += key.length + (value?.length ?? 0);
    }
  };
  for (let from = 0; from < facts.length; from += GROUPS) pass(from, from + WARM_GROUPS);
  correlator = correlatorOf(type);
  // The first round makes the groups: what is measured is a stream over groups that live.
  pass(0, GROUPS);
  bytes = 0;
  collect();
  const cpu = process.cpuUsage();
  const started = performance.now();
  pass(GROUPS, facts.length);
  const wall = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const count = facts.length - GROUPS;
  const what = `${type}, ${correlator.counters().groups} live groups${stored ? ", state encoded" : ""}`;
  return [
    { name: `${what}: per CPU second`, value: count / ((user + system) / 1e6), unit: "events/s" },
    { name: `${what}: by the clock`, value: count / wall, unit: "events/s" },
    ...(stored ? [{ name: `${what}: a changed group`, value: bytes / count, unit: "characters" }] : []),
  ];
}

/** What 100,000 groups cost that hold so many facts each, with 64 hexadecimal digits as fact id and as event id, and one entity. */
function memory(held: number): readonly Row[] {
  const size = (): number => {
    collect();
    collect();
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + Math.max(external, arrayBuffers);
  };
  const correlator = correlatorOf("event_count");
  const before = size();
  for (let index = 0; index < held * GROUPS; index++) {
    correlator.observe(ofOneRule(factAt(index, held * GROUPS)));
    if (index % 1_000 === 999) correlator.takeChanges();
  }
  correlator.takeChanges();
  const after = size();
  const { groups, bytes } = correlator.counters();
  const what = `event_count, a live group with ${held} ${held === 1 ? "fact" : "facts"}`;
  return [
    { name: `${what}: in use`, value: bytes / groups, unit: "bytes" },
    { name: `${what}: taken from the system`, value: (after - before) / groups, unit: "bytes" },
  ];
}

if (process.argv[1] === import.meta.filename)
  for (const { name, value, unit } of await run({ quick: process.argv.includes("--quick") }))
    console.log(`${name}: ${Math.round(value).toLocaleString("en")} ${unit}`);
