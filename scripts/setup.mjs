// Brings a checkout to the state in which everything runs: packages installed, TypeScript built. Instant when nothing changed.
//   node scripts/setup.mjs [--for start|test] [--no-build] [--console]
// Runs on the machine's own Node (20 or newer) with nothing installed; all it uses is inside Node and npm.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampFile = join(root, "node_modules", ".vedette-setup.json");
const oldestNode = 20;

/** Workspaces that the worker, the demo and their tools need; the Grafana plugin's (500 MB more) can wait. */
const coreWorkspaces = [
  "packages/semconv",
  "packages/api",
  "packages/detection",
  "packages/detection-rules",
  "packages/instrumentation",
  "packages/worker",
  "examples/shop",
  "examples/attacker",
];

/** A problem with one sentence for the person in front of the terminal. */
class SetupProblem extends Error {}

const readStamp = () => {
  try {
    return JSON.parse(readFileSync(stampFile, "utf8"));
  } catch {
    return {};
  }
};

const writeStamp = (change) => {
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, `${JSON.stringify({ ...readStamp(), ...change }, null, 2)}\n`);
};

/** Every file below a folder that a build depends on. */
function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (["node_modules", "dist", "out-host", ".turbo"].includes(entry.name)) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else yield path;
  }
}

/** Hash of names, sizes and modification times: enough to see that nothing changed, and fast. */
const fingerprint = (paths) => {
  const hash = createHash("sha256");
  for (const path of paths) {
    const { size, mtimeMs } = statSync(path);
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
};

const contentHash = (paths) => {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(path.slice(root.length)).update("\0").update(readFileSync(path)).update("\0");
  return hash.digest("hex");
};

/** Process ids that run from this checkout (see claim()); npm must not empty node_modules under them. */
const runningHere = () => {
  const folder = join(root, "node_modules", ".vedette-running");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map(Number)
    .filter((pid) => {
      try {
        process.kill(pid, 0);
        return true;
      } catch {
        rmSync(join(folder, String(pid)), { force: true });
        return false;
      }
    });
};

/** Marks this process as running from the checkout; returns a function that takes the mark away. */
export function claim(pid = process.pid) {
  const folder = join(root, "node_modules", ".vedette-running");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, String(pid));
  writeFileSync(file, "");
  return () => rmSync(file, { force: true });
}

/** Signals that end a set-up. */
const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs a command quietly, showing how long it has been going; its output is kept for the error. */
function run(title, command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], ...options });
    // A set-up that is ended from outside must not leave npm behind.
    const stop = (signal) => {
      child.kill(signal);
      process.exit(130);
    };
    for (const signal of ENDING) process.once(signal, stop);
    const settle = () => {
      clearInterval(timer);
      for (const signal of ENDING) process.removeListener(signal, stop);
    };
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-200_000);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const tty = process.stdout.isTTY;
    if (!tty) console.log(`vedette set-up: ${title} …`);
    const timer = setInterval(
      () => {
        if (tty) process.stdout.write(`\r\x1b[Kvedette set-up: ${title} … ${seconds()} s`);
        else console.log(`vedette set-up: ${title} … ${seconds()} s`);
      },
      tty ? 1_000 : 15_000,
    );
    child.on("error", (error) => {
      settle();
      reject(new SetupProblem(`${command} could not be started (${error.message}).`));
    });
    child.on("close", (code) => {
      settle();
      if (tty) process.stdout.write("\r\x1b[K");
      if (code === 0) {
        console.log(`vedette set-up: ${title}: done in ${seconds()} s`);
        resolve(output);
      } else reject(Object.assign(new Error(`${title} failed`), { output, code }));
    });
  });
}

/** The npm that called us, so that `npm` 10, 11 and 12 each set up with themselves. */
const npmCommand = () => {
  const script = process.env.npm_execpath;
  if (script && /\.c?js$/.test(script)) return [process.execPath, [script]];
  return [process.platform === "win32" ? "npm.cmd" : "npm", []];
};

const networkCodes =
  /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EPROTO|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|E40[137]|E50[0-9])\b/;

const explainInstall = (error) => {
  const output = error.output ?? String(error);
  const log = join(root, "node_modules", ".vedette-setup.log");
  mkdirSync(dirname(log), { recursive: true });
  writeFileSync(log, output);
  const network = networkCodes.exec(output);
  if (network)
    return `npm could not reach its package registry (${network[1]}): check the network, or npm's "registry" and "proxy" settings, and run the same command again.`;
  if (/ENOSPC/.test(output))
    return "The disk is full (ENOSPC): about 1.3 GB are needed; make room and run the same command again.";
  if (/EACCES|EPERM|EROFS/.test(output))
    return `npm may not write to ${join(root, "node_modules")}: make the folder yours and run the same command again.`;
  if (/EUSAGE|can only install packages when your package.json and package-lock.json/.test(output))
    return 'package.json and package-lock.json do not agree: run "npm install" once, look at the change, and run the same command again.';
  const last =
    output
      .split("\n")
      .filter((line) => /npm (error|ERR!)/.test(line))
      .at(-1) ?? output.trim().split("\n").at(-1);
  return `Installing packages failed: ${last} (all of npm's output is in node_modules/.vedette-setup.log).`;
};

const bundledNode = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

async function install(scope) {
  const manifests = [
    "package.json",
    "package-lock.json",
    ...coreWorkspaces.map((folder) => `${folder}/package.json`),
    "grafana-plugin/package.json",
    "dashboards/package.json",
    "alert-rules/package.json",
  ];
  const wanted = contentHash(manifests.map((file) => join(root, file)));
  const stamp = readStamp();
  const current = stamp.packages === wanted && stamp.platform === `${process.platform}-${process.arch}`;
  if (current && (stamp.scope === "all" || stamp.scope === scope) && existsSync(bundledNode)) return;
  const running = runningHere();
  if (!current && running.length > 0)
    throw new SetupProblem(
      `The packages have changed, and Vedette runs from this checkout (process ${running.join(", ")}): end it first, then run the same command again.`,
    );
  const [npm, first] = npmCommand();
  // `npm ci` empties node_modules first: only when nothing runs from it and nothing of it can be kept.
  const fresh = !current;
  const args = [
    ...first,
    ...(fresh ? ["ci"] : ["install", "--no-save"]),
    "--loglevel=error",
    "--no-audit",
    "--no-fund",
  ];
  if (scope === "core")
    args.push("--include-workspace-root", ...coreWorkspaces.map((folder) => `--workspace=${folder}`));
  const title =
    scope === "core"
      ? "installing packages (about half a minute, once)"
      : "installing packages with the console's (500 MB more, one to two minutes, once)";
  try {
    await run(title, npm, args, {
      env: { ...process.env, npm_config_workspaces: undefined, npm_config_workspace: undefined },
    });
  } catch (error) {
    throw new SetupProblem(explainInstall(error));
  }
  if (!existsSync(bundledNode)) throw new SetupProblem(ignoreScriptsSentence);
  writeStamp({ packages: wanted, platform: `${process.platform}-${process.arch}`, scope });
}

const ignoreScriptsSentence =
  'npm\'s "ignore-scripts" (or npm 12\'s "allowScripts") kept the package "node" from putting its program in place: run "npm rebuild node --ignore-scripts=false" or set "npm config set ignore-scripts false", then run the same command again.';

async function build() {
  const inputs = [
    ...coreWorkspaces.flatMap((folder) => [...sources(join(root, folder))]),
    join(root, "tsconfig.base.json"),
    join(root, "turbo.json"),
  ];
  const wanted = fingerprint(inputs);
  const outputs = coreWorkspaces
    .filter((folder) => existsSync(join(root, folder, "tsconfig.build.json")))
    .map((folder) => join(root, folder, "dist", ""));
  if (readStamp().build === wanted && outputs.every((folder) => existsSync(folder))) return;
  try {
    await run(
      "building",
      bundledNode,
      [join(root, "node_modules", "turbo", "bin", "turbo"), "run", "build", "--output-logs=errors-only"],
      {
        env: {
          ...process.env,
          TURBO_TELEMETRY_DISABLED: "1",
          DO_NOT_TRACK: "1",
          PATH: `${join(root, "node_modules", ".bin")}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`,
        },
      },
    );
  } catch (error) {
    throw new SetupProblem(`The build failed:\n${error.output}`);
  }
  writeStamp({ build: wanted });
}

/** The library versions that the instrumentation is tried on: packages of their own, which only tests need. */
async function installMatrix() {
  const folder = join(root, "packages", "instrumentation", "matrix");
  const manifests = [
    join(folder, "package-lock.json"),
    ...[...sources(folder)].filter((file) => /[\\/]package\.json$/.test(file)),
  ];
  const wanted = contentHash(manifests);
  if (readStamp().matrix === wanted && existsSync(join(folder, "node_modules"))) return;
  const [npm, first] = npmCommand();
  try {
    await run(
      "installing the library versions that the instrumentation is tried on (160 MB, once)",
      npm,
      [...first, "ci", "--ignore-scripts", "--loglevel=error", "--no-audit", "--no-fund"],
      { cwd: folder, env: { ...process.env, npm_config_workspaces: undefined, npm_config_workspace: undefined } },
    );
  } catch (error) {
    throw new SetupProblem(explainInstall(error));
  }
  writeStamp({ matrix: wanted });
}

/** Installs and builds what is missing or stale. */
export async function setup({ scope = "core", withBuild = true } = {}) {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < oldestNode)
    throw new SetupProblem(`Vedette's set-up needs Node ${oldestNode} or newer; this is ${process.version}.`);
  await install(scope);
  if (scope === "all") await installMatrix();
  if (withBuild) await build();
}

/** Installs and builds the console (the Grafana plugin and its host); returns false when it was there already. */
export async function setupConsole() {
  const folder = join(root, "grafana-plugin");
  const index = join(folder, "out-host", "index.html");
  const wanted = fingerprint([
    ...sources(folder),
    ...sources(join(root, "packages/api/src")),
    ...sources(join(root, "packages/semconv/src")),
  ]);
  if (readStamp().console === wanted && existsSync(index)) return false;
  await install("all");
  try {
    await run("building the console", bundledNode, [join(folder, "build.mjs")], { cwd: folder });
  } catch (error) {
    throw new SetupProblem(`Building the console failed:\n${error.output ?? error.message}`);
  }
  writeStamp({ console: wanted });
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name) => {
    const at = process.argv.indexOf(name);
    return at < 0 ? undefined : (process.argv[at + 1] ?? "");
  };
  try {
    if (process.argv.includes("--console")) await setupConsole();
    else
      await setup({
        scope: option("--for") === "test" ? "all" : "core",
        withBuild: !process.argv.includes("--no-build"),
      });
    if (option("--for") === "test") await setupConsole();
  } catch (error) {
    if (!(error instanceof SetupProblem)) throw error;
    console.error(`\nvedette set-up: ${error.message}`);
    process.exitCode = 1;
  }
}
