import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** A service in a process of its own. */
export interface Service {
  readonly child: ChildProcess;
  readonly port: number;
}

/** One request of a load. */
export interface LoadRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
}

/** What one run of a load took. */
export interface LoadFigures {
  /** Microseconds of the service's CPU a request. */
  readonly cpu: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
}

const CONNECTIONS = 16;

/** Starts the service; resolves when it listens. */
export async function startService(variant: string, framework: string, peer = ""): Promise<Service> {
  const child = fork(join(import.meta.dirname, "service.mjs"), [variant, framework, peer], {
    execArgv: [
      "--conditions=vedette-source",
      "--disable-warning=ExperimentalWarning",
      "--expose-gc",
      // As its instructions have it for ES modules.
      ...(variant === "zen" ? ["--require", createRequire(peer).resolve("@aikidosec/firewall/instrument")] : []),
    ],
    // Zen works without a token when it is told to block; the code that it writes into others' modules asks for it from there.
    env: {
      ...process.env,
      VEDETTE_HASH_KEY: "a key of the benchmark",
      ...(variant === "zen" ? { AIKIDO_BLOCK: "true", NODE_PATH: join(dirname(peer), "node_modules") } : {}),
    },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [{ port: number }];
  return { child, port: message.port };
}

async function ask<Answer>(service: Service, question: string): Promise<Answer> {
  service.child.send(question);
  const [answer] = (await once(service.child, "message")) as [Answer];
  return answer;
}

async function cpuOf(service: Service): Promise<number> {
  const { cpu } = await ask<{ cpu: NodeJS.CpuUsage }>(service, "cpu");
  return cpu.user + cpu.system;
}

/** Bytes of the heap after a collection, and of the whole process. */
export async function memoryOf(service: Service): Promise<{ readonly heap: number; readonly resident: number }> {
  return ask(service, "heap");
}

/** Sends requests over connections that are kept open. */
export async function load(
  service: Service,
  requests: number,
  request: (index: number) => LoadRequest,
): Promise<LoadFigures> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const before = await cpuOf(service);
  const start = performance.now();
  const latencies: number[] = [];
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < requests) {
      const { path, method = "GET", headers = {}, body } = request(sent++);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const began = performance.now();
      http
        .request({ host: "127.0.0.1", port: service.port, path, method, headers, agent }, (response) =>
          response.resume().on("end", resolve),
        )
        .on("error", reject)
        .end(body);
      await promise;
      latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  const elapsed = performance.now() - start;
  const after = await cpuOf(service);
  agent.destroy();
  return {
    cpu: (after - before) / requests,
    perSecond: (requests / elapsed) * 1000,
    p99: latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  };
}

/** The median. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[half] ?? Number.NaN) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}

/** A 95 % confidence interval of the median, by order statistics: it assumes nothing of how the values are spread. */
export function confidence(values: readonly number[]): readonly [number, number] {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(0, Math.floor((sorted.length - 1.96 * Math.sqrt(sorted.length)) / 2));
  return [sorted[rank] ?? Number.NaN, sorted[sorted.length - 1 - rank] ?? Number.NaN];
}
