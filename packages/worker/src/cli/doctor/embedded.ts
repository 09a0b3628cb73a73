import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, resolve } from "node:path";
import type { Config } from "../../config/schema.ts";
import type { Remark } from "./remark.ts";

const GIB = 1024 ** 3;
/** Free bytes of the data folder's disk below which it is told, and below which it is grave. */
const ROOM = { tell: 5 * GIB, grave: GIB / 2 };
/** The oldest Node.js that the worker runs on. */
const LEAST_NODE = [22, 15] as const;

/** What a worker with an embedded store would meet on this machine. */
export interface MachineReport {
  readonly node: string;
  readonly dataFolder: string;
  /** Bytes; undefined where the disk cannot be asked. */
  readonly free: number | undefined;
  /** By address: `free`, `worker` (a Vedette worker answers there) or the code of the failure. */
  readonly ports: Readonly<Record<string, string>>;
}

/** Looks at the machine: version, data folder, disk, ports, files of sources. */
export async function checkMachine(
  config: Config,
  remarks: Remark[],
  node = process.versions.node,
): Promise<MachineReport> {
  const [major = 0, minor = 0] = node.split(".").map(Number);
  if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1]))
    remarks.push({
      rank: 1,
      what: `This is Node.js ${node}; the worker needs ${LEAST_NODE.join(".")} or later.`,
      do: "Install a current Node.js, or run it by npx vedette, which brings one.",
    });
  const dataFolder = resolve(config.dataFolder);
  const free = checkFolder(dataFolder, remarks);
  checkSources(config, remarks);
  return { node, dataFolder, free, ports: await checkPorts(config, remarks) };
}

function checkFolder(folder: string, remarks: Remark[]): number | undefined {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    if (!statSync(there).isDirectory()) throw new Error(`${there} is no folder`);
    accessSync(there, constants.W_OK | constants.X_OK);
  } catch (error) {
    remarks.push({
      rank: 1,
      what: `The data folder ${folder} cannot be written: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}.`,
      do: "Name another one with dataFolder in vedette.yaml, or give it to the worker's user with chown.",
    });
    return undefined;
  }
  try {
    const { bavail, bsize } = statfsSync(there);
    const free = bavail * bsize;
    if (free < ROOM.tell)
      remarks.push({
        rank: free < ROOM.grave ? 1 : 3,
        what: `The disk of the data folder has ${(free / GIB).toFixed(1)} GiB left.`,
        do: "Make room, or move dataFolder to a larger disk.",
      });
    return free;
  } catch {
    return undefined;
  }
}

function checkSources({ sources }: Config, remarks: Remark[]): void {
  for (const source of sources) {
    if (source.type !== "file") continue;
    const folder = dirname(resolve(source.path));
    try {
      accessSync(folder, constants.R_OK | constants.X_OK);
      if (!/[*?]/.test(source.path) && existsSync(source.path)) accessSync(source.path, constants.R_OK);
    } catch (error) {
      remarks.push({
        rank: 1,
        what: `The source ${source.name} cannot be read: ${(error as NodeJS.ErrnoException).code ?? ""} at ${source.path}.`,
        do: `ls -l ${folder}; give the worker's user the right to read it, or correct sources in vedette.yaml.`,
      });
    }
  }
}

/** Checks that what is to be listened on is free, or is a worker's already. */
export async function checkPorts({ api, otlp }: Config, remarks: Remark[]): Promise<Readonly<Record<string, string>>> {
  const isRunning = api.port !== 0 && (await answersAsWorker(api.host, api.port));
  const found: Record<string, string> = {};
  const listeners = [{ ...api, key: "api" }, ...(otlp.enabled ? [{ ...otlp, key: "otlp" }] : [])];
  for (const { host, port, key } of listeners) {
    if (port === 0) continue;
    const failure = await failureToListen(host, port);
    const state = failure === undefined ? "free" : failure === "EADDRINUSE" && isRunning ? "worker" : failure;
    found[`${host}:${port}`] = state;
    if (state !== "free" && state !== "worker")
      remarks.push({
        rank: 1,
        what: `The worker cannot listen on ${host}:${port}: ${state}.`,
        do: `Set ${key}.port to another one in vedette.yaml, or end what uses it: ss -ltnp 'sport = :${port}' says what that is.`,
      });
  }
  return found;
}

const failureToListen = (host: string, port: number): Promise<string | undefined> =>
  new Promise((done) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => done(undefined)));
  });

async function answersAsWorker(host: string, port: number): Promise<boolean> {
  const name = host === "0.0.0.0" ? "127.0.0.1" : host.includes(":") ? `[${host === "::" ? "::1" : host}]` : host;
  try {
    const answer = await fetch(`http://${name}:${port}/healthz`, { signal: AbortSignal.timeout(2_000) });
    return ((await answer.json()) as { readonly status?: unknown } | null)?.status === "ok";
  } catch {
    return false;
  }
}
