import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore } from "../src/store/sqlite/client.ts";
import type { RawRecord } from "../src/record.ts";

/** One measured number. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

/** Requests under way at once, as many as a receiver under load has. */
const CONCURRENCY = 16;
const none = (): void => {};
const log = { debug: none, info: none, warn: none, error: none };

/** Measures how many records a second the embedded store takes (each acknowledged after its transaction was flushed), at three request sizes. */
export async function run({ quick }: { readonly quick: boolean }): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const batch of [1, 100, 500]) rows.push(...(await measure(batch, quick ? 500 : 4_000)));
  return rows;
}

async function measure(batch: number, milliseconds: number): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "vedette-bench-"));
  try {
    await using store = await openSqliteStore({ folder, log, clock: { now: () => Date.now() } });
    let next = 0;
    const latencies: number[] = [];
    const begin = performance.now();
    const send = async (): Promise<void> => {
      while (performance.now() - begin < milliseconds) {
        const records = Array.from({ length: batch }, () => record((next += 1)));
        const sent = performance.now();
        await store.append(records);
        latencies.push(performance.now() - sent);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, send));
    const seconds = (performance.now() - begin) / 1_000;
    latencies.sort((a, b) => a - b);
    const quantile = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
    return [
      {
        name: `store append, ${batch} a request`,
        value: Math.round((latencies.length * batch) / seconds),
        unit: "records/s",
      },
      { name: `store append, ${batch} a request, p50`, value: round(quantile(0.5)), unit: "ms" },
      { name: `store append, ${batch} a request, p99`, value: round(quantile(0.99)), unit: "ms" },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** A log-in as the instrumentation reports it: fifteen attributes, about 700 bytes. */
const record = (number: number): RawRecord => ({
  id: `${number.toString(16).padStart(16, "0")}${"ab".repeat(24)}`,
  source: "otlp",
  position: `request/${number}`,
  partition: "shop",
  time: 1_700_000_000_000 + number,
  receivedAt: 1_700_000_000_000 + number,
  document: {
    "@timestamp": "2026-01-01T00:00:00.000Z",
    severity_text: "INFO",
    severity_number: 9,
    event_name: "vedette.authentication",
    body: { text: "log-in" },
    attributes: {
      "client.address": `198.51.100.${number % 250}`,
      "user.name": `customer-${number % 1_000}`,
      "event.outcome": "success",
      "vedette.auth.method": "password",
      "http.request.method": "POST",
      "url.path": "/login",
      "http.response.status_code": 200,
      "user_agent.original": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
      "session.id": `session-${number}`,
      "network.protocol.version": "1.1",
    },
    resource: {
      attributes: {
        "service.name": "shop",
        "service.version": "1.0.0",
        "host.name": "shop-1",
        "telemetry.sdk.language": "nodejs",
      },
    },
    scope: { name: "vedette", version: "0.1.0" },
  },
});
