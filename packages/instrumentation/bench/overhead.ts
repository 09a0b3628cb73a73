import { pathToFileURL } from "node:url";
import { confidence, load, median, memoryOf, startService, type LoadFigures, type Service } from "./load.ts";
import { soak } from "./soak.ts";
import { ordinary } from "./traffic.ts";
import { zenPeer } from "./zen.ts";

interface Row {
  readonly name: string;
  readonly value: number | string;
  readonly unit: string;
}

const NAMES: Readonly<Record<string, string>> = {
  plain: "plain",
  otel: "OpenTelemetry",
  vedette: "OpenTelemetry and Vedette",
  zen: "Zen 1.8 alone",
};

/** Of a ratio of two variants in the same round: the median over the rounds, and its 95 % confidence interval. */
function ratio(name: string, above: readonly LoadFigures[], below: readonly LoadFigures[]): Row {
  const ratios = above.map(({ cpu }, round) => cpu / (below[round]?.cpu ?? Number.NaN));
  const [low, high] = confidence(ratios);
  return { name, value: `${median(ratios).toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`, unit: "×" };
}

/**
 * Measures what a request costs without telemetry, with OpenTelemetry's HTTP and framework instrumentation, with ours on top, and with a peer
 * alone: one child process each, in rounds that are interleaved and begin with another variant each time, so that what else the machine does falls
 * on all of them. Ratios are medians over the rounds' own ratios, with a 95 % confidence interval.
 */
export async function run({ quick = false }: { readonly quick?: boolean } = {}): Promise<readonly Row[]> {
  const [rounds, requests] = quick ? [9, 1000] : [25, 3000];
  const rows: Row[] = [];
  const peer = zenPeer();
  if ("reason" in peer) console.log(`@aikidosec/firewall is left out: it could not be installed (${peer.reason}).`);
  // Zen looks at what reaches databases, files, shells and other hosts, not at requests: a table of detection in requests does not apply to it.
  const variants = ["plain", "otel", "vedette", ...("file" in peer ? ["zen"] : [])];
  for (const framework of ["http", "express", "fastify"]) {
    const services = new Map<string, Service>();
    try {
      for (const variant of variants)
        services.set(variant, await startService(variant, framework, "file" in peer ? peer.file : ""));
      const figures = new Map<string, LoadFigures[]>(variants.map((variant) => [variant, []]));
      // The first rounds warm the compilers up and are thrown away.
      for (let round = -3; round < rounds; round++) {
        for (let turn = 0; turn < variants.length; turn++) {
          const variant = variants[(turn + round + 3) % variants.length] ?? "plain";
          const service = services.get(variant);
          if (service === undefined) continue;
          const measured = await load(service, requests, ordinary);
          if (round >= 0) figures.get(variant)?.push(measured);
        }
      }
      const of = (variant: string): readonly LoadFigures[] => figures.get(variant) ?? [];
      for (const [variant, service] of services) {
        const name = `${framework}, ${NAMES[variant]}`;
        rows.push(
          { name: `${name}: CPU per request`, value: median(of(variant).map(({ cpu }) => cpu)), unit: "µs" },
          { name: `${name}: requests`, value: median(of(variant).map(({ perSecond }) => perSecond)), unit: "/s" },
          { name: `${name}: 99th percentile`, value: median(of(variant).map(({ p99 }) => p99)), unit: "ms" },
          { name: `${name}: heap`, value: (await memoryOf(service)).heap / 2 ** 20, unit: "MiB" },
        );
      }
      rows.push(ratio(`${framework}: CPU, OpenTelemetry over plain`, of("otel"), of("plain")));
      rows.push(ratio(`${framework}: CPU, Vedette over OpenTelemetry`, of("vedette"), of("otel")));
      if (services.has("zen")) rows.push(ratio(`${framework}: CPU, Zen over plain`, of("zen"), of("plain")));
    } finally {
      for (const { child } of services.values()) child.send("end");
    }
  }
  return rows;
}

// node bench/overhead.ts [--quick] [--soak MINUTES]
if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--soak");
  const minutes = at < 0 ? undefined : Number(process.argv[at + 1]);
  const rows = minutes === undefined ? await run({ quick: process.argv.includes("--quick") }) : await soak(minutes);
  for (const { name, value, unit } of rows)
    console.log(`${name.padEnd(64)} ${typeof value === "number" ? value.toFixed(2) : value} ${unit}`);
}
