import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EVIL_RULES, type DetectFolder, detectFolder, jsonLines, windowsEvent } from "../testing/detect-folder.ts";
import type { RunStatistics } from "./statistics.ts";

let folder: DetectFolder;
let rules: string;
beforeAll(() => {
  folder = detectFolder();
  rules = folder.file("rules.yml", EVIL_RULES);
});
afterAll(() => folder.remove());

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly complained: string }>;
  printed(): number;
}

/** Runs the command in a process of its own; what it prints is counted. */
function start(...parameters: readonly string[]): Running {
  return startWith(rules, [], ...parameters);
}

function startWith(rulesPath: string, flags: readonly string[], ...parameters: readonly string[]): Running {
  const child = spawn(
    process.execPath,
    [
      ...flags,
      "--conditions=vedette-source",
      "--disable-warning=ExperimentalWarning",
      MAIN,
      "detect",
      "--rules",
      rulesPath,
      ...parameters,
    ],
    { stdio: ["pipe", "pipe", "pipe"] },
  );
  let printed = 0;
  let complained = "";
  child.stdout.on("data", (bytes: Buffer) => {
    for (const byte of bytes) if (byte === 10) printed++;
  });
  child.stderr.on("data", (bytes: Buffer) => (complained += bytes.toString()));
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, complained }));
  return { child, ended, printed: () => printed };
}

/** Feeds standard input with so many copies of some lines. */
async function feed({ child }: Running, lines: string, copies: number): Promise<void> {
  const bytes = Buffer.from(lines);
  for (let copy = 0; copy < copies; copy++) if (child.stdin?.write(bytes) === false) await once(child.stdin, "drain");
  child.stdin?.end();
}

describe("memory does not grow with the input", () => {
  /** Megabytes at the highest after so many copies of about a megabyte. */
  async function peak(lines: string, copies: number, threads: string): Promise<number> {
    const running = start("--events", "-", "--threads", threads, "--stats", "json");
    await feed(running, lines, copies);
    const { complained } = await running.ended;
    const figures = JSON.parse(complained.trim().split("\n").at(-1) ?? "") as RunStatistics;
    expect(figures.bytes).toBe(Buffer.byteLength(lines) * copies);
    return figures.peakMemoryBytes / 1e6;
  }
  const megabyte = (second: (index: number) => number): string =>
    jsonLines(Array.from({ length: 2_000 }, (_, index) => windowsEvent(second(index), { Padding: "x".repeat(340) })));

  test.each([
    ["one thread", "1"],
    ["two threads", "2"],
  ])(
    "%s",
    async (_name, threads) => {
      const calm = megabyte((index) => index * 3 + 1);
      // The heap of each thread grows by itself until collections keep up, which takes some 200 MB of input; what grew with the input would grow on.
      const [small, large] = [200, 400];
      const growth = (await peak(calm, large, threads)) - (await peak(calm, small, threads));
      expect(growth).toBeLessThan((large - small) / 2);
    },
    300_000,
  );

  test("with a finding in every event, in a heap that would not hold a tenth of them", async () => {
    const alone = folder.file("alone.yml", EVIL_RULES.split("---")[0] ?? "");
    const evil = megabyte((index) => index * 3);
    const running = startWith(alone, ["--max-old-space-size=40"], "--events", "-", "--threads", "2");
    await feed(running, evil, 50);
    expect(await running.ended).toEqual({ code: 1, complained: "" });
    expect(running.printed()).toBe(100_000);
  }, 300_000);
});

test("Ctrl-C ends at once, says how far it came, and gives 130", async () => {
  const running = start("--events", "-", "--threads", "2");
  running.child.stdin?.write(jsonLines([windowsEvent(0), windowsEvent(1), windowsEvent(2)]));
  await once(running.child.stdout ?? running.child, "data");
  running.child.kill("SIGINT");
  expect(await running.ended).toEqual({
    code: 130,
    complained: "Interrupted after 3 events and 1 findings. Correlations that were still open are not reported.\n",
  });
});

test("lines are judged as they come, without waiting for the end", async () => {
  const running = start("--events", "-");
  for (let index = 1; index <= 3; index++) {
    running.child.stdin?.write(jsonLines([windowsEvent(0)]));
    await once(running.child.stdout ?? running.child, "data");
    expect(running.printed()).toBe(index);
  }
  running.child.stdin?.end();
  expect((await running.ended).code).toBe(1);
});

test("a reader that has had enough is no failure", async () => {
  const running = start("--events", "-", "--threads", "2");
  const fed = feed(running, jsonLines(Array.from({ length: 3_000 }, () => windowsEvent(0))), 20).catch(() => undefined);
  running.child.stdin?.on("error", () => undefined);
  await once(running.child.stdout ?? running.child, "data");
  running.child.stdout?.destroy();
  const { code, complained } = await running.ended;
  expect([code, complained]).toEqual([0, ""]);
  await Promise.race([fed, running.ended]);
});
