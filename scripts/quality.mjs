// npm run quality -- sigma-regression|inspection: how well the shipped command detects, on the labelled data beside the checkout.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { gunzipSync } from "node:zlib";
import { bundledNode, environment, root, sharedFolder } from "./checkout.mjs";
import { setup } from "./setup.mjs";

/** Rule sets that must load; a refused rule of theirs counts as a miss. */
const SETS = ["rules", "rules-emerging-threats", "rules-threat-hunting"];
const LEAST_SHARE = 0.95;

const readLines = (file) =>
  gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));

/** Runs the vedette command from source; gives its lines of output one by one and resolves with its exit code and errors. */
async function vedette(args, onLine) {
  const child = spawn(
    bundledNode,
    [
      "--conditions=vedette-source",
      "--disable-warning=ExperimentalWarning",
      join(root, "packages/worker/src/cli/main.ts"),
      ...args,
    ],
    {
      cwd: root,
      env: environment({ NO_COLOR: "1" }),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  const ended = new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) onLine(line);
  return { code: await ended, errors };
}

async function sigmaRegression(shared) {
  const rulesFile = join(shared, "data", "sigma-rules.jsonl.gz");
  const cases = readLines(join(shared, "data", "sigma-regression.jsonl.gz"));
  const setOf = new Map(readLines(rulesFile).map(({ path, set }) => [path, set]));
  const folder = mkdtempSync(join(tmpdir(), "vedette-quality-"));
  try {
    const owners = cases.flatMap((one, index) => one.events_flat.map(() => index));
    const eventsFile = join(folder, "events.jsonl");
    writeFileSync(
      eventsFile,
      cases.flatMap((one) => one.events_flat.map((event) => `${JSON.stringify(event)}\n`)).join(""),
    );

    const found = cases.map(() => 0);
    const detect = await vedette(
      ["detect", "--rules", rulesFile, "--events", eventsFile, "--format", "jsonl"],
      (line) => {
        const finding = JSON.parse(line);
        for (const { index } of finding.events) {
          const owner = owners[index];
          if (owner !== undefined && cases[owner].rule_id === finding.rule.id) found[owner] += 1;
        }
      },
    );
    if (detect.code !== 0 && detect.code !== 1)
      throw new Error(`vedette detect ended with ${detect.code}:\n${detect.errors}`);

    let report = "";
    await vedette(["rules", "check", rulesFile, "--format", "json"], (line) => (report += line));
    const { loaded, problems } = JSON.parse(report);
    const refused = problems.filter(({ path, severity }) => severity === "error" && SETS.includes(setOf.get(path)));
    const refusedPaths = new Set(refused.map(({ path }) => path));

    console.log(
      `rules: ${[...setOf.values()].filter((set) => SETS.includes(set)).length} in the sets ${SETS.join(", ")} (all sets: ${setOf.size} files, ${loaded} loaded)`,
    );
    console.log(`refused in these sets: ${refusedPaths.size}`);
    for (const { path, line, column, message, code } of refused)
      console.log(`  ${path}:${line ?? 1}:${column ?? 1}: ${message} (${code})`);

    const failures = cases.flatMap((one, index) => {
      const wanted = one.expected_match_count;
      const count = found[index];
      if (wanted === null ? count >= 1 : count === wanted) return [];
      const why = refusedPaths.has(one.rule_path)
        ? "the rule is refused"
        : `${count} findings of ${one.events_flat.length} events, ${wanted ?? "at least 1"} expected`;
      return [`  ${one.rule_path}: ${why}`];
    });
    const share = (cases.length - failures.length) / cases.length;
    console.log(
      `cases: ${cases.length - failures.length} of ${cases.length} as labelled (${(share * 100).toFixed(1)} %, at least ${LEAST_SHARE * 100} % wanted), ${owners.length} events`,
    );
    for (const failure of failures) console.log(failure);
    return share >= LEAST_SHARE ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Recall and false positives of the instrumentation's request inspection; the rows are printed, nothing is asserted here. */
async function inspection() {
  const child = spawn(
    bundledNode,
    ["--conditions=vedette-source", join(root, "packages/instrumentation/quality/inspection.ts")],
    {
      cwd: root,
      env: environment(),
      stdio: "inherit",
    },
  );
  return await new Promise((resolve, reject) => child.on("error", reject).on("close", (code) => resolve(code ?? 1)));
}

/** Every measurement: its name for the command line and what runs it. */
const measurements = { "sigma-regression": sigmaRegression, inspection };

const [name, ...rest] = process.argv.slice(2);
if (name === undefined || !Object.hasOwn(measurements, name) || rest.length > 0) {
  console.error(`Usage: npm run quality -- NAME, where NAME is one of: ${Object.keys(measurements).join(", ")}.`);
  process.exit(2);
}
const shared = sharedFolder();
if (shared === undefined) {
  console.error(
    `npm run quality -- ${name} needs the labelled data: put the folder "shared" beside the checkout, or name it in VEDETTE_SHARED.`,
  );
  process.exit(2);
}
if (!existsSync(bundledNode)) await setup({ withBuild: false });
process.exitCode = await measurements[name](shared);
