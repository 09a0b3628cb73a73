import { execFileSync, spawn, spawnSync, type ChildProcess } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Client } from "@elastic/elasticsearch";
import { findInstallation, type Installation } from "./installation.ts";
import { ADMIN, SERVER_UID, writeNodeFolder, type NodeOptions } from "./node-configuration.ts";

/** Milliseconds that a node may take to answer after its start, and to end after SIGTERM. */
const START_LIMIT = 180_000;
const STOP_LIMIT = 30_000;

/** A running Elasticsearch node. Disposing of it stops it. */
export interface ClusterNode extends AsyncDisposable {
  readonly url: string;
  readonly options: NodeOptions;
  /** A client that may do everything. */
  client(): Client;
  /** Ends it as an operator does; it is killed when it has not ended in time. */
  stop(): Promise<void>;
  /** Ends it and the Java process that it has started as `kill -9` does. */
  kill(): Promise<void>;
}

/** The server to run, or an error that says what is missing. */
export function requireInstallation(): Installation {
  const installation = findInstallation();
  if ("missing" in installation) throw new Error(installation.missing);
  return installation;
}

/** Ports of this machine that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.on("error", reject).listen(0, "127.0.0.1", () => {
            const address = server.address();
            resolve(typeof address === "object" && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * Starts a node; resolves when it answers (with `seeds`: when it has joined a cluster with a master).
 * @throws Error with the end of its log when it ends or does not answer in time
 */
export async function startNode(options: NodeOptions, installation = requireInstallation()): Promise<ClusterNode> {
  writeNodeFolder(installation, options);
  const log = join(options.folder, "output.log");
  const child = launch(installation, options.folder, log);
  let hasEnded = false;
  const ended = new Promise<void>((resolve) =>
    child.on("close", () => {
      hasEnded = true;
      resolve();
    }),
  );
  const failed = new Promise<never>((_, reject) => child.on("error", reject));
  failed.catch(() => undefined);
  const killNow = (): void => killWithChildren(child);
  process.once("exit", killNow);
  void ended.then(() => process.removeListener("exit", killNow));

  const url = `${options.tls ? "https" : "http"}://127.0.0.1:${options.port}`;
  const client = (): Client =>
    new Client({
      node: url,
      ...(options.password === undefined ? {} : { auth: { username: ADMIN, password: options.password } }),
      ...(options.tls ? { tls: { ca: options.tls.certificate } } : {}),
    });
  const kill = async (): Promise<void> => {
    killWithChildren(child);
    await ended;
  };
  const stop = async (): Promise<void> => {
    if (hasEnded) return;
    child.kill("SIGTERM");
    const limit = new AbortController();
    await Promise.race([ended, wait(STOP_LIMIT, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
    if (!hasEnded) await kill();
  };

  const probe = client();
  try {
    const until = performance.now() + START_LIMIT;
    for (;;) {
      if (hasEnded || performance.now() > until)
        throw new Error(
          `Elasticsearch ${hasEnded ? "ended" : "does not answer"} at ${url}:\n${readFileSync(log, "utf8").slice(-4_000)}`,
        );
      const isUp = await probe.cluster
        .health({ wait_for_status: "yellow", timeout: "2s" }, { requestTimeout: 5_000, maxRetries: 0 })
        .then(({ timed_out: timedOut }) => !timedOut)
        .catch(() => false);
      if (isUp) break;
      await Promise.race([wait(250), failed]);
    }
  } catch (error) {
    await kill();
    throw error;
  } finally {
    await probe.close();
  }
  return { url, options, client, stop, kill, [Symbol.asyncDispose]: stop };
}

function launch({ home, java }: Installation, folder: string, log: string): ChildProcess {
  const command = [
    join(java, "bin", "java"),
    "-Xms4m",
    "-Xmx64m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    `${home}/lib/tools/server-launcher/*`,
    "org.elasticsearch.server.launcher.ServerLauncher",
  ];
  // With setpriv the node ends with the process that started it, however that one ends.
  if (spawnSync("setpriv", ["--version"]).status === 0) {
    const user = [`--reuid=${SERVER_UID}`, `--regid=${SERVER_UID}`, "--clear-groups"];
    command.unshift("setpriv", ...(process.getuid?.() === 0 ? user : []), "--pdeathsig", "SIGTERM");
  } else if (process.getuid?.() === 0) throw new Error("setpriv (of util-linux) is missing: the server refuses root");
  const [program = "", ...args] = command;
  const output = openSync(log, "a");
  try {
    return spawn(program, args, {
      // The launcher looks for modules relative to the working directory.
      cwd: home,
      stdio: ["ignore", output, output],
      env: {
        PATH: process.env["PATH"],
        LANG: "C.UTF-8",
        HOME: folder,
        HOSTNAME: "localhost",
        ES_HOME: home,
        ES_PATH_CONF: join(folder, "config"),
        ES_DISTRIBUTION_TYPE: "tar",
        ES_TMPDIR: join(folder, "tmp"),
        ES_JAVA_HOME: java,
        JAVA_TYPE: "ES_JAVA_HOME",
        JAVA: join(java, "bin", "java"),
      },
    });
  } finally {
    closeSync(output);
  }
}

/** The launcher's child is the server itself: killing the launcher alone would leave it running. */
function killWithChildren(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const parents = execFileSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number));
  for (const [id, parent] of parents) if (parent === pid && id !== undefined) signal(id);
  child.kill("SIGKILL");
}

function signal(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
