import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { type LogSource, loadRules } from "@vedette/detection";
import { gatingPipeline } from "./gating-pipeline.ts";
import { canMeasure, measureProcess, netCost } from "./measure-process.ts";
import {
  type Row,
  hasSharedData,
  mixedWindows,
  processCreations,
  logSourcesOf,
  writeEvents,
  writeRules,
} from "./streams.ts";
import { detectArguments } from "./vedette-command.ts";

/** Another engine that reads Sigma rules and JSON lines, if it is on this machine. */
interface Peer {
  readonly name: string;
  readonly install: string;
  /** The program to run, or undefined when it is not installed. */
  readonly find: () => string | undefined;
  readonly args: (rules: string, events: string) => readonly string[];
  /** Ways to keep rules to their log sources, each with what it adds to the arguments. */
  readonly gates: readonly { readonly name: string; readonly args: (pipeline: string) => readonly string[] }[];
  readonly ruleIdOf: (finding: Readonly<Record<string, unknown>>) => string;
}

function onPath(program: string, more: readonly string[] = []): string | undefined {
  return [...(process.env["PATH"] ?? "").split(delimiter), ...more]
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}

const PEERS: readonly Peer[] = [
  {
    name: "rsigma",
    install: "cargo install rsigma --version 0.23.0 --locked",
    find: () => onPath("rsigma", [join(homedir(), ".cargo", "bin")]),
    args: (rules, events) => [
      "engine",
      "eval",
      "--rules",
      rules,
      "--event",
      `@${events}`,
      "--output-format",
      "ndjson",
      "--quiet",
    ],
    gates: [
      { name: "log sources as conditions that a pipeline adds", args: (pipeline) => ["--pipeline", pipeline] },
      {
        name: "log sources told by fields of the event",
        args: () => [
          "--logsource-routing",
          "--logsource-field-map",
          "product=log_product,service=log_service,category=log_category",
        ],
      },
    ],
    ruleIdOf: (finding) => String(finding["rule_id"]),
  },
];

/** Rules whose numbers of findings differ that are listed. */
const LISTED = 10;

/** Measures `vedette detect` beside the peers that are installed: the same rules and the same file of events for each, in the same run. */
export async function run({ quick }: { readonly quick: boolean }): Promise<readonly Row[]> {
  if (!hasSharedData || !canMeasure)
    return [{ name: "not measured: it takes the labelled data and Linux", value: 0, unit: "" }];
  const folder = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  try {
    const found = PEERS.flatMap((peer) => {
      const program = peer.find();
      if (program === undefined) {
        console.log(`  ${peer.name} is not installed (${peer.install})`);
        return [];
      }
      const { stdout } = spawnSync(program, ["--version"], { encoding: "utf8" });
      return [{ peer, program, version: stdout.trim().split("\n")[0] ?? peer.name }];
    });
    const rows: Row[] = [];
    for (const [name, only, events, total] of [
      ["process creation", "process_creation", processCreations(), quick ? 10_000 : 100_000],
      ["mixed Windows", "windows", mixedWindows(), quick ? 5_000 : 120_000],
    ] as const) {
      const rules = join(folder, only);
      const count = writeRules(rules, only);
      const stream = evenly(events, Math.min(events.length, total));
      const files = { one: join(folder, "one.jsonl"), all: join(folder, "all.jsonl") };
      writeEvents(files.one, stream, 1);
      writeEvents(files.all, stream, total);
      const title = `${name} (${total.toLocaleString("en")} events, ${count.toLocaleString("en")} rules)`;
      const measure = async (program: string, args: (file: string) => readonly string[], output: string) =>
        await netCost(
          (which) => measureProcess(program, args(files[which]), which === "all" ? output : join(folder, "one.out")),
          quick ? 1 : 2,
        );
      const pipeline = join(folder, "log-sources.yml");
      if (only === "windows") writeFileSync(pipeline, gatingPipeline(stream, logSourcesOfRules(rules)));
      const ourOutput = join(folder, "vedette.out");
      const ours = await measure(process.execPath, (file) => detectArguments(rules, file), ourOutput);
      const ourCounts = countByRule(ourOutput, ourRuleId);
      const simple = stream.map((event) => logSourcesOf(event).length <= 1);
      const simpleCounts = countByRule(ourOutput, ourRuleId, (finding) =>
        (finding["events"] as readonly { readonly index: number }[]).every(
          ({ index }) => simple[index % simple.length] ?? true,
        ),
      );
      rows.push({ name: `${title}: vedette`, value: total / ours.cpu, unit: "events/CPU-s" });
      for (const { peer, program, version } of found) {
        const modes = only === "windows" ? peer.gates : [{ name: "", args: () => [] }];
        for (const mode of modes) {
          const label = mode.name === "" ? peer.name : `${peer.name}, ${mode.name}`;
          const output = join(folder, "peer.out");
          const theirs = await measure(program, (file) => [...peer.args(rules, file), ...mode.args(pipeline)], output);
          if (theirs.code !== 0) throw new Error(`${version}: ${readFileSync(`${output}.errors`, "utf8")}`);
          const theirCounts = countByRule(output, peer.ruleIdOf);
          const both = new Set([...ourCounts.keys(), ...theirCounts.keys()]);
          const differing = [...both].filter((id) => ourCounts.get(id) !== theirCounts.get(id));
          rows.push(
            { name: `${name}: ${label} (${version})`, value: total / theirs.cpu, unit: "events/CPU-s" },
            { name: `${name}: vedette to ${label}`, value: theirs.cpu / ours.cpu, unit: "×" },
            { name: `${name}: findings of vedette, in all`, value: sum(ourCounts), unit: "" },
            { name: `${name}: findings of ${peer.name}, in all`, value: sum(theirCounts), unit: "" },
            {
              name: `${name}: rules with other numbers of findings, of ${both.size} that found something`,
              value: differing.length,
              unit: "",
            },
          );
          // An event of several log sources (Security 4688 is one of process_creation too) is one of a single log source to the peer.
          const unexplained = differing.filter((id) => {
            const count = theirCounts.get(id) ?? 0;
            return count < (simpleCounts.get(id) ?? 0) || count > (ourCounts.get(id) ?? 0);
          });
          rows.push({
            name: `${name}: of them not explained by events that are of several log sources to vedette`,
            value: unexplained.length,
            unit: "",
          });
          for (const id of unexplained.slice(0, LISTED))
            console.log(
              `  ${name}: rule ${id}: vedette ${ourCounts.get(id) ?? 0}, ${label} ${theirCounts.get(id) ?? 0} findings`,
            );
        }
      }
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The log sources that the rules of a folder are for, those of a whole product left out. */
function logSourcesOfRules(folder: string): readonly LogSource[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yml"))
    .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") }));
  const sources = loadRules(files).rules.map(({ logSource }) => [JSON.stringify(logSource), logSource] as const);
  return [...new Map(sources).values()].filter(
    ({ category, service }) => category !== undefined || service !== undefined,
  );
}

/** `count` of the events, evenly spread. */
function evenly<Item>(items: readonly Item[], count: number): Item[] {
  return Array.from({ length: count }, (_, index) => items[Math.floor((index * items.length) / count)] as Item);
}

function countByRule(
  file: string,
  ruleIdOf: (finding: Readonly<Record<string, unknown>>) => string,
  counts: (finding: Readonly<Record<string, unknown>>) => boolean = () => true,
): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!line.startsWith("{")) continue;
    const finding = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (!counts(finding)) continue;
    const id = ruleIdOf(finding);
    found.set(id, (found.get(id) ?? 0) + 1);
  }
  return found;
}

const ourRuleId = (finding: Readonly<Record<string, unknown>>): string =>
  String((finding["rule"] as { readonly id?: unknown }).id);

const sum = (counts: ReadonlyMap<string, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
