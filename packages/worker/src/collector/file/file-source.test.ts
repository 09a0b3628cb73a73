import { appendFile, mkdtemp, readFile, rename, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FieldMapping } from "@vedette/detection";
import type { SourceConfigOf } from "../../config/schema.ts";
import { StoreError } from "../../errors.ts";
import { createCountingObserver, type CountingObserver } from "../testing/counting-observer.ts";
import { createMemoryInbox, type MemoryInbox } from "../testing/memory-inbox.ts";
import { NOW, silentLog } from "../testing/otlp-server.ts";
import { createFileSource, type FileSource, type FileSourceOptions } from "./file-source.ts";

let folder: string;
let inbox: MemoryInbox;
let observer: CountingObserver;
let now: number;
let open: FileSource[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "vedette-file-"));
  inbox = createMemoryInbox();
  observer = createCountingObserver();
  now = NOW;
  open = [];
});
afterEach(async () => {
  await Promise.all(open.map((source) => source.release()));
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const line = (id: number | string, rest: object = {}): string => `${JSON.stringify({ id, ...rest })}\n`;
const ids = (): unknown[] => inbox.records.map(({ document }) => document["id"]);

const start = (changes: Partial<SourceConfigOf<"file">> = {}, options: Partial<FileSourceOptions> = {}): FileSource => {
  const source = createFileSource({
    config: {
      type: "file",
      name: "audit",
      path: at("a.log"),
      start: "beginning",
      maxLineBytes: 1_000,
      pollInterval: 250,
      ...changes,
    },
    store: inbox,
    ports: { clock: { now: () => now }, timers: { sleep: async () => undefined }, log: silentLog },
    observer,
    mappings: [],
    ...options,
  });
  open.push(source);
  return source;
};

/** Polls until nothing is left to read. */
const drain = async (source: FileSource): Promise<void> => {
  while (await source.poll());
};

describe("the file source", () => {
  it("reads what is there, follows what is appended, and waits for the end of a line", async () => {
    await writeFile(at("a.log"), line(1) + '{"id":');
    const source = start();
    await drain(source);
    expect(ids()).toEqual([1]);
    await appendFile(at("a.log"), "2}");
    await drain(source);
    expect(ids()).toEqual([1]);
    await appendFile(at("a.log"), `\r\n\n  \n${line("ä€😀")}`);
    await drain(source);
    expect(ids()).toEqual([1, 2, "ä€😀"]);
    expect(inbox.records[0]).toMatchObject({
      source: "audit",
      partition: "audit/a.log",
      position: `${at("a.log")}:0`,
      time: NOW,
      receivedAt: NOW,
    });
    expect(observer.get("received audit")).toBe(3);
    expect(source.status()).toMatchObject({ state: "running", detail: "follows 1 file", received: 3 });
  });

  it("waits for a file and for a folder that are not there yet", async () => {
    const source = start();
    await drain(source);
    expect(source.status()).toMatchObject({ state: "waiting" });
    await writeFile(at("a.log"), line(1));
    await drain(source);
    expect(ids()).toEqual([1]);
    const elsewhere = start({ name: "other", path: at("missing/*.log") });
    await drain(elsewhere);
    expect(elsewhere.status()).toMatchObject({ state: "failed", detail: expect.stringContaining("is not there") });
  });

  it.each([
    ["beginning", [1, 2, 3, 4]],
    ["end", [3, 4]],
  ] as const)("starts at the %s, and reads files that come later whole", async (from, expected) => {
    await writeFile(at("a.log"), `${line(1)}${line(2)}{"id":3`);
    const source = start({ start: from, path: at("*.log") });
    await drain(source);
    await appendFile(at("a.log"), "}\n");
    await drain(source);
    await writeFile(at("b.log"), line(4));
    await drain(source);
    expect(ids()).toEqual(expected);
  });

  it("goes on after a restart where it stopped, without loss or repetition", async () => {
    await writeFile(at("a.log"), line(1) + line(2) + '{"id":3');
    const first = start({ start: "end" });
    await drain(first);
    await first.release();
    await appendFile(at("a.log"), `}\n${line(4)}`);
    const second = start({ start: "end" });
    await drain(second);
    expect(ids()).toEqual([3, 4]);
    await drain(start({ start: "end" }));
    expect(ids()).toEqual([3, 4]);
    expect(observer.get("duplicate audit")).toBe(0);
  });

  it("gives two identical lines two ids, and the same line the same id when it is read again", async () => {
    await writeFile(at("a.log"), line(1) + line(1));
    await drain(start());
    expect(new Set(inbox.records.map(({ id }) => id)).size).toBe(2);
    const before = inbox.records.map(({ id }) => id);
    // Nothing of what was read was committed: as after a crash before the transaction ended.
    inbox = createMemoryInbox();
    await drain(start());
    expect(inbox.records.map(({ id }) => id)).toEqual(before);
  });

  it("follows a file that is renamed to its last line, and reads the new one from its beginning", async () => {
    await writeFile(at("a.log"), line(1));
    const source = start();
    await drain(source);
    await appendFile(at("a.log"), line(2));
    await rename(at("a.log"), at("a.log.1"));
    await writeFile(at("a.log"), line(3));
    await drain(source);
    expect(ids()).toEqual([1, 2, 3]);
    // The writer has the old file still open.
    await appendFile(at("a.log.1"), '{"id":4}');
    await drain(source);
    expect(ids()).toEqual([1, 2, 3]);
    now += 6_000;
    await drain(source);
    expect(ids()).toEqual([1, 2, 3, 4]);
    expect(source.status().detail).toBe("follows 1 file");
    expect(inbox.checkpoints.get("audit")).not.toContain("a.log.1");
  });

  it("reads the end of a file that was renamed while nobody looked", async () => {
    await writeFile(at("a.log"), line(1));
    const first = start();
    await drain(first);
    await first.release();
    await appendFile(at("a.log"), line(2));
    await rename(at("a.log"), at("old"));
    await writeFile(at("a.log"), line(3));
    await drain(start());
    expect(ids()).toEqual([1, 3, 2]);
  });

  it.each([
    ["shorter", [line("n1")]],
    ["longer than before at the next look", [line("n1"), line("n2"), line("n3"), line("n4")]],
  ])("starts anew after a truncation in place, when the file is %s", async (_, after) => {
    await writeFile(at("a.log"), line("o1") + line("o2"));
    const source = start();
    await drain(source);
    await truncate(at("a.log"), 0);
    await appendFile(at("a.log"), after.join(""));
    await drain(source);
    expect(ids()).toEqual(["o1", "o2", ...after.map((text) => (JSON.parse(text) as { id: string }).id)]);
  });

  it("takes an identical line after a truncation as a new event", async () => {
    await writeFile(at("a.log"), line(1) + line(2));
    const source = start();
    await drain(source);
    await truncate(at("a.log"), 0);
    await drain(source);
    await appendFile(at("a.log"), line(1));
    await drain(source);
    expect(ids()).toEqual([1, 2, 1]);
  });

  it("notices a truncation that happened while nobody looked", async () => {
    await writeFile(at("a.log"), line("o1") + line("o2"));
    const first = start();
    await drain(first);
    await first.release();
    await truncate(at("a.log"), 0);
    await appendFile(at("a.log"), line("n1") + line("n2") + line("n3"));
    await drain(start());
    expect(ids()).toEqual(["o1", "o2", "n1", "n2", "n3"]);
  });

  it.each<[name: string, change: () => Promise<void>, lost: number]>([
    ["was truncated", async () => writeFile(at("a.log"), line("n1")), 1],
    ["was removed", async () => unlink(at("a.log")), 1],
    ["was appended to", async () => appendFile(at("a.log"), line("n1")), 0],
    ["was renamed", async () => rename(at("a.log"), at("old")), 0],
  ])("counts and tells lost content when a file %s while nobody looked", async (_, change, lost) => {
    await writeFile(at("a.log"), line("o1") + line("o2"));
    const first = start();
    await drain(first);
    await first.release();
    await change();
    const second = start();
    inbox.failure = new StoreError("store-full", "full", { retryable: false });
    await expect(second.poll().then(() => second.poll())).rejects.toThrow("full");
    inbox.failure = undefined;
    await drain(second);
    await drain(second);
    expect(observer.get("content lost audit")).toBe(lost);
    const { detail } = second.status();
    if (lost === 1)
      expect(detail).toContain(
        `; 1 file was replaced, truncated or removed before the end was surely read, last ${at("a.log")}`,
      );
    else expect(detail).not.toContain("before the end");
  });

  it.each([
    ["what was known to be unread", "x".repeat(20), 1],
    ["nothing that it knows of", "", 0],
  ])("counts lost content when a file is truncated under it with %s", async (_, unfinished, lost) => {
    await writeFile(at("a.log"), line(1) + unfinished);
    const source = start();
    await drain(source);
    await truncate(at("a.log"), 0);
    await drain(source);
    await drain(source);
    expect(observer.get("content lost audit")).toBe(lost);
  });

  it("reads what is left of a file that is removed", async () => {
    await writeFile(at("a.log"), line(1));
    const source = start();
    await drain(source);
    await appendFile(at("a.log"), line(2));
    await unlink(at("a.log"));
    await drain(source);
    now += 6_000;
    await drain(source);
    expect(ids()).toEqual([1, 2]);
    expect(source.status().state).toBe("waiting");
  });

  it("takes the files of one folder that match, not the compressed ones", async () => {
    await writeFile(at("a1.log"), line(1));
    await writeFile(at("a2.log"), line(2));
    await writeFile(at("b1.log"), line(3));
    await writeFile(at("a3.log.gz"), "\u001f\u008b");
    await drain(start({ path: at("a*.log*") }));
    expect(ids()).toEqual([1, 2]);
  });

  it("refuses what is no JSON object with file, line and byte, and takes the rest", async () => {
    const nested = `{"a":${"[".repeat(100)}${"]".repeat(100)}}\n`;
    await writeFile(at("a.log"), `${line(1)}no json\n[1]\n"text"\n${nested}${line(2)}`);
    const source = start();
    await drain(source);
    expect(ids()).toEqual([1, 2]);
    expect(inbox.refused.map(({ reason }) => reason)).toEqual(["not_json", "not_json", "not_json", "too_deep"]);
    expect(inbox.refused[0]?.detail).toContain(`${at("a.log")}:2, byte 9: `);
    expect(inbox.refused[0]?.sample).toBe("no json");
    expect(observer.get("refused audit not_json")).toBe(3);
    expect(source.status().refused).toBe(4);
  });

  it("refuses a line that is too long once, however it is cut, and takes the rest", async () => {
    await writeFile(at("a.log"), `${line(1)}${"x".repeat(990)}`);
    const first = start();
    await drain(first);
    await appendFile(at("a.log"), "y".repeat(300_000));
    await drain(first);
    expect(observer.get("refused audit line_too_long")).toBe(1);
    await first.release();
    const second = start();
    await drain(second);
    await appendFile(at("a.log"), `zzz\n${line(2)}${line(3, { text: "x".repeat(1_000) })}${line(4)}`);
    await drain(second);
    expect(ids()).toEqual([1, 2, 4]);
    expect(observer.get("refused audit line_too_long")).toBe(2);
    expect(inbox.refused[0]?.detail).toContain(":2, byte 9: ");
    expect(inbox.refused[1]?.detail).toContain(":4, byte ");
  });

  it("does not list a flood of refused lines one by one, but counts them all", async () => {
    await writeFile(at("a.log"), "broken\n".repeat(500));
    await drain(start());
    expect(inbox.refused).toHaveLength(60);
    expect(observer.get("refused audit not_json")).toBe(500);
  });

  it("keeps its place when the store refuses, and delivers once when it recovers", async () => {
    await writeFile(at("a.log"), line(1));
    const source = start();
    await drain(source);
    await appendFile(at("a.log"), line(2));
    inbox.failure = new StoreError("store-full", "full", { retryable: false });
    await expect(source.poll()).rejects.toThrow("full");
    inbox.failure = undefined;
    await drain(source);
    expect(ids()).toEqual([1, 2]);
  });

  it("waits while the store is busy, as long as it is not stopped", async () => {
    await writeFile(at("a.log"), line(1));
    const stop = new AbortController();
    const states: string[] = [];
    inbox.failure = new StoreError("store-overloaded", "busy", { retryable: true });
    const source: FileSource = start(
      {},
      {
        ports: {
          clock: { now: () => now },
          log: silentLog,
          timers: {
            async sleep() {
              states.push(source.status().state);
              if (states.length === 3) inbox.failure = undefined;
              if (states.length === 4) stop.abort();
            },
          },
        },
      },
    );
    await source.run(stop.signal);
    expect(states).toEqual(["waiting", "waiting", "waiting", "running"]);
    expect(ids()).toEqual([1]);
    expect(source.status().state).toBe("stopped");
  });

  it.each<[name: string, document: object, time: number]>([
    ["ISO", { "@timestamp": "2026-11-21T05:00:00.123456Z" }, Date.UTC(2026, 10, 21, 5, 0, 0, 123)],
    ["ISO with a zone", { time: "2026-11-21T06:00:00+01:00" }, Date.UTC(2026, 10, 21, 5)],
    ["without a zone", { timestamp: "2026-11-21 05:00:00,5" }, Date.UTC(2026, 10, 21, 5, 0, 0, 500)],
    ["seconds", { time: 1_795_234_315.5 }, 1_795_234_315_500],
    ["milliseconds as text", { "@timestamp": "1795234315316.123456" }, 1_795_234_315_316],
    ["microseconds", { timestamp: 1_795_234_315_316_123 }, 1_795_234_315_316],
    ["nanoseconds", { timestamp: 1_795_234_315_316_123_400 }, 1_795_234_315_316],
    ["the mapping's own", { mine: 42, time: 1 }, 42],
    ["none", { time: "yesterday" }, NOW],
  ])("reads the time of an event: %s", async (_, document, time) => {
    const mapping = {
      accepts: (candidate: object) => "mine" in candidate,
      time: (candidate: { mine: number }) => candidate.mine,
    } as unknown as FieldMapping;
    await writeFile(at("a.log"), `\u{feff}${JSON.stringify(document)}\n`);
    await drain(start({}, { mappings: [mapping] }));
    expect(inbox.records[0]?.time).toBe(time);
  });

  it("takes the sender's own event id where there is one", async () => {
    await writeFile(
      at("a.log"),
      line(1, { attributes: { "log.record.uid": "01JD" } }) + line(2, { "log.record.uid": "01JE" }),
    );
    await drain(start());
    expect(inbox.records.map(({ id }) => id)).toEqual(["01JD", "01JE"]);
  });

  it("keeps keys that would change a prototype and half of a surrogate pair", async () => {
    const text = '{"__proto__":{"polluted":true},"constructor":1,"half":"\\ud800","nul":"\\u0000"}';
    await writeFile(at("a.log"), `${text}\n`);
    await drain(start());
    expect(JSON.stringify(inbox.records[0]?.document)).toBe(text);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(await readFile(at("a.log"), "utf8")).toContain("polluted");
  });
});
