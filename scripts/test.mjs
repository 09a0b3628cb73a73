// npm test: every test that this machine can run, then what is missing and the command that gets it. Last line: "N passed, N failed".
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { bundledNode, environment, requireSetup, root, sharedFolder } from "./checkout.mjs";
import { missingForElasticsearch } from "./elasticsearch.mjs";

requireSetup("npm test");

const onPath = (program) =>
  spawnSync(process.platform === "win32" ? "where" : "which", [program], { stdio: "ignore" }).status === 0;

const requirements = readFileSync(join(root, "test", "pysigma", "requirements.txt"), "utf8");
const pySigma = { version: requirements.trim().replace("pysigma==", ""), folder: "" };
pySigma.folder =
  process.env.VEDETTE_PYSIGMA ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vedette", `pysigma-${pySigma.version}`);

/** Parts that some tests use and that npm cannot bring. */
const parts = [
  {
    name: "Chromium",
    used: "the browser test of the console",
    has: () => existsSync("/usr/bin/chromium"),
    get: "apt-get install --no-install-recommends chromium",
  },
  {
    name: "promtool",
    used: "the tests of alert-rules/",
    has: () => onPath("promtool"),
    get: "apt-get install --no-install-recommends prometheus",
  },
  {
    name: "Alertmanager",
    used: "the notification test against a real Alertmanager",
    has: () => onPath("prometheus-alertmanager"),
    get: "apt-get install --no-install-recommends prometheus-alertmanager",
  },
  {
    name: `pySigma ${pySigma.version}`,
    used: "the comparison of rules' meaning with pySigma's",
    has: () => existsSync(pySigma.folder) || spawnSync("python3", ["-c", "import sigma"]).status === 0,
    get: `python3 -m pip install --target ${pySigma.folder} -r test/pysigma/requirements.txt`,
  },
  {
    name: "Elasticsearch 9.4.3",
    used: "the tests against a real Elasticsearch",
    has: () => Boolean(process.env.VEDETTE_TEST_ELASTICSEARCH) || missingForElasticsearch() === undefined,
    get: missingForElasticsearch() ?? "",
  },
  {
    name: "shared data",
    used: "tests on labelled data (Sigma rules, attack recordings, payloads)",
    has: () => sharedFolder() !== undefined,
    get: "put the data folder beside the checkout as ../shared, or set VEDETTE_SHARED",
  },
];

const required = process.env.VEDETTE_TEST_REQUIRE === "all";
const results = mkdtempSync(join(tmpdir(), "vedette-test-"));
const report = join(results, "report.json");
const vitest = [
  join(root, "node_modules", "vitest", "vitest.mjs"),
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
];
const child = spawn(bundledNode, vitest, { cwd: root, stdio: "inherit", env: environment() });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
const code = await new Promise((resolve) => child.on("close", (status) => resolve(status ?? 1)));

let passed = 0;
let failed = 0;
const skipped = [];
try {
  const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  passed = numPassedTests;
  failed = numFailedTests;
  for (const { name, status, assertionResults } of testResults) {
    // A file that could not even be loaded has no tests to count.
    if (status === "failed" && assertionResults.every((test) => test.status !== "failed")) failed += 1;
    for (const test of assertionResults)
      if (["pending", "skipped", "todo", "disabled"].includes(test.status))
        skipped.push(`${relative(root, name)}: ${test.fullName}`);
  }
} catch {
  failed += 1;
  console.error("The test runner left no report.");
}
rmSync(results, { recursive: true, force: true });
// A failure outside any test (an unhandled rejection, a crashed worker) counts too.
if (code !== 0 && failed === 0) failed = 1;

if (skipped.length > 0) {
  console.log(`\nNot run here (${skipped.length}):`);
  for (const name of skipped) console.log(`  ${name}`);
  if (required) failed += skipped.length;
}
const missing = parts.filter((part) => !part.has());
if (missing.length > 0) {
  console.log("\nMissing on this machine:");
  for (const part of missing) console.log(`  ${part.name}, for ${part.used}: ${part.get}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || code !== 0 ? 1 : 0;
