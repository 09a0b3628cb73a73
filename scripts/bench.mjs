// npm run bench [-- NAME…] [--quick] [--write]: ratios taken in one run on this machine; nothing is asserted. --write puts them into
// docs/performance.md.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundledNode, environment, requireSetup, root } from "./checkout.mjs";

requireSetup("npm run bench");

/** Every benchmark: its name for the command line and its sections, modules whose `run({ quick })` gives rows of { name, value, unit }. */
const benchmarks = [
  [
    "detection",
    [
      [
        "Matching: all of SigmaHQ's rules, the curve over the number of rules, loading and memory",
        "packages/detection/bench/match.ts",
      ],
      ["Correlation", "packages/detection/bench/correlation.ts"],
      ["The command with one and two threads", "packages/detection/bench/threads.ts"],
      ["The command beside other engines, on the same rules and files", "packages/detection/bench/peers.ts"],
    ],
  ],
  ["otlp", [["OTLP", "packages/worker/bench/otlp.ts"]]],
  ["store", [["Store", "packages/worker/bench/store.ts"]]],
  ["line", [["Line", "packages/worker/bench/line.ts"]]],
  [
    "elasticsearch",
    [
      [
        "Reading an index and judging it with all of SigmaHQ's rules",
        "packages/worker/bench/elasticsearch/throughput.ts",
      ],
      [
        "From an event to its alert, while 1,500 events a second are indexed",
        "packages/worker/bench/elasticsearch/latency.ts",
      ],
      ["Beside ElastAlert 2, 200 rules over one index", "packages/worker/bench/elasticsearch/elastalert.ts"],
    ],
  ],
  ["overhead", [["Overhead", "packages/instrumentation/bench/overhead.ts"]]],
  ["containment", [["From an attack on the shop to the guard's first 403", "test/containment/bench.ts"]]],
];

const quick = process.argv.includes("--quick");
const write = process.argv.includes("--write");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => !benchmarks.some(([known]) => known === name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(", ")}. There are: ${benchmarks.map(([name]) => name).join(", ")}.`);
  process.exit(2);
}

const number = (value) =>
  typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 4 }) : value;
const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, ${Math.round(totalmem() / 2 ** 30)} GiB${quick ? ", quick run" : ""}`;
console.log(machine);
// Each in a process of its own, so that none measures what another left in memory.
const flags = ["--conditions=vedette-source", "--expose-gc", "--disable-warning=ExperimentalWarning"];
for (const [name, sections] of benchmarks) {
  if (names.length > 0 && !names.includes(name)) continue;
  const report = [];
  for (const [title, path] of sections) {
    if (!existsSync(join(root, path))) continue;
    console.log(`\n${sections.length === 1 ? name : `${name}: ${title}`}`);
    report.push({ title, rows: await measure(path) });
  }
  if (write) writeReport(name, report);
}

/** Runs a module's benchmark and prints its rows. */
async function measure(path) {
  const program = `
    const { run } = await import(${JSON.stringify(pathToFileURL(join(root, path)).href)});
    process.send(await run({ quick: ${quick} }));
    process.exit();`;
  const child = spawn(bundledNode, [...flags, "--input-type=module", "--eval", program], {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let rows = [];
  child.on("message", (message) => {
    rows = message;
    for (const row of rows) console.log(`  ${row.name.padEnd(96)} ${number(row.value).padStart(12)} ${row.unit}`);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) {
    console.log(`  did not run to its end (exit code ${code})`);
    process.exitCode = 1;
  }
  return rows;
}

/** Puts the figures of a benchmark between its marks in docs/performance.md. */
function writeReport(name, report) {
  const file = join(root, "docs", "performance.md");
  const page = readFileSync(file, "utf8");
  const [begin, end] = [`<!-- figures of ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    console.error(`docs/performance.md has no place for ${name}: it lacks the lines ${begin} and ${end}.`);
    process.exitCode = 1;
    return;
  }
  const escape = (text) => text.replaceAll("|", "\\|");
  const body = report.flatMap(({ title, rows }) => [
    `### ${title}`,
    "",
    "| measured | value | unit |",
    "| --- | ---: | --- |",
    ...rows.map((row) => `| ${escape(row.name)} | ${number(row.value)} | ${row.unit} |`),
    "",
  ]);
  const command = `npm run bench -- ${name}${quick ? " --quick" : ""} --write`;
  const figures = [begin, "", `\`${command}\` on: ${machine}.`, "", ...body].join("\n");
  writeFileSync(file, `${page.slice(0, from)}${figures}${page.slice(to)}`);
  console.log(`\nwritten to docs/performance.md`);
}
