import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite/client.ts";
import { everythingOf, wholeStep } from "../store/testing/store-contract.ts";
import { sampleRecord } from "../testing/store-samples.ts";
import { silentLog } from "../testing/silent-log.ts";
import { storeCommand } from "./store.ts";
import { captureOutput } from "./testing/capture-output.ts";

let home: string;
const at = (name: string): string => join(home, name);
const open = (name: string) => openSqliteStore({ folder: at(name), log: silentLog, clock: { now: () => 0 } });

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), "vedette-cli-store-"));
  await using store = await open("a");
  await store.append(["one", "two", "three"].map((id) => sampleRecord(id)));
  await store.commit(wholeStep("1"));
  await store.commit(
    wholeStep("2", { facts: [], audit: [{ time: 2, actor: "a", action: "b", subject: "c", details: {} }] }),
  );
  await store.refuse([{ time: 1, source: "otlp", reason: "bad", detail: "", sample: "" }]);
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

async function run(...args: string[]) {
  const { output, captured } = captureOutput();
  await storeCommand(output).parseAsync(args, { from: "user" });
  return captured;
}

const everything = async (name: string) => {
  await using store = await open(name);
  const { recovered, ...rest } = (await everythingOf(store)) as { recovered: object };
  return { recovered: { ...recovered, inboxState: "" }, ...rest, waiting: await store.readInbox(2, 10) };
};

describe("vedette store", () => {
  test("backs a store up and puts it back as it was, with an audit trail that holds", async () => {
    const written = await run("backup", at("b.gz"), "--from", at("a"));
    expect([written.code, written.printed.join()]).toEqual([0, expect.stringContaining("alert 1")]);
    const restored = await run("restore", at("b.gz"), "--to", at("new"));
    expect([restored.code, restored.complained]).toEqual([0, []]);
    expect(await everything("new")).toEqual(await everything("a"));
    await using store = await open("new");
    await store.commit(wholeStep("2", { cursor: 99 }));
    expect((await store.recover(0)).cursor, "steps of before are known").toBe(2);
    await store.commit({ id: "3", audit: [{ time: 3, actor: "a", action: "b", subject: "c", details: {} }] });
    expect(await store.verifyAudit()).toEqual({ ok: true, entries: 3 });
  });

  test("moves a store from folder to folder, and never into one that is in use or not empty", async () => {
    expect((await run("migrate", "--from", at("a"), "--to", at("c"))).code).toBe(0);
    expect(await everything("c")).toEqual(await everything("a"));
    const again = await run("migrate", "--from", at("a"), "--to", at("c"));
    expect([again.code, again.complained.join()]).toEqual([2, expect.stringContaining("store-not-empty")]);
    await using _owner = await open("d");
    const owned = await run("migrate", "--from", at("a"), "--to", at("d"));
    expect([owned.code, owned.complained.join()]).toEqual([2, expect.stringContaining("data-folder-in-use")]);
    const none = await run("backup", at("x.gz"), "--from", at("nothing"));
    expect([none.code, none.complained.join()]).toEqual([2, expect.stringContaining("data-folder-missing")]);
  });

  test.each<[string, (lines: string[]) => string[]]>([
    ["its end is missing", (lines) => lines.slice(0, -2)],
    ["its checksum does not fit", (lines) => lines.map((line) => line.replace("An alert", "No alert"))],
    ["its checksum does not fit", (lines) => lines.toSpliced(3, 1)],
    ["a line is no JSON", (lines) => lines.with(2, "{")],
    ["does not say that it is one", (lines) => lines.slice(1)],
  ])("refuses a backup of which %s, before anything is written", async (why, change) => {
    await run("backup", at("b.gz"), "--from", at("a"));
    const lines = gunzipSync(readFileSync(at("b.gz")))
      .toString()
      .split("\n");
    writeFileSync(at("b.gz"), gzipSync(change(lines).join("\n")));
    const { code, complained } = await run("restore", at("b.gz"), "--to", at("new"));
    expect([code, complained.join()]).toEqual([2, expect.stringContaining(why)]);
    expect(complained.join()).toContain("Use another copy");
  });

  test("refuses a backup that is cut off, and one of a newer version", async () => {
    await run("backup", at("b.gz"), "--from", at("a"));
    const bytes = readFileSync(at("b.gz"));
    writeFileSync(at("cut.gz"), bytes.subarray(0, bytes.length - 20));
    expect((await run("restore", at("cut.gz"), "--to", at("new"))).complained.join()).toContain("store-dump-damaged");
    writeFileSync(at("newer.gz"), gzipSync('{"vedette":"store","version":99}\n'));
    expect((await run("restore", at("newer.gz"), "--to", at("new"))).complained.join()).toContain("store-schema-newer");
  });
});
