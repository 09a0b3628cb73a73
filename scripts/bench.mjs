// npm run bench [-- NAME…] [--quick]: ratios taken in one run on this machine; nothing is asserted.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundledNode, environment, requireSetup, root } from "./checkout.mjs";

requireSetup("npm run bench");

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

const number = (value) =>
  typeof value === "number" ? value.toLocaleString("en", { maximumSignificantDigits: 4 }) : value;
console.log(
  `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}${quick ? ", quick run" : ""}`,
);
// Each in a process of its own, so that none measures what another left in memory.
const flags = ["--conditions=vedette-source", "--expose-gc", "--disable-warning=ExperimentalWarning"];
for (const [name, path] of benchmarks) {
  if (names.length > 0 && !names.includes(name)) continue;
  if (!existsSync(join(root, path))) continue;
  console.log(`\n${name}`);
  const program = `
    const { run } = await import(${JSON.stringify(pathToFileURL(join(root, path)).href)});
    process.send(await run({ quick: ${quick} }));
    process.exit();`;
  const child = spawn(bundledNode, [...flags, "--input-type=module", "--eval", program], {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.on("message", (rows) => {
    for (const row of rows) console.log(`  ${row.name.padEnd(72)} ${number(row.value).padStart(12)} ${row.unit}`);
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) {
    console.log(`  did not run to its end (exit code ${code})`);
    process.exitCode = 1;
  }
}
