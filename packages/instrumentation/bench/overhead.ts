import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import { join } from "node:path";

const VARIANTS = ["plain", "otel", "vedette"] as const;
type Variant = (typeof VARIANTS)[number];

/** Ordinary traffic: paths, queries and headers as browsers send them. The queries differ from request to request, as people's do. */
const PATHS: readonly ((index: number) => string)[] = [
  (index) => `/items/${index}`,
  (index) => `/items/7?q=desk%20lamp%20${index}&page=2&sort=-price`,
  (index) => `/items/1?q=O%27Brien%20%26%20Sons%20${index}&filter=a%2Cb&from=2026-11-01`,
  (index) => `/items/99?q=caf%C3%A9+cr%C3%A8me+${index}&utm_source=newsletter&utm_campaign=november`,
];
const HEADERS = {
  "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
  referer: "https://shop.example/search?q=lamp",
  cookie: "theme=dark; sid=s%3Ak3jf93jf9.fj93jf93; cart=%7B%22n%22%3A2%7D",
  accept: "text/html,application/json",
};
const CONNECTIONS = 16;

interface Service {
  readonly child: ChildProcess;
  readonly port: number;
}

async function start(variant: Variant, framework: string): Promise<Service> {
  const child = fork(join(import.meta.dirname, "service.mjs"), [variant, framework], {
    execArgv: ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const [message] = (await once(child, "message")) as [{ port: number }];
  return { child, port: message.port };
}

async function cpuOf(service: Service): Promise<number> {
  service.child.send("cpu");
  const [message] = (await once(service.child, "message")) as [{ cpu: NodeJS.CpuUsage }];
  return message.cpu.user + message.cpu.system;
}

/** Microseconds of CPU that the service spent on one request. */
async function load(service: Service, requests: number): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const before = await cpuOf(service);
  let sent = 0;
  const one = async (): Promise<void> => {
    while (sent < requests) {
      const index = sent++;
      const path = PATHS[index % PATHS.length]?.(index);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      http
        .get({ host: "127.0.0.1", port: service.port, path, headers: HEADERS, agent }, (response) =>
          response.resume().on("end", resolve),
        )
        .on("error", reject);
      await promise;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  const after = await cpuOf(service);
  agent.destroy();
  return (after - before) / requests;
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/**
 * Measures the CPU that a request costs without telemetry, with OpenTelemetry's HTTP instrumentation, and with ours on top: one child process
 * each, in interleaved rounds, so that what else the machine does falls on all of them. Ratios are medians over the rounds' own ratios.
 */
export async function run({ quick = false }: { readonly quick?: boolean } = {}): Promise<
  readonly { name: string; value: number; unit: string }[]
> {
  const [rounds, requests] = quick ? [5, 1000] : [15, 4000];
  const rows: { name: string; value: number; unit: string }[] = [];
  for (const framework of ["http", "fastify"]) {
    const services = new Map<Variant, Service>();
    try {
      for (const variant of VARIANTS) services.set(variant, await start(variant, framework));
      const costs = new Map<Variant, number[]>(VARIANTS.map((variant) => [variant, []]));
      // The first rounds warm the compilers up and are thrown away.
      for (let round = -2; round < rounds; round++) {
        for (const [variant, service] of services) {
          const cost = await load(service, requests);
          if (round >= 0) costs.get(variant)?.push(cost);
        }
      }
      const ratio = (above: Variant, below: Variant): number =>
        median((costs.get(above) ?? []).map((cost, round) => cost / (costs.get(below)?.[round] ?? Number.NaN)));
      for (const variant of VARIANTS)
        rows.push({
          name: `${framework}: CPU per request, ${variant}`,
          value: median(costs.get(variant) ?? []),
          unit: "µs",
        });
      rows.push({ name: `${framework}: OpenTelemetry HTTP over plain`, value: ratio("otel", "plain"), unit: "×" });
      rows.push({ name: `${framework}: Vedette over OpenTelemetry HTTP`, value: ratio("vedette", "otel"), unit: "×" });
    } finally {
      for (const { child } of services.values()) child.send("end");
    }
  }
  return rows;
}
