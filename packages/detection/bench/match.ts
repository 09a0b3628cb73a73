import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type JsonObject, type Rule, createCorrelator, createDetector, loadRules } from "@vedette/detection";

/** One measured number. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const SETS = new Set(["rules", "rules-emerging-threats", "rules-threat-hunting"]);

/** Measures the engine on SigmaHQ's rules and the labelled events; without the data only what needs none. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  return [...matching(quick), ...correlating(quick)];
}

function matching(quick: boolean): readonly Row[] {
  const shared =
    process.env["VEDETTE_SHARED"] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..", "shared");
  if (!existsSync(join(shared, "data")))
    return [{ name: "matching: not measured, the labelled data is not there", value: 0, unit: "events" }];
  const lines = <Line>(name: string): Line[] =>
    gunzipSync(readFileSync(join(shared, "data", name)))
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Line);
  const files = lines<{ path: string; yaml: string; set: string }>("sigma-rules.jsonl.gz").filter(({ set }) =>
    SETS.has(set),
  );
  const before = process.memoryUsage().rss;
  let started = performance.now();
  const { rules } = loadRules(files.map(({ path, yaml }) => ({ path, text: yaml })));
  const rows: Row[] = [{ name: `load ${rules.length} rules`, value: performance.now() - started, unit: "ms" }];
  const events = [
    ...lines<{ events: JsonObject[] }>("windows-attack.jsonl.gz").flatMap((line) => line.events),
    ...lines<{ event: JsonObject }>("otrf-windows.jsonl.gz").map((line) => line.event),
    ...lines<{ event: JsonObject }>("windows-background.jsonl.gz").map((line) => line.event),
  ];
  const isProcessCreation = (event: JsonObject): boolean =>
    String(event["EventID"]) === "1" && String(event["Channel"]).includes("Sysmon");
  const streams: readonly (readonly [string, readonly JsonObject[]])[] = [
    [
      "process creation",
      [
        ...events.filter(isProcessCreation),
        ...lines<{ events_flat: JsonObject[] }>("sigma-regression.jsonl.gz").flatMap((line) =>
          line.events_flat.filter(isProcessCreation),
        ),
      ],
    ],
    ["mixed Windows", events],
  ];
  const detector = createDetector(rules);
  started = performance.now();
  for (const event of events.slice(0, 2_000)) detector.judge({ id: "", time: 0, document: event });
  rows.push({
    name: "compile for the log sources of the first 2,000 events, and judge them",
    value: performance.now() - started,
    unit: "ms",
  });
  for (const [name, documents] of streams) {
    const texts = documents.map((document) => JSON.stringify(document));
    const { parse, judge, findings } = measure(
      texts,
      rules,
      Math.max(quick ? 2 : 6, Math.ceil((quick ? 10_000 : 60_000) / texts.length)),
    );
    rows.push(
      { name: `${name}: JSON.parse`, value: (parse * 1_000) / texts.length, unit: "µs/event" },
      {
        name: `${name}: match (${findings} findings in ${texts.length} events)`,
        value: (judge * 1_000) / texts.length,
        unit: "µs/event",
      },
      { name: `${name}: match to JSON.parse`, value: judge / parse, unit: "×" },
      {
        name: `${name}: parse and match, one thread`,
        value: (texts.length * 1_000) / (parse + judge),
        unit: "events/s",
      },
    );
  }
  rows.push({
    name: "resident memory added by rules and programs",
    value: (process.memoryUsage().rss - before) / 1_048_576,
    unit: "MiB",
  });
  return rows;
}

/** The best of several rounds, in milliseconds. */
function measure(
  texts: readonly string[],
  rules: readonly Rule[],
  rounds: number,
): { parse: number; judge: number; findings: number } {
  const detector = createDetector(rules);
  let parse = Infinity;
  let judge = Infinity;
  let findings = 0;
  for (let round = 0; round < rounds; round++) {
    let started = performance.now();
    const documents = texts.map((text) => JSON.parse(text) as JsonObject);
    parse = Math.min(parse, performance.now() - started);
    findings = 0;
    started = performance.now();
    for (const [index, document] of documents.entries())
      findings += detector.judge({ id: String(index), time: 0, document }).facts.length;
    judge = Math.min(judge, performance.now() - started);
  }
  return { parse, judge, findings };
}

function correlating(quick: boolean): readonly Row[] {
  const text = `title: Base\nid: base\nlogsource: { product: x }\ndetection: { s: { a: b }, condition: s }\n---\ntitle: Count\nid: count\ncorrelation: { type: event_count, rules: [base], group-by: [user], timespan: 5m, condition: { gte: 5 } }\n`;
  const { rules } = loadRules([{ path: "bench.yml", text }]);
  const live = quick ? 10_000 : 100_000;
  const correlator = createCorrelator(rules, { lateness: 600_000 });
  const total = live * 3;
  const rule = { id: "base", title: "Base", level: "low", revision: "" } as const;
  const started = performance.now();
  for (let index = 0; index < total; index++) {
    const time = index * 2;
    correlator.observe({
      kind: "fact",
      id: `f${index}`,
      rule,
      eventId: `e${index}`,
      time,
      entities: [],
      values: { user: `user-${(index * 7_919) % live}` },
      alerts: false,
    });
    if (index % 1_000 === 999) {
      correlator.advance(time);
      correlator.takeChanges();
    }
  }
  const elapsed = performance.now() - started;
  return [
    {
      name: `correlation with ${correlator.counters().groups.toLocaleString("en")} live groups`,
      value: (total * 1_000) / elapsed,
      unit: "events/s",
    },
  ];
}
