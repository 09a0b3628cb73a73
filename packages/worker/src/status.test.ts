import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ElasticsearchStatus } from "@vedette/api";
import { WORKER_METRICS } from "@vedette/semconv";
import { describe, expect, it } from "vitest";
import type { LineStatus } from "./detector/line-options.ts";
import { NO_DROPS } from "./detector/line-rule.ts";
import { createMetrics } from "./server/metrics.ts";
import { StoreError } from "./errors.ts";
import { createStatus, type StatusOptions } from "./status.ts";
import { sampleDeny } from "./testing/store-samples.ts";

const HERE = import.meta.dirname;

const lineStatus = (more: Partial<LineStatus> = {}): LineStatus => ({
  recovered: true,
  cursor: 0,
  counters: {
    judged: 0,
    unmatched: 0,
    late: 0,
    quarantined: 0,
    failed: 0,
    excepted: 0,
    findings: { informational: 0, low: 0, medium: 0, high: 0, critical: 0 },
    alertsOpened: 0,
  },
  unmatchedExamples: [],
  liveAlerts: 0,
  commitRetries: 0,
  rebuilds: 0,
  spellsRefused: 0,
  denyRefusals: { never_block: 0, not_an_address: 0, no_target: 0, over: 0, limit: 0 },
  correlationDrops: NO_DROPS,
  ...more,
});

function stage(more: Partial<StatusOptions> = {}) {
  const metrics = createMetrics();
  const now = { line: lineStatus(), guards: 1, blocked: 0 };
  const status = createStatus({
    version: "0.1.0",
    mode: "worker",
    startedAt: 0,
    clock: { now: () => 1_000 },
    store: {
      inboxEnd: async () => 0,
      pendingEffects: async () => 0,
      counts: async () => ({
        alertsTotal: 0,
        alertsOpen: {},
        incidentsTotal: 0,
        incidentsOpen: 0,
        facts: 0,
        factsShadow: 0,
        refused: 0,
        auditEntries: 0,
      }),
    },
    line: {
      status: () => now.line,
      inForce: () => Array.from({ length: now.blocked }, (_, index) => sampleDeny(`d${index}`)),
    },
    guardHub: { clients: () => now.guards },
    ruleSet: { loaded: 0, problems: [] },
    sources: () => [],
    metrics,
    ...more,
  });
  const rendered = async () =>
    (await metrics.registry.metrics())
      .split("\n")
      .filter((text) => text.startsWith("vedette_") && !text.endsWith(" 0"));
  return { status, now, rendered };
}

describe("createStatus", () => {
  it("tells the metrics what was dropped, refused and made again, each once", async () => {
    const { status, now, rendered } = stage();
    now.line = lineStatus({
      counters: { ...lineStatus().counters, failed: 2 },
      commitRetries: 3,
      rebuilds: 1,
      spellsRefused: 4,
      denyRefusals: { never_block: 5, not_an_address: 0, no_target: 0, over: 0, limit: 6 },
      correlationDrops: { ...NO_DROPS, lateDropped: 7, entitiesOmitted: 8 },
    });
    await status();
    await status();
    expect(await rendered()).toEqual(
      expect.arrayContaining([
        "vedette_detector_failures_total 2",
        'vedette_step_retries_total{reason="commit"} 3',
        'vedette_step_retries_total{reason="rebuild"} 1',
        "vedette_incident_sightings_dropped_total 4",
        'vedette_deny_refused_total{reason="never_block"} 5',
        'vedette_deny_refused_total{reason="limit"} 6',
        'vedette_correlation_dropped_total{reason="late"} 7',
        'vedette_correlation_dropped_total{reason="entities_omitted"} 8',
      ]),
    );
  });
});

describe("a deny list without a guard", () => {
  it("is a problem that does not make the worker unready", async () => {
    const { status, now } = stage();
    Object.assign(now, { guards: 0, blocked: 2 });
    now.line = lineStatus({ watermark: 10, newestEvent: 20 });
    expect(await status()).toMatchObject({
      ready: true,
      watermark: 10,
      newestEvent: 20,
      problems: ["2 addresses are on the deny list and no guard is connected to apply it."],
    });
    now.guards = 1;
    expect((await status()).problems).toEqual([]);
  });
});

describe("a worker among several on Elasticsearch", () => {
  const elasticsearch: ElasticsearchStatus = {
    cluster: { name: "c", uuid: "u", version: "9.4.3" },
    worker: "w1",
    sources: [],
    leases: [],
    lines: [],
  };
  const clusterStage = () => {
    const cluster = { tenure: undefined as number | undefined, judged: 5, late: 0, silent: false };
    const standing = async () => {
      if (cluster.silent) throw new StoreError("elasticsearch-timeout", "No answer in time.", { retryable: true });
      return elasticsearch;
    };
    const judged = () => ({ judged: cluster.judged, unmatched: 0, quarantined: 0, failed: 0, excepted: 0 });
    const { correlationDrops } = lineStatus();
    const drops = () => [["correlate/0 1", { ...correlationDrops, lateDropped: cluster.late }] as const];
    return {
      cluster,
      ...stage({ cluster: { standing, judged, drops, tenure: () => cluster.tenure } }),
    };
  };

  it("counts what it judged itself, and of the line what comes while it runs here", async () => {
    const { status, now, cluster, rendered } = clusterStage();
    const counted = (findings: number, commitRetries: number) =>
      lineStatus({
        commitRetries,
        counters: {
          ...lineStatus().counters,
          judged: 900,
          findings: { ...lineStatus().counters.findings, high: findings },
        },
      });
    now.line = counted(70, 0);
    cluster.late = 2;
    await status();
    expect(await rendered()).toEqual([
      "vedette_events_judged_total 5",
      'vedette_correlation_dropped_total{reason="late"} 2',
    ]);
    cluster.tenure = 1;
    await status();
    now.line = counted(73, 4);
    await status();
    cluster.tenure = 2;
    now.line = counted(90, 1);
    await status();
    now.line = counted(91, 1);
    cluster.judged = 6;
    await status();
    expect(await rendered()).toEqual(
      expect.arrayContaining([
        "vedette_events_judged_total 6",
        'vedette_findings_total{level="high"} 4',
        'vedette_step_retries_total{reason="commit"} 5',
      ]),
    );
  });

  it("shows what it knew, and that the cluster does not answer", async () => {
    const { status, cluster } = clusterStage();
    cluster.silent = true;
    await expect(status()).rejects.toThrow("No answer in time.");
    cluster.silent = false;
    expect(await status()).toMatchObject({ ready: true, problems: [], elasticsearch });
    cluster.silent = true;
    expect(await status()).toMatchObject({
      ready: false,
      problems: ["Elasticsearch cannot be asked now: No answer in time."],
      elasticsearch,
    });
  });
});

describe("the worker's metrics", () => {
  const sources = readdirSync(HERE, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => readFileSync(join(HERE, path), "utf8"))
    .join("\n");

  it.each(Object.keys(WORKER_METRICS))("%s is fed by some part of the worker", (key) => {
    expect(new RegExp(`\\b(metrics|options\\.metrics)\\.${key}\\b`).test(sources), key).toBe(true);
  });
});
