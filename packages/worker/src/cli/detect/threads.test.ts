import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type JsonObject, createCorrelator, createDetector, loadRules } from "@vedette/detection";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  EVIL_RULES,
  type DetectFolder,
  detectFolder,
  jsonLines,
  runDetect,
  windowsEvent,
} from "../testing/detect-folder.ts";

let folder: DetectFolder;
let rules: string;
beforeAll(() => {
  folder = detectFolder();
  rules = folder.file("rules.yml", EVIL_RULES);
});
afterAll(() => folder.remove());

/** Events that come a little out of order, many enough for several chunks, some of them broken, long or not UTF-8. */
function mixture(): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index < 12_000; index++) {
    const second = index % 50 === 0 ? Math.max(0, index - 40) : index;
    parts.push(Buffer.from(jsonLines([windowsEvent(second, { Padding: "x".repeat((index * 37) % 300) })])));
    if (index % 3_000 === 7) parts.push(Buffer.from('{"broken": \n\n[1]\n'));
    if (index % 3_000 === 8) parts.push(Buffer.from(jsonLines([windowsEvent(index, { Long: "é".repeat(400_000) })])));
    if (index % 4_000 === 9)
      parts.push(Buffer.from('{"EventID":1,"Channel":"x","CommandLine":"evil \xff"}\n', "latin1"));
    if (index % 2_000 === 10) parts.push(Buffer.from('{"other":1}\n'));
  }
  return Buffer.concat(parts);
}

describe("any number of threads", () => {
  test("prints the same, byte by byte, with the same remarks", async () => {
    const bytes = mixture();
    const inputs = [
      folder.file("a.jsonl", bytes),
      folder.file("b.gz", gzipSync(bytes.subarray(0, 3_000_000))),
      folder.file("c.json", JSON.stringify(Array.from({ length: 3_000 }, (_, index) => windowsEvent(index + 9_000)))),
      folder.file("cut.gz", gzipSync(bytes.subarray(0, 900_000)).subarray(0, -40)),
      folder.file("missing-line-end.jsonl", jsonLines([windowsEvent(60_000)]).trimEnd()),
    ];
    const run = (threads: string, ...more: readonly string[]) =>
      runDetect("--rules", rules, "--events", ...inputs, "--threads", threads, ...more);
    const one = await run("1");
    expect(one.printed.length).toBeGreaterThan(5_000);
    expect(one.printed.filter((line) => line.includes('"Often"')).length).toBeGreaterThan(5);
    expect(one.complained.join("\n")).toMatch(/a\.jsonl:\d+: .*event-malformed/);
    expect(one.complained.join("\n")).toMatch(/cut\.gz: .*event-file-damaged/);
    expect(one.complained.join("\n")).toMatch(/events have bytes that are not UTF-8/);
    expect(one.complained.join("\n")).toMatch(/findings were hidden by exceptions|belong to no log source/);
    for (const threads of ["2", "3"]) expect(await run(threads)).toEqual(one);
  }, 120_000);

  test("prints what a reading of one event after the other gives", async () => {
    const events = Array.from({ length: 9_500 }, (_, index) =>
      windowsEvent(index % 40 === 0 ? Math.max(0, index - 200) : index, { Padding: "x".repeat(200) }),
    ) as JsonObject[];
    const input = folder.file("plain.jsonl", jsonLines(events));
    const loaded = loadRules([{ path: "rules.yml", text: EVIL_RULES }]).rules;
    const detector = createDetector(loaded);
    const correlator = createCorrelator(loaded, { lateness: 60_000 });
    const expected: unknown[] = [];
    const flush = (): void => {
      for (const episode of correlator.takeChanges().episodes)
        if (episode.final && episode.mergedInto === undefined)
          expected.push(["Often", ...episode.eventIds.map((id) => Number(id.slice(id.lastIndexOf("-") + 1)))]);
    };
    for (const [index, document] of events.entries()) {
      const time = Date.parse(document.UtcTime as string);
      const id = `${createHash("sha256").update(`0\0${index}`).digest("hex").slice(0, 32)}-${index}`;
      for (const fact of detector.judge({ id, time, document }).facts) {
        expected.push(["Evil", index]);
        correlator.observe(fact);
      }
      correlator.advance(time);
      if ((index + 1) % 1_000 === 0) flush();
    }
    correlator.advance(Number.MAX_SAFE_INTEGER);
    flush();
    expect(correlator.counters().lateDropped).toBeGreaterThan(20);
    for (const threads of ["1", "2"]) {
      const { printed, complained } = await runDetect(
        "--rules",
        rules,
        "--events",
        input,
        "--threads",
        threads,
        "--lateness",
        "1m",
      );
      const found = printed.map((line) => {
        const { rule, events: members } = JSON.parse(line) as {
          rule: { title: string };
          events: readonly { index: number }[];
        };
        return [rule.title, ...members.map(({ index }) => index)];
      });
      expect(found).toEqual(expected);
      expect(complained.join("\n")).toContain(
        `${correlator.counters().lateDropped} findings were more than 1 min older`,
      );
    }
  }, 120_000);

  test("refuses a number that makes no sense", async () => {
    const input = folder.file("one.jsonl", jsonLines([windowsEvent(0)]));
    for (const threads of ["0", "-1", "1.5", "many", "1000"])
      await expect(runDetect("--rules", rules, "--events", input, "--threads", threads)).rejects.toThrow(
        /whole number from 1 to 256/,
      );
  });
});
