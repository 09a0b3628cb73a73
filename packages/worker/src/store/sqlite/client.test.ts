import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Change } from "@vedette/api";
import { sampleAlert, sampleDeny, sampleFact, sampleRecord } from "../../testing/store-samples.ts";
import type { Log } from "../../ports.ts";
import type { StepCommit, Store } from "../store.ts";
import { openSqliteStore } from "./client.ts";
import { openSqliteReader } from "./reader.ts";

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (more: object = {}): Promise<Store> =>
  openSqliteStore({ folder, log: silent, clock: { now: () => 0 }, ...more });
const audited = (id: string, count = 1): StepCommit => ({
  id,
  audit: Array.from({ length: count }, (_, index) => ({
    time: index,
    actor: "worker",
    action: "test",
    subject: id,
    details: { index },
  })),
});

describe("openSqliteStore", () => {
  test("keeps everything over a restart", async () => {
    {
      await using store = await open();
      expect(await store.append([sampleRecord("a"), sampleRecord("b")])).toEqual({ appended: 2, duplicate: 0 });
      expect(await store.appendFrom("file", "7", [sampleRecord("b"), sampleRecord("c")])).toEqual({
        appended: 1,
        duplicate: 1,
      });
      await store.commit({
        id: "1",
        cursor: 2,
        facts: [sampleFact("f1")],
        alerts: [sampleAlert("a1")],
        blobs: [{ key: "k", value: "v" }],
      });
    }
    await using store = await open();
    expect((await store.readInbox(0, 10)).map(({ id, sequence }) => [id, sequence])).toEqual([
      ["a", 1],
      ["b", 2],
      ["c", 3],
    ]);
    expect((await store.events(["b"]))[0]?.document).toEqual(sampleRecord("b").document);
    expect(await store.checkpoint("file")).toBe("7");
    expect(await store.inboxEnd()).toBe(3);
    expect((await store.recover(0)).blobs).toEqual(new Map([["k", "v"]]));
    expect(await store.findings(["f1"])).toEqual([sampleFact("f1")]);
    expect((await store.listAlerts({ limit: 10 })).items).toEqual([sampleAlert("a1")]);
    expect(await store.findingCounts()).toEqual(new Map([["rule-1", 1]]));
  });

  test("answers every one of many concurrent requests, and a failing one alone fails", async () => {
    await using store = await open();
    await store.commit({ id: "0", facts: [sampleFact("f1")] });
    const requests = Array.from({ length: 300 }, (_, index) =>
      index % 100 === 50
        ? store.commit({ id: `c${index}`, facts: [sampleFact("f1", { time: index })] }).then(
            () => "committed",
            (error: { code: string }) => error.code,
          )
        : store.append([sampleRecord(`r${index}`)]).then(({ appended }) => appended),
    );
    const answers = await Promise.all(requests);
    expect(answers.filter((answer) => answer === 1)).toHaveLength(297);
    expect(answers.filter((answer) => answer === "store-fact-conflict")).toHaveLength(3);
    expect(await store.inboxEnd()).toBe(297);
  });

  test("turns input away when too much waits, but not the line's steps", async () => {
    await using store = await open({ limits: { requests: 2 } });
    const first = [store.append([sampleRecord("a")]), store.append([sampleRecord("b")])];
    await expect(store.append([sampleRecord("c")])).rejects.toMatchObject({
      code: "store-overloaded",
      retryable: true,
    });
    await store.commit({ id: "1", cursor: 1 });
    await Promise.all(first);
    expect(await store.append([sampleRecord("c")])).toEqual({ appended: 1, duplicate: 0 });
  });

  test("bounds what waits by its size, but takes one large request", async () => {
    await using store = await open({ limits: { bytes: 1_000 } });
    const large = store.append([sampleRecord("large", { document: { text: "x".repeat(5_000) } })]);
    await expect(store.append([sampleRecord("b")])).rejects.toMatchObject({ code: "store-overloaded" });
    expect(await large).toEqual({ appended: 1, duplicate: 0 });
    expect(await store.append([sampleRecord("b")])).toEqual({ appended: 1, duplicate: 0 });
  });

  test("tells what changed after each commit, in one growing order over restarts", async () => {
    const seen: Change[] = [];
    const change = async (revision: number) => {
      await using store = await open();
      const stop = store.onChange((changes) => seen.push(...changes));
      await store.commit({
        id: `s${revision}`,
        alerts: [sampleAlert("a1", { revision }), sampleAlert("a2", { revision })],
      });
      stop();
      await store.commit({ id: `t${revision}`, alerts: [sampleAlert("a3", { revision })] });
    };
    await change(1);
    await change(2);
    expect(seen.map(({ id, revision, sequence }) => [id, revision, sequence])).toEqual([
      ["a1", 1, 1],
      ["a2", 1, 2],
      ["a1", 2, 4],
      ["a2", 2, 5],
    ]);
  });

  test("stores what was asked before it was closed, and refuses what is asked after", async () => {
    const store = await open();
    const appended = store.append([sampleRecord("a")]);
    await store[Symbol.asyncDispose]();
    expect(await appended).toEqual({ appended: 1, duplicate: 0 });
    await expect(store.append([sampleRecord("b")])).rejects.toMatchObject({ code: "store-closed" });
    await expect(store.inboxEnd()).rejects.toMatchObject({ code: "store-closed" });
    await store[Symbol.asyncDispose]();
  });

  test("verifies the audit trail between commits", async () => {
    await using store = await open();
    await store.commit(audited("1", 3_000));
    const [verdict] = await Promise.all([
      store.verifyAudit(),
      store.commit(audited("2", 1_500)),
      store.append([sampleRecord("a")]),
    ]);
    expect(verdict.ok).toBe(true);
    expect(await store.verifyAudit()).toEqual({ ok: true, entries: 4_500 });
  });
});

describe("a data folder", () => {
  test("belongs to one worker at a time", async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({
      code: "data-folder-in-use",
      retryable: false,
      message: expect.stringContaining(String(process.pid)) as unknown,
    });
    await first[Symbol.asyncDispose]();
    await using second = await open();
    expect(await second.inboxEnd()).toBe(0);
  });

  test("can be read while a worker owns it, and afterwards", async () => {
    const store = await open();
    await store.commit({ ...audited("1", 2), alerts: [sampleAlert("a1")] });
    const check = async () => {
      using reader = openSqliteReader(folder);
      expect((await reader.listAlerts({ limit: 10 })).items).toEqual([sampleAlert("a1")]);
      expect(reader.verifyTrail()).toMatchObject({ ok: true, entries: 2 });
    };
    await check();
    await store[Symbol.asyncDispose]();
    await check();
  });

  test.each([
    ["is a file", () => writeFileSync(join(folder, "data"), ""), "data-folder-not-a-folder"],
    ["holds a database that is none", () => spoil("not a database ".repeat(100)), "store-damaged"],
    ["holds another program's database", () => sql("CREATE TABLE other (x)"), "store-damaged"],
    [
      "holds a newer store",
      () => sql("PRAGMA application_id = 0x56454454; PRAGMA user_version = 999"),
      "store-schema-newer",
    ],
  ])("that %s is refused with a cure", async (_, prepare, code) => {
    prepare();
    await expect(open({ folder: join(folder, "data") })).rejects.toMatchObject({
      code,
      retryable: false,
      message: expect.stringMatching(/(--data|empty folder|later one)/) as unknown,
    });
  });

  test("below a file is refused like one that is a file", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(open({ folder: join(folder, "file", "data") })).rejects.toMatchObject({
      code: "data-folder-not-a-folder",
      message: expect.stringContaining(`${join(folder, "file")} is a file`) as unknown,
    });
  });

  test.skipIf(process.platform === "win32")("is for its owner alone, as are all files in it", async () => {
    const data = join(folder, "new");
    const modes = () =>
      [".", ...readdirSync(data)].map((name) => [name, (statSync(join(data, name)).mode & 0o777).toString(8)]);
    await using store = await open({ folder: data });
    await store.commit(audited("1"));
    expect(modes()).toEqual([
      [".", "700"],
      ["audit-head.jsonl", "600"],
      ["lock.db", "600"],
      ["lock.db-journal", "600"],
      ["owner.json", "600"],
      ["vedette.db", "600"],
      ["vedette.db-shm", "600"],
      ["vedette.db-wal", "600"],
    ]);
  });

  test.skipIf(process.platform === "win32")("that others may look into has its files closed to them", async () => {
    await (await open())[Symbol.asyncDispose]();
    chmodSync(folder, 0o755);
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
    await using store = await open();
    await store.commit(audited("1"));
    for (const name of readdirSync(folder))
      expect([name, statSync(join(folder, name)).mode & 0o077]).toEqual([name, 0]);
    await expect(open()).rejects.toMatchObject({ code: "data-folder-in-use" });
    await store.commit(audited("2"));
  });

  test("of the schema before is migrated by its worker, and read by nobody until then", async () => {
    const first = await open();
    await first.commit({ id: "1", denyList: [sampleDeny("d1", { incidentId: "i1" })] });
    await first[Symbol.asyncDispose]();
    const database = new DatabaseSync(join(folder, "vedette.db"));
    database.exec(
      `DROP INDEX deny_list_by_incident; DROP INDEX deny_list_by_alert; ALTER TABLE inbox DROP COLUMN undated;
       ALTER TABLE facts DROP COLUMN shadow; ALTER TABLE facts DROP COLUMN origin; PRAGMA user_version = 1`,
    );
    database.close();
    expect(() => openSqliteReader(folder)).toThrow(expect.objectContaining({ code: "store-schema-older" }));
    await using store = await open();
    expect(await store.denyListOfIncident("i1")).toEqual([sampleDeny("d1", { incidentId: "i1" })]);
    using reader = openSqliteReader(folder);
    expect(await reader.denyListOfIncident("i1")).toHaveLength(1);
  });

  test("that holds no store cannot be read", () => {
    expect(() => openSqliteReader(folder)).toThrow(expect.objectContaining({ code: "data-folder-missing" }));
    expect(existsSync(join(folder, "vedette.db"))).toBe(false);
  });

  test("keeps its lock from a program of its own that was killed", async () => {
    const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL("client.ts", import.meta.url).href)};
      const none = () => {};
      const store = await openSqliteStore({ folder: ${JSON.stringify(folder)}, log: { debug: none, info: none, warn: none, error: none }, clock: { now: () => 0 } });
      await store.refuse([{ time: 1, source: "s", reason: "r", detail: "", sample: "" }]);
      process.kill(process.pid, "SIGKILL");
    `;
    const child = spawnSync(
      process.execPath,
      ["--conditions=vedette-source", "--input-type=module", "--eval", script],
      { encoding: "utf8" },
    );
    expect(child.signal, child.stderr).toBe("SIGKILL");
    await using store = await open();
    expect((await store.counts()).refused).toBe(1);
  });

  test.skipIf(process.platform === "win32")(
    "opens itself again after the disk failed under it, and has kept what it acknowledged",
    () => {
      // A limit on the size of files makes writing the log fail as a broken disk does; opening again empties the log, so writing can go on.
      const script = `
      import { openSqliteStore } from ${JSON.stringify(new URL("client.ts", import.meta.url).href)};
      import { sampleRecord } from ${JSON.stringify(new URL("../../testing/store-samples.ts", import.meta.url).href)};
      const none = () => {};
      const store = await openSqliteStore({ folder: ${JSON.stringify(folder)}, log: { debug: none, info: none, warn: none, error: none }, clock: { now: () => 0 } });
      let acknowledged = 0;
      for (let failures = 0; failures < 2; ) {
        try {
          acknowledged += (await store.append([sampleRecord("r" + acknowledged, { document: { text: "x".repeat(20_000) } })])).appended;
        } catch ({ code, retryable }) {
          failures += 1;
          console.log(JSON.stringify([code, retryable, (await store.inboxEnd()) - acknowledged]));
        }
      }
      await store[Symbol.asyncDispose]();
    `;
      const limited = [
        "-c",
        'ulimit -f 4096; exec "$0" "$@"',
        process.execPath,
        "--conditions=vedette-source",
        "--input-type=module",
        "--eval",
        script,
      ];
      const { stdout, stderr } = spawnSync("sh", limited, { encoding: "utf8" });
      const failure = JSON.stringify(["store-input-output", true, 0]);
      expect(stdout.trim().split("\n"), stderr).toEqual([failure, failure]);
    },
  );

  test("notes audit heads outside the database, and gets over a note that a crash cut off", async () => {
    const anchors = join(folder, "audit-head.jsonl");
    const heads = () =>
      readFileSync(anchors, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { sequence: number }).sequence);
    {
      await using store = await open();
      await store.commit(audited("1", 1));
      await store.commit(audited("2", 10));
      await store.commit(audited("3", 70));
      expect(heads()).toEqual([1, 81]);
      await store.commit(audited("4", 2));
    }
    expect(heads()).toEqual([1, 81, 83]);
    writeFileSync(anchors, `${readFileSync(anchors, "utf8")}{"sequence":84,"ha`);
    await using store = await open();
    await store.commit(audited("5", 64));
    expect(heads()).toEqual([1, 81, 83, 147]);
    expect(await store.verifyAudit()).toEqual({ ok: true, entries: 147 });
  });
});

function spoil(content: string): void {
  spawnSync("mkdir", [join(folder, "data")]);
  writeFileSync(join(folder, "data", "vedette.db"), content);
}

function sql(statements: string): void {
  spoil("");
  const script = `new (require("node:sqlite").DatabaseSync)(${JSON.stringify(join(folder, "data", "vedette.db"))}).exec(${JSON.stringify(statements)})`;
  expect(spawnSync(process.execPath, ["--eval", script]).status).toBe(0);
}
