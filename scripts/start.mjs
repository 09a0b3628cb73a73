// npm start: the worker on your own sources when there is a vedette.yaml here (or --config), else the demo; the console is built beside it.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { bundledNode, environment, requireSetup, root } from "./checkout.mjs";

requireSetup("npm start");
const { claim } = await import("./setup.mjs");

const usage = `npm start [-- --config FILE] [--data FOLDER] [--no-console]

With a vedette.yaml in this folder, or --config: the worker on your own sources, and nothing else.
Without one: the demo. A sample shop is attacked on loopback, and you watch the alerts and the incident.

  --config FILE   configuration of the worker (see docs/configuration.md)
  --data FOLDER   data folder (default: from the configuration; the demo's own is .vedette-demo)
  --api-port N    the demo's ports, when 7333, 4318 or 7380 are taken; 0 takes any free one
  --otlp-port N
  --shop-port N
  --no-console    do not install and build the console (the first time it takes one to two minutes and 500 MB)
  --help          this text
`;

let options;
try {
  options = parseArgs({
    options: {
      config: { type: "string" },
      data: { type: "string" },
      "api-port": { type: "string" },
      "otlp-port": { type: "string" },
      "shop-port": { type: "string" },
      "no-console": { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
} catch (error) {
  console.error(`npm start: ${error.message}\n\n${usage}`);
  process.exit(2);
}
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const folder = process.env.INIT_CWD ?? process.cwd();
const here = join(folder, "vedette.yaml");
const config = options.config ? resolve(folder, options.config) : existsSync(here) ? here : undefined;
const command = config ? ["start", "--config", config] : ["demo"];
if (options.data) command.push("--data", resolve(folder, options.data));
for (const port of ["api-port", "otlp-port", "shop-port"]) {
  if (options[port] === undefined) continue;
  if (config) {
    console.error(`npm start: --${port} is for the demo; the worker's ports are in ${config}.`);
    process.exit(2);
  }
  command.push(`--${port}`, options[port]);
}

const unclaim = claim();
const consoleFolder = join(root, "grafana-plugin", "out-host");
// A group of its own, so that Ctrl-C reaches it once, from here.
const child = spawn(bundledNode, [join(root, "packages", "worker", "bin", "vedette.js"), ...command], {
  cwd: folder,
  detached: process.platform !== "win32",
  stdio: ["inherit", "inherit", "inherit", "ipc"],
  env: environment({ VEDETTE_CONSOLE_FOLDER: consoleFolder, VEDETTE_ROOT: root }),
});

let consoleBuild;
child.on("message", (message) => {
  if (message?.type !== "ready" || options["no-console"] || consoleBuild) return;
  consoleBuild = spawn(bundledNode, [join(root, "scripts", "setup.mjs"), "--console"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    env: environment({ npm_execpath: process.env.npm_execpath ?? "" }),
  });
  consoleBuild.stdout.on("data", (chunk) => process.stdout.write(chunk));
  consoleBuild.on("close", (code) => {
    consoleBuild = undefined;
    if (code === 0 && child.connected) child.send({ type: "console-ready" });
    else if (code)
      console.log("The console could not be built; everything else goes on. The terminal and the API have it all.");
  });
});

let stopping = false;
const stop = () => {
  if (stopping) return;
  stopping = true;
  consoleBuild?.kill("SIGTERM");
  child.kill("SIGINT");
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stop);

child.on("close", (code, signal) => {
  consoleBuild?.kill("SIGTERM");
  unclaim();
  process.exitCode = code ?? (stopping ? 0 : 1);
  if (signal && !stopping) console.error(`vedette ended by ${signal}.`);
});
