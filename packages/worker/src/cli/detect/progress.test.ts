import { describe, expect, test } from "vitest";
import { createProgress, duration, grouped, progressText } from "./progress.ts";
import type { RunTotals } from "./detection-run.ts";

const totals = (events: number, bytesRead: number): RunTotals => ({ events, findings: 3, bytesRead }) as RunTotals;

describe("progress", () => {
  test("says share and time left where the size is known, and only what was done elsewhere", () => {
    expect(progressText({ events: 12_345, findings: 2, bytesRead: 250 }, 1_000, 10_000)).toBe(
      "25 %, 12,345 events, 2 findings, 1,235 events/s, 30 s left",
    );
    expect(progressText({ events: 5, findings: 0, bytesRead: 250 }, undefined, 1_000)).toBe(
      "5 events, 0 findings, 5 events/s",
    );
  });

  test("is a line a second where it cannot be written over", () => {
    let now = 0;
    const written: string[] = [];
    const progress = createProgress({ write: (text) => void written.push(text), isTerminal: false }, 100, () => now);
    for (now = 0; now <= 3_500; now += 100) progress.update(totals(now, 10));
    progress.hide();
    expect(written).toHaveLength(3);
    expect(written.every((text) => text.endsWith("\n"))).toBe(true);
  });

  test("takes its line away before something else is written", () => {
    let now = 0;
    let screen = "";
    const progress = createProgress({ write: (text) => void (screen += text), isTerminal: true }, 100, () => now);
    now = 1_500;
    progress.update(totals(1, 50));
    expect(screen).toMatch(/^50 %, [^\n]*left$/);
    progress.hide();
    progress.hide();
    expect(screen.endsWith("left\r\u001B[K")).toBe(true);
  });

  test("numbers and lengths of time", () => {
    expect([0, 999, 1_000, 1_234_567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
    expect([400, 59_000, 60_000, 61_000, 3_600_000, 7_260_000].map(duration)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "1 min 1 s",
      "1 h",
      "2 h 1 min",
    ]);
  });
});
