import type { Status } from "@vedette/api";
import { expect, it } from "vitest";
import { emptyWorker } from "../../testing/worker-fixture.ts";
import { detectorHealth } from "./detector-health.ts";

const { status } = emptyWorker(Date.UTC(2026, 0, 15, 12));
const failed = status.sources.map((source) => ({ ...source, state: "failed" as const }));

it.each<{ name: string; more: Partial<Status>; denied?: number; state: string; reasons: string[] }>([
  { name: "nothing is amiss", more: {}, denied: 0, state: "healthy", reasons: [] },
  {
    name: "a rule is refused",
    more: { rules: { loaded: 13, refused: 1, problems: [] } },
    state: "warning",
    reasons: ["1 rule refused"],
  },
  {
    name: "events are not judged",
    more: { unmatched: { count: 1_204, examples: [] } },
    state: "warning",
    reasons: ["1,204 events matched no log source"],
  },
  {
    name: "nobody enforces the deny list",
    more: { guardClients: 0 },
    denied: 1,
    state: "warning",
    reasons: ["no guard is connected to block 1 address"],
  },
  { name: "a guard enforces the deny list", more: { guardClients: 1 }, denied: 2, state: "healthy", reasons: [] },
  { name: "the deny list is not known yet", more: { guardClients: 0 }, state: "healthy", reasons: [] },
  {
    name: "sources failed and a rule is refused",
    more: { sources: failed, rules: { loaded: 13, refused: 2, problems: [] } },
    state: "broken",
    reasons: ["2 sources failed", "2 rules refused"],
  },
  { name: "the worker is not ready", more: { ready: false }, state: "broken", reasons: ["the worker is not ready"] },
  { name: "there is a problem", more: { problems: ["x"] }, state: "broken", reasons: ["1 problem"] },
])("is $state when $name", ({ more, denied, state, reasons }) => {
  expect(detectorHealth({ ...status, ...more }, denied)).toEqual({ state, reasons });
});
