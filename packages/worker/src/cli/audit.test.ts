import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite/client.ts";
import { auditCommand } from "./audit.ts";
import { captureOutput } from "./testing/capture-output.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const ENTRIES = 200;
let home: string;
let original: string;
let copies = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "vedette-audit-"));
  original = join(home, "original");
  await using store = await openSqliteStore({ folder: original, log: silent, clock: { now: () => 0 } });
  for (let index = 1; index <= ENTRIES; index += 1) {
    await store.commit({
      id: `s${index}`,
      audit: [
        {
          time: index,
          actor: "worker",
          action: "test",
          subject: `subject-${index}`,
          details: { text: "x".repeat(100) },
        },
      ],
    });
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function verify(folder: string, ...more: string[]) {
  const { output, captured } = captureOutput();
  await auditCommand(output).parseAsync(["verify", "--data", folder, ...more], { from: "user" });
  return captured;
}

function copy(): string {
  copies += 1;
  const folder = join(home, `copy-${copies}`);
  cpSync(original, folder, { recursive: true });
  return folder;
}

function edited(statements: string): string {
  const folder = copy();
  const database = new DatabaseSync(join(folder, "vedette.db"));
  database.exec(statements);
  database.close();
  return folder;
}

describe("vedette audit verify", () => {
  test("says how many entries hold", async () => {
    expect(await verify(original)).toEqual({
      printed: [expect.stringMatching(/^ok: 200 entries hold, \d+ anchors/)],
      complained: [],
      code: 0,
    });
    expect(JSON.parse((await verify(original, "--format", "json")).printed[0] ?? "")).toMatchObject({
      ok: true,
      entries: ENTRIES,
    });
  });

  test.each<[string, string, number]>([
    [
      "one character of an entry",
      "UPDATE audit SET entry = replace(entry, 'subject-77', 'subject-78') WHERE sequence = 77",
      77,
    ],
    ["a hash", "UPDATE audit SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE sequence = 5", 5],
    ["a removed entry", "DELETE FROM audit WHERE sequence = 12", 12],
    ["a removed end", "DELETE FROM audit WHERE sequence > 190", 191],
    ["everything removed", "DELETE FROM audit; DELETE FROM meta", 1],
  ])("names the place of %s", async (_, statements, at) => {
    const { complained, code } = await verify(edited(statements));
    expect(code).toBe(1);
    expect(complained.join()).toContain(`does not hold at entry ${at}:`);
  });

  test("notices a trail cut off together with the store's record of its end", async () => {
    const folder = edited(`DELETE FROM audit WHERE sequence > 100;
      UPDATE meta SET value = (SELECT json_object('sequence', sequence, 'hash', hash) FROM audit ORDER BY sequence DESC LIMIT 1) WHERE key = 'audit_head'`);
    expect((await verify(folder)).complained.join()).toContain("does not hold at entry 101:");
  });

  test("notices changed anchors", async () => {
    const folder = copy();
    const anchors = join(folder, "audit-head.jsonl");
    writeFileSync(anchors, readFileSync(anchors, "utf8").replace("{", "?"));
    const { complained, code } = await verify(folder);
    expect([code, complained.join()]).toEqual([1, expect.stringContaining("line 1 of the anchor file")]);
  });

  test("does not call a trail whole whose anchor file is missing", async () => {
    const folder = copy();
    rmSync(join(folder, "audit-head.jsonl"));
    const { printed, complained, code } = await verify(folder);
    expect([code, printed]).toEqual([1, []]);
    expect(complained.join()).toContain("entries cut off its end, or a rewrite of the whole, cannot be excluded");
    const json = await verify(folder, "--format", "json");
    expect([json.code, JSON.parse(json.printed[0] ?? "")]).toEqual([
      1,
      expect.objectContaining({ ok: false, entries: ENTRIES, anchors: 0 }),
    ]);
  });

  test("takes a store that nothing was noted of yet", async () => {
    const folder = join(home, "young");
    await using store = await openSqliteStore({ folder, log: silent, clock: { now: () => 0 } });
    expect(await store.verifyAudit()).toMatchObject({ ok: true, entries: 0 });
    expect(await verify(folder)).toMatchObject({ code: 0, printed: [expect.stringMatching(/^ok: 0 entries/)] });
  });

  test("names the entry in which any one byte of the file was edited", async () => {
    const bytes = readFileSync(join(original, "vedette.db"));
    // Each stored entry names its sequence number last but one; its bytes are where the file was edited.
    for (const sequence of [1, 63, 64, 65, 128, 199, 200]) {
      const start = bytes.indexOf(`"sequence":${sequence},"subject"`);
      for (const [offset, flip] of [
        [12, 1],
        [30, 0x80],
        [40, 0xff],
      ] as const) {
        const folder = copy();
        const changed = Buffer.from(bytes);
        changed[start + offset] = (bytes[start + offset] ?? 0) ^ flip;
        writeFileSync(join(folder, "vedette.db"), changed);
        const { complained, code } = await verify(folder);
        expect([code, complained.join()], `entry ${sequence}, byte ${offset}`).toEqual([
          1,
          expect.stringContaining(`does not hold at entry ${sequence}:`),
        ]);
        rmSync(folder, { recursive: true });
      }
    }
  });

  test("reports a page that cannot be read as the place of the damage", async () => {
    const folder = copy();
    const path = join(folder, "vedette.db");
    const bytes = readFileSync(path);
    const at = bytes.indexOf('"sequence":120,"subject"');
    bytes.fill(0xff, at - (at % 4096), at - (at % 4096) + 4096);
    writeFileSync(path, bytes);
    const { complained, code } = await verify(folder);
    expect(code).toBe(1);
    const place = Number(/at entry (\d+):/.exec(complained.join())?.[1]);
    expect(place).toBeLessThanOrEqual(120);
    expect(place).toBeGreaterThan(100);
  });

  test("ends with exit code 2 where there is no data folder", async () => {
    const { complained, code } = await verify(join(home, "nowhere"));
    expect([code, complained.join()]).toEqual([2, expect.stringContaining("data-folder-missing")]);
  });
});
