import { screen, within } from "@testing-library/react";
import type { ElasticsearchStatus } from "@vedette/api";
import { expect, it } from "vitest";
import { renderPage } from "../../testing/render-page.tsx";
import { attackedShop } from "../../testing/worker-fixture.ts";

const now = Date.UTC(2026, 0, 15, 12);

it("shows sources, what no rule looked at, rule files with problems and refused input", async () => {
  renderPage("/status", { fixture: attackedShop(now), now });
  for (const text of [
    "/var/log/shop/audit.jsonl does not exist yet",
    '"cache warmed"',
    'Did you mean "contains"?',
    "Not a protobuf ExportLogsServiceRequest: wrong wire type at byte 3.",
  ]) {
    expect(await screen.findByText(text)).toBeTruthy();
  }
});

it("keeps the newest event apart from the watermark, and says what to do about events without a log source", async () => {
  renderPage("/status", { fixture: attackedShop(now), now });
  const rowOf = (name: string) => screen.getByText(name).nextElementSibling?.querySelector("time")?.dateTime;
  expect(await screen.findByText("Judged up to")).toBeTruthy();
  expect(rowOf("Judged up to")).toBe("2026-01-15T11:59:58.000Z");
  expect(rowOf("Nothing changes any more before")).toBe("2026-01-15T10:59:58.000Z");
  expect(screen.getByRole("button", { name: /The watermark: .* one hour unless configured/ })).toBeTruthy();
  expect(screen.getByText("logsource")).toBeTruthy();
});

it("shows what waits and who works on what where the memory is Elasticsearch", async () => {
  const fixture = attackedShop(now);
  const elasticsearch: ElasticsearchStatus = {
    cluster: { name: "prod", uuid: "u", version: "9.4.3" },
    worker: "w1",
    sources: [
      {
        name: "logs",
        start: "beginning",
        shards: 4,
        here: 2,
        states: { current: 2, behind: 0, stalled: 0, red: 1, byTime: 1 },
        lag: 1_200,
        superseded: 0,
        red: ["logs-a/0"],
        stalled: [],
        closed: [],
        unmatched: [],
        fallbacks: [{ target: "far:logs", reason: "It is in another cluster.", promise: "Read by time: weaker." }],
        waiting: [{ index: "logs-a", shard: 0, state: "red" }],
      },
    ],
    leases: [{ kind: "source", total: 4, owners: [{ worker: "w2", count: 4 }], unowned: [] }],
    lines: [
      { line: "case/default", owner: "w1", epoch: 1, here: true, lag: 7 },
      { line: "correlate/0", epoch: 1, here: false },
    ],
    coverage: {
      at: now,
      gaps: 1,
      missed: {
        "before-start": 0,
        "rule-added-later": 42,
        "rule-changed": 0,
        behind: 0,
        "no-worker": 0,
        deleted: 0,
        forgotten: 0,
      },
    },
  };
  renderPage("/status", { fixture: { ...fixture, status: { ...fixture.status, elasticsearch } }, now });
  expect(await screen.findByText("prod, 9.4.3")).toBeTruthy();
  expect(screen.getByText("42 events older than a rule")).toBeTruthy();
  const rowOf = (table: string, cell: string) =>
    within(screen.getByRole("table", { name: table }))
      .getByText(cell)
      .closest("tr")?.textContent;
  expect(rowOf("Tailed sources", "logs")).toContain("far:logs: It is in another cluster. Read by time: weaker.");
  expect(rowOf("Shards that are not read to their end", "red")).toContain("logs-a/0");
  expect(rowOf("Alerts and correlations", "correlate/0")).toContain("no worker");
  expect(rowOf("Alerts and correlations", "case/default")).toContain("this worker7");
});
