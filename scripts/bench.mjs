// npm run bench [-- NAME…] [--quick]: ratios taken in one run on this machine; nothing is asserted.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { bundledNode, environment, requireSetup, root } from "./checkout.mjs";

requireSetup("npm run bench");
if (!process.execArgv.includes("--conditions=vedette-source")) {
  const { status } = spawnSync(bundledNode, ["--conditions=vedette-source", "--expose-gc", "--disable-warning=ExperimentalWarning", ...process.argv.slice(1)], { stdio: "inherit", env: environment() });
  process.exit(status ?? 1);
}

/** Every benchmark: its name for the command line and the module whose `run({ quick })` gives rows of { name, value, unit }. */
const benchmarks = [
  ["detection", "packages/detection/bench/match.ts"],
  ["otlp", "packages/worker/bench/otlp.ts"],
  ["store", "packages/worker/bench/store.ts"],
  ["line", "packages/worker/bench/line.ts"],
  ["overhead", "packages/instrumentation/bench/overhead.ts"],
];

const quick = process.argv.includes("--quick");
const names = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const unknown = names.filter((name) => !benchmarks.some(([known]) => known === name));
if (unknown.length > 0) {
  console.error(`Unknown benchmark: ${unknown.join(", ")}. There are: ${benchmarks.map(([name]) => name).join(", ")}.`);
  process.exit(2);
}

const number = (value) => (typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 4 }) : value);
console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}${quick ? ", quick run" : ""}`);
for (const [name, path] of benchmarks) {
  if (names.length > 0 && !names.includes(name)) continue;
  if (!existsSync(join(root, path))) continue;
  console.log(`\n${name}`);
  try {
    const { run } = await import(join(root, path));
    for (const row of await run({ quick })) console.log(`  ${row.name.padEnd(64)} ${number(row.value).padStart(12)} ${row.unit}`);
  } catch (error) {
    console.log(`  did not run: ${error.stack}`);
    process.exitCode = 1;
  }
}
