import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

const ROOT = resolve(import.meta.dirname, "../..");

/** A worker that ends by itself is started again, as a supervisor does. Milliseconds. */
const RESTART_AFTER = 2_000;

/** How the workers of a run are started. */
export interface FleetOptions {
  readonly count: number;
  /** Arguments of node for a worker, by its number. */
  readonly argumentsOf: (worker: number) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** File that takes what the workers write. */
  readonly log: string;
}

/** Worker processes that are killed, frozen and started again. Disposing of it ends them all. */
export class WorkerFleet implements AsyncDisposable {
  readonly counts = { kills: 0, freezes: 0, ends: 0 };
  readonly #options: FleetOptions;
  readonly #children: (ChildProcess | undefined)[];
  readonly #gone = new WeakMap<ChildProcess, Promise<void>>();
  readonly #listeners = new Map<number, string>();

  #isEnding = false;
  readonly #killAll = (): void => {
    for (const child of this.#children) child?.kill("SIGKILL");
  };

  constructor(options: FleetOptions) {
    this.#options = options;
    // A run that fails leaves no worker behind.
    process.once("exit", this.#killAll);
    this.#children = Array.from({ length: options.count });
  }

  /** Starts the workers that do not run. */
  startAll(): void {
    for (let worker = 0; worker < this.#options.count; worker += 1) this.start(worker);
  }

  /** Addresses of the workers' APIs, of those that have told. */
  get apis(): readonly string[] {
    return [...this.#listeners.values()];
  }

  /** Starts a worker unless it runs. */
  start(worker: number): void {
    if (this.#children[worker] || this.#isEnding) return;
    const { argumentsOf, env, log } = this.#options;
    const child = spawn(
      process.execPath,
      ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", ...argumentsOf(worker)],
      { cwd: ROOT, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.#children[worker] = child;
    let rest = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        appendFileSync(log, text.replace(/^(?=.)/gm, `${worker} `));
        rest = (rest + text).slice(-10_000);
        const api = /"listening":\{"api":\{[^}]*"url":"([^"]+)"/.exec(rest)?.[1];
        if (api !== undefined) this.#listeners.set(worker, api);
      });
    const gone = new Promise<void>((resolve) => {
      child.on("close", (code, signal) => {
        appendFileSync(log, `${worker} ended with ${code ?? signal}\n`);
        if (code !== null && code !== 0) this.counts.ends += 1;
        if (code !== null && !this.#isEnding) setTimeout(() => this.start(worker), RESTART_AFTER);
        if (this.#children[worker] === child) {
          this.#children[worker] = undefined;
          this.#listeners.delete(worker);
        }
        resolve();
      });
    });
    this.#gone.set(child, gone);
  }

  /** Ends a worker as `kill -9` does and starts it again. */
  async kill(worker: number, pause: number): Promise<void> {
    const child = this.#children[worker];
    if (!child) return this.start(worker);
    this.counts.kills += 1;
    child.kill("SIGKILL");
    await this.#gone.get(child);
    await wait(pause);
    this.start(worker);
  }

  /** Stops a worker's process for so many milliseconds; it goes on where it was, and does not know. */
  async freeze(worker: number, milliseconds: number): Promise<void> {
    const child = this.#children[worker];
    if (!child) return;
    this.counts.freezes += 1;
    child.kill("SIGSTOP");
    try {
      await wait(milliseconds);
    } finally {
      child.kill("SIGCONT");
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isEnding = true;
    const running = this.#children.filter((child) => child !== undefined);
    for (const child of running) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    const limit = new AbortController();
    const all = Promise.all(running.map(async (child) => await this.#gone.get(child)));
    await Promise.race([all, wait(15_000, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
    for (const child of running) child.kill("SIGKILL");
    await all;
    process.removeListener("exit", this.#killAll);
  }
}
