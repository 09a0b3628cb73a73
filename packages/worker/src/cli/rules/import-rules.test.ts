import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readRuleFiles } from "../../rules/load.ts";
import { rulesCommand } from "../rules.ts";
import { type Captured, captureOutput } from "../testing/capture-output.ts";

let folder: string;
let from: string;
let to: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-import-"));
  [from, to] = [join(folder, "from"), join(folder, "to")];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await rulesCommand(output).parseAsync(parameters, { from: "user" });
  return captured;
}
function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const idOf = (digit: number): string => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
const sigma = (digit: number, value = "evil"): string =>
  `title: Rule ${digit}\nid: ${idOf(digit)}\nauthor: A. Uthor\nlevel: ${digit === 2 ? "low" : "high"}\nlogsource: { product: windows }\ndetection: { s: { a: ${value} }, condition: s }\n`;
const imported = async (...more: readonly string[]): Promise<Record<string, unknown>> => {
  const { printed } = await run("import", "sigmahq", "--from", from, "--to", to, "--format", "json", ...more);
  return (JSON.parse(printed[0] ?? "") as { counts: Record<string, unknown> }).counts;
};

describe("vedette rules import", () => {
  test("copies rules with their authors and licence, refuses what cannot be loaded, and leaves out what nobody asked for", async () => {
    put(join(from, "rules/a.yml"), sigma(1));
    put(join(from, "rules/low.yml"), sigma(2));
    put(join(from, "rules/broken.yml"), sigma(3).replace("condition: s", "condition: nope"));
    put(join(from, "deprecated/b.yml"), sigma(4));
    const result = await run("import", "sigmahq", "--from", from, "--to", to, "--level", "high");
    expect([result.code, result.printed.join("\n")]).toEqual([
      0,
      expect.stringMatching(/1 {2}new, in shadow[^]*2 {2}left out[^]*1 {2}refused\n +rules\/broken\.yml:6: /),
    ]);
    const manifest = readFileSync(join(to, "vedette-import.yaml"), "utf8");
    expect(manifest).toContain("Detection Rule License 1.1");
    expect(manifest).toContain("A. Uthor");
    expect(readFileSync(join(to, "rules/a.yml"), "utf8")).toBe(sigma(1));
  });

  test("writes nothing with --dry-run", async () => {
    put(join(from, "a.yml"), sigma(1));
    expect(await imported("--dry-run")).toMatchObject({ added: 1 });
    expect(readRuleFiles([to]).problems).toMatchObject([{ code: "rule-file-unreadable" }]);
  });

  test("shows what changed on either side, and overwrites nothing that the user changed", async () => {
    for (const digit of [1, 2, 3, 4, 5, 6]) put(join(from, `${digit}.yml`), sigma(digit));
    expect(await imported()).toMatchObject({ added: 6 });
    put(join(from, "2.yml"), sigma(2, "theirs"));
    put(join(to, "3.yml"), sigma(3, "mine"));
    put(join(from, "4.yml"), sigma(4, "theirs"));
    put(join(to, "4.yml"), sigma(4, "mine"));
    rmSync(join(from, "5.yml"));
    rmSync(join(to, "6.yml"));
    put(join(from, "7.yml"), sigma(7));
    put(join(to, "8.yml"), "mine");
    put(join(from, "8.yml"), sigma(8));
    const expected = { unchanged: 1, changed: 1, kept: 1, conflict: 1, removed: 1, deleted: 1, added: 1, foreign: 1 };
    expect(await imported()).toMatchObject(expected);
    expect(readFileSync(join(to, "2.yml"), "utf8")).toBe(sigma(2, "theirs"));
    expect(readFileSync(join(to, "3.yml"), "utf8")).toBe(sigma(3, "mine"));
    expect(readFileSync(join(to, "4.yml"), "utf8")).toBe(sigma(4, "mine"));
    expect(readFileSync(join(to, "8.yml"), "utf8")).toBe("mine");
    expect(await imported()).toMatchObject({ conflict: 1, foreign: 1, kept: 1, unchanged: 3 });
  });

  test.each([
    [["import", "sigmahq", "--to", "X"], /nothing is fetched from the network/],
    [["import", "elastalert", "--to", "X"], /--from/],
    [["import", "/nowhere", "--to", "X"], /does not exist/],
  ])("ends with 2 and a cure for %j", async (parameters, complaint) => {
    const { complained, code } = await run(...parameters.map((one) => (one === "X" ? to : one)));
    expect([code, complained.join("\n")]).toEqual([2, expect.stringMatching(complaint)]);
  });

  test("refuses to mix origins, and to go on from a damaged manifest", async () => {
    put(join(from, "a.yml"), sigma(1));
    await imported();
    const mixed = await run("import", "elastalert", "--from", from, "--to", to);
    expect([mixed.code, mixed.complained[0]]).toEqual([2, expect.stringContaining("imported from sigmahq")]);
    put(join(to, "vedette-import.yaml"), "version: 2\n");
    const damaged = await run("import", "sigmahq", "--from", from, "--to", to);
    expect([damaged.code, damaged.complained[0]]).toEqual([2, expect.stringContaining("cannot be read")]);
    expect(readRuleFiles([to])).toMatchObject({ files: [], problems: [{ code: "rule-manifest-damaged" }] });
  });
});

describe("vedette rules promote and demote", () => {
  const states = async (): Promise<readonly unknown[]> =>
    (JSON.parse((await run("list", to, "--format", "json")).printed[0] ?? "") as { state: unknown }[]).map(
      ({ state }) => state,
    );

  test("change what rules may do, and an import keeps it", async () => {
    put(join(from, "a/1.yml"), sigma(1));
    put(join(from, "a/2.yml"), sigma(2));
    await imported();
    expect(await states()).toEqual(["shadow", "shadow"]);
    await run("promote", idOf(1), "--in", to);
    put(join(from, "a/1.yml"), sigma(1, "changed"));
    await imported();
    expect(await states()).toEqual(["active", "shadow"]);
    expect((await run("promote", "--all", "--in", to)).printed[0]).toMatch(/^1 file now active, of 2/);
    await run("demote", "a", "--in", to);
    expect(await states()).toEqual(["shadow", "shadow"]);
    await run("demote", "a/2.yml", "--off", "--in", to);
    expect(await states()).toEqual(["shadow"]);
  });

  test("keep a rule in shadow that was moved to another file", async () => {
    put(join(from, "1.yml"), sigma(1));
    await imported();
    put(join(to, "elsewhere.yml"), sigma(1));
    rmSync(join(to, "1.yml"));
    expect(await states()).toEqual(["shadow"]);
  });

  test("end with 2 and change nothing for an unknown id, no id, or a folder without imports", async () => {
    put(join(from, "1.yml"), sigma(1));
    await imported();
    const unknown = await run("promote", idOf(1), "nope", "--in", to);
    expect([unknown.code, unknown.complained[0]]).toEqual([2, expect.stringMatching(/^nope: .*Nothing was changed/)]);
    expect(await states()).toEqual(["shadow"]);
    expect((await run("promote", "--in", to)).code).toBe(2);
    expect((await run("promote", "x", "--in", from)).code).toBe(2);
  });
});
