import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LogSource, loadRules } from "@vedette/detection";
import { type Printed, compareFindings } from "./compare-findings.ts";
import { gatingPipeline } from "./gating-pipeline.ts";
import { canMeasure, measureProcess, netCost } from "./measure-process.ts";
import {
  type Row,
  hasSharedData,
  mixedWindows,
  processCreations,
  logSourcesOf,
  oneOfEach,
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
  readonly gates: readonly {
    readonly name: string;
    readonly args: (pipeline: string) => readonly string[];
    /** As {@link Peer.atMost}, of this way. */
    readonly atMost?: number;
  }[];
  /** Version of what was found. */
  readonly version: (program: string) => string;
  /** A slow peer is given the first so many events of the file. */
  readonly atMost: number;
  readonly ruleIdOf: (finding: Printed) => string;
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
      {
        name: "log sources as conditions that a pipeline adds",
        args: (pipeline) => ["--pipeline", pipeline],
        atMost: 60_000,
      },
      {
        name: "log sources told by fields of the event",
        args: () => [
          "--logsource-routing",
          "--logsource-field-map",
          "product=log_product,service=log_service,category=log_category",
        ],
      },
    ],
    version: (program) => said(program, ["--version"]) ?? "rsigma",
    atMost: Infinity,
    ruleIdOf: (finding) => String(finding["rule_id"]),
  },
  {
    name: "azuma",
    install: "pip install azuma==0.7.3",
    find: () => {
      const program = onPath("python3");
      return program !== undefined && said(program, ["-c", AZUMA_VERSION]) !== undefined ? program : undefined;
    },
    args: (rules, events) => [join(dirname(fileURLToPath(import.meta.url)), "azuma-scan.py"), rules, events],
    // It has no way to keep rules to their log sources.
    gates: [],
    version: (program) => `azuma ${said(program, ["-c", AZUMA_VERSION]) ?? ""}, Python`,
    atMost: 500,
    ruleIdOf: (finding) => String(finding["rule_id"]),
  },
];

/** The events of one stream come back with other command lines: an engine that remembers values gains nothing from that. */
const NO_LINE_TWICE = "process creation, no command line twice";

const AZUMA_VERSION = "import azuma; print(azuma.__version__)";

/** First line that a program prints, or undefined when it fails. */
function said(program: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout.trim().split("\n")[0] : undefined;
}

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
      return [{ peer, program, version: peer.version(program) }];
    });
    const rows: Row[] = [];
    for (const [name, only, events, total] of [
      ["process creation", "process_creation", processCreations(), quick ? 10_000 : 300_000],
      [NO_LINE_TWICE, "process_creation", processCreations(), quick ? 10_000 : 300_000],
      ["mixed Windows", "windows", mixedWindows(), quick ? 5_000 : 400_000],
    ] as const) {
      const rules = join(folder, only);
      const count = writeRules(rules, only);
      const stream = evenly(events, Math.min(events.length, total));
      const files = { few: join(folder, "few.jsonl"), all: join(folder, "all.jsonl") };
      const few = oneOfEach(stream);
      writeEvents(files.few, few, few.length);
      const form = { uniqueLines: name === NO_LINE_TWICE };
      writeEvents(files.all, stream, total, form);
      const title = `${name} (${total.toLocaleString("en")} events, ${count.toLocaleString("en")} rules)`;
      const measure = async (program: string, args: (file: string) => readonly string[], output: string) =>
        await netCost(
          (which) => measureProcess(program, args(files[which]), which === "all" ? output : join(folder, "few.out")),
          quick ? 1 : 2,
        );
      const pipeline = join(folder, "log-sources.yml");
      if (only === "windows") writeFileSync(pipeline, gatingPipeline(stream, logSourcesOfRules(rules)));
      const ourOutput = join(folder, "vedette.out");
      const ours = await measure(process.execPath, (file) => detectArguments(rules, file), ourOutput);
      const simple = stream.map((event) => logSourcesOf(event).length <= 1);
      rows.push({ name: `${title}: vedette`, value: total / ours.cpu, unit: "events/CPU-s" });
      for (const { peer, program, version } of found) {
        const modes = only === "windows" ? peer.gates : [{ name: "", args: () => [], atMost: undefined }];
        for (const mode of modes) {
          const label = mode.name === "" ? peer.name : `${peer.name}, ${mode.name}`;
          const output = join(folder, "peer.out");
          const atMost = mode.atMost ?? peer.atMost;
          const given = Math.min(total, quick ? atMost / 5 : atMost);
          const first = join(folder, "first.jsonl");
          if (given < total) writeEvents(first, stream, given, form);
          const theirs = await measure(
            program,
            (file) => [...peer.args(rules, given < total && file === files.all ? first : file), ...mode.args(pipeline)],
            output,
          );
          if (theirs.code !== 0) throw new Error(`${version}: ${readFileSync(`${output}.errors`, "utf8")}`);
          const share = given < total ? `, the first ${given.toLocaleString("en")} events` : "";
          rows.push(
            { name: `${name}: ${label} (${version}${share})`, value: given / theirs.cpu, unit: "events/CPU-s" },
            { name: `${name}: vedette to ${label}`, value: theirs.cpu / given / (ours.cpu / total), unit: "×" },
            ...compareFindings({
              name,
              peer: label,
              ours: ourOutput,
              theirs: output,
              theirRuleId: peer.ruleIdOf,
              given,
              isSimple: (index) => simple[index % simple.length] ?? true,
            }),
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
