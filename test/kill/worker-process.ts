import { spawn, spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";

const ROOT = resolve(import.meta.dirname, "../..");
const MAIN = resolve(ROOT, "packages/worker/src/cli/main.ts");

const NODE_ARGUMENTS = ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", MAIN];

/** Runs a command of `vedette` from source; its exit code and what it wrote. */
export function vedette(...args: readonly string[]): { readonly code: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE_ARGUMENTS, ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { code: status, output: `${stdout}${stderr}`.trim() };
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  /** Where it takes OTLP, without a path. */
  readonly otlp: string;
  readonly pid: number;
  /** Ends it as `kill -9` does; resolves when it is gone. */
  kill(): Promise<void>;
  /** Asks it to end; resolves with its exit code. */
  stop(): Promise<number | null>;
}

/** Starts `vedette start` from source on a data folder; resolves when it listens. */
export async function startWorkerProcess(config: string, data: string): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [...NODE_ARGUMENTS, "start", "--config", config, "--data", data], {
    cwd: ROOT,
    env: { ...process.env, VEDETTE_LISTENING_JSON: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaints = (complaints + text).slice(-8_000)));
  const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));

  const listening = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      const { listening } = parse(line);
      if (listening) resolve(listening.otlp.url);
    });
    child.on("error", reject);
    child.on("close", (code, signal) =>
      reject(new Error(`the worker ended (${code ?? signal}) before it listened:\n${complaints}`)),
    );
  });
  return {
    otlp: await listening,
    pid: child.pid ?? 0,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async stop() {
      child.kill("SIGTERM");
      return await ended;
    },
  };
}

/** Other lines are the worker's log. */
function parse(line: string): { listening?: { otlp: { url: string } } } {
  try {
    return JSON.parse(line) as { listening?: { otlp: { url: string } } };
  } catch {
    return {};
  }
}
