import { expect, test } from "vitest";
import { runKills } from "./kill/kill-run.ts";

const KILLS = 10;

test(
  `loses and doubles nothing when the worker is killed ${KILLS} times with acknowledged records not yet judged`,
  { timeout: 300_000 },
  async () => {
    const report = await runKills({
      kills: KILLS,
      rounds: 12,
      print: (line) => void process.stdout.write(`${line}\n`),
    });
    const { undisturbed, killed, notJudged, lostAlerts, verified, edited } = report;
    expect(notJudged).toHaveLength(KILLS);
    expect(Math.min(...notJudged)).toBeGreaterThan(0);
    expect(undisturbed.alerts.length, "the input must matter").toBeGreaterThan(50);
    expect(killed.records).toBe(undisturbed.records);
    expect(killed.facts).toEqual(undisturbed.facts);
    expect(killed.alerts).toEqual(undisturbed.alerts);
    expect(killed.blocked).toEqual(undisturbed.blocked);
    expect(killed.doubledAlerts).toEqual([]);
    expect(lostAlerts).toEqual([]);
    expect(killed.audit.ok).toBe(true);
    expect(undisturbed.audit.ok).toBe(true);
    expect(verified).toEqual({ code: 0, output: expect.stringMatching(/^ok: /) as unknown });
    expect(edited).toMatchObject({
      code: 1,
      output: expect.stringContaining(`does not hold at entry ${edited.entry}:`) as unknown,
    });
  },
);
