import type { ElasticsearchStatus } from "@vedette/api";
import { describe, expect, it } from "vitest";
import { StoreError } from "./errors.ts";
import { createElasticsearchMetrics, type MeasuredStanding } from "./elasticsearch-metrics.ts";
import { createMetrics } from "./server/metrics.ts";

const standing = (more: Partial<ElasticsearchStatus> = {}): ElasticsearchStatus => ({
  cluster: { name: "prod", uuid: "c", version: "9.4.3" },
  worker: "w1",
  sources: [
    {
      name: "logs",
      shards: 3,
      here: 2,
      states: { current: 1, behind: 0, stalled: 0, red: 1, byTime: 1 },
      lag: 12,
      superseded: 4,
      red: [],
      stalled: [],
      closed: [],
      unmatched: [],
      fallbacks: [],
      waiting: [],
    },
  ],
  leases: [
    { kind: "source", total: 3, owners: [], unowned: [] },
    { kind: "case", total: 1, owners: [], unowned: [] },
  ],
  lines: [
    { line: "case/default", epoch: 1, here: true, lag: 7 },
    { line: "correlate/0", epoch: 1, here: false },
  ],
  coverage: {
    at: 1,
    gaps: 1,
    missed: { behind: 0, "rule-added-later": 9 } as NonNullable<ElasticsearchStatus["coverage"]>["missed"],
  },
  ...more,
});

function stage() {
  const metrics = createMetrics();
  const told = createElasticsearchMetrics(metrics);
  const tell = (more: Partial<MeasuredStanding> = {}): void =>
    told.tell({
      standing: standing(),
      held: { source: 2, case: 1 },
      refreshes: new Map([["logs", 5]]),
      tellsCoverage: true,
      ...more,
    });
  const rendered = async () =>
    (await metrics.registry.metrics()).split("\n").filter((text) => /^vedette_.*\{/.test(text) && !text.endsWith(" 0"));
  return { told, tell, rendered };
}

describe("createElasticsearchMetrics", () => {
  it("sets what is measured", async () => {
    const { tell, rendered } = stage();
    tell();
    expect((await rendered()).toSorted()).toEqual([
      'vedette_leases_held{kind="case"} 1',
      'vedette_leases_held{kind="source"} 2',
      'vedette_leases_offered{kind="case"} 1',
      'vedette_leases_offered{kind="source"} 3',
      'vedette_line_lag_operations{line="case/default"} 7',
      'vedette_rule_coverage_gap_events{reason="rule-added-later"} 9',
      'vedette_source_lag_operations{source="logs"} 12',
      'vedette_source_refreshes_total{source="logs"} 5',
      'vedette_source_shards_seen{source="logs",state="by_time"} 1',
      'vedette_source_shards_seen{source="logs",state="current"} 1',
      'vedette_source_shards_seen{source="logs",state="red"} 1',
      'vedette_source_shards{source="logs"} 2',
    ]);
  });

  it("tells refreshes once, and nothing more of a line and a ledger that are another worker's now", async () => {
    const { tell, rendered } = stage();
    tell();
    tell({
      standing: standing({ lines: [{ line: "case/default", owner: "w2", epoch: 2, here: false }] }),
      held: { source: 2 },
      refreshes: new Map([["logs", 8]]),
      tellsCoverage: false,
    });
    const lines = await rendered();
    expect(lines).toContain('vedette_source_refreshes_total{source="logs"} 8');
    expect(lines.filter((line) => /line_lag|coverage_gap|held\{kind="case"/.test(line))).toEqual([]);
  });

  it("counts what happens", async () => {
    const { told, rendered } = stage();
    told.onRequest("ok");
    told.onRetry("overloaded", 3);
    told.onRefused("document_parsing_exception");
    told.onJudged("logs", { read: 10, superseded: 2 });
    told.onLeaseLost("source");
    told.onShadow("high");
    expect((await rendered()).toSorted()).toEqual([
      'vedette_elasticsearch_documents_refused_total{type="document_parsing_exception"} 1',
      'vedette_elasticsearch_requests_total{outcome="ok"} 1',
      'vedette_elasticsearch_rewrites_total{reason="overloaded"} 3',
      'vedette_findings_shadow_total{level="high"} 1',
      'vedette_leases_lost_total{kind="source"} 1',
      'vedette_records_received_total{source="logs"} 10',
      'vedette_source_superseded_total{source="logs"} 2',
    ]);
  });

  it("counts a step as committed or fenced, and neither when it failed otherwise", async () => {
    const { told, rendered } = stage();
    const fenced = new StoreError("store-fenced", "Another worker went on.", { retryable: false });
    const busy = new StoreError("store-busy", "Later.", { retryable: true });
    expect(await told.step("case/default", async () => 1)).toBe(1);
    for (const error of [fenced, busy])
      await expect(told.step("case/default", () => Promise.reject(error))).rejects.toBe(error);
    expect(await rendered()).toEqual([
      'vedette_journal_steps_total{line="case/default"} 1',
      'vedette_journal_fenced_total{line="case/default"} 1',
    ]);
  });
});
