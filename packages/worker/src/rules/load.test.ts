import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { builtinRulesFolder, readRuleFiles } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "vedette-rules-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const LINES = '{"path":"a.yml","yaml":"title: A"}\n\n{"path":"b.yml","yaml":"title: B"}\n';

describe("readRuleFiles", () => {
  it("reads a folder at any depth, in the order of names, and leaves other files alone", () => {
    write("tree/b.yml", "title: B");
    write("tree/a/z.yaml", "title: Z");
    write("tree/README.md", "no rule");
    const { files, problems } = readRuleFiles([join(folder, "tree")]);
    expect(files).toEqual([
      { path: join(folder, "tree/a/z.yaml"), text: "title: Z" },
      { path: join(folder, "tree/b.yml"), text: "title: B" },
    ]);
    expect(problems).toEqual([]);
  });

  it.each([
    ["rules.jsonl", LINES],
    ["rules.jsonl.gz", gzipSync(LINES)],
  ])("reads %s", (name, content) => {
    expect(readRuleFiles([write(name, content)])).toEqual({
      files: [
        { path: "a.yml", text: "title: A" },
        { path: "b.yml", text: "title: B" },
      ],
      problems: [],
      shadow: { paths: new Set(), ids: new Set() },
    });
  });

  it("names each line that is no rule and goes on with the others", () => {
    const path = write("broken.jsonl", '{"path":"a.yml"}\nnull\n{\n{"path":"b.yml","yaml":"title: B"}\n');
    const { files, problems } = readRuleFiles([path]);
    expect(files).toHaveLength(1);
    expect(problems.map(({ code, line }) => [code, line])).toEqual([
      ["rule-line-malformed", 1],
      ["rule-line-malformed", 2],
      ["rule-line-malformed", 3],
    ]);
  });

  it.each<[string, () => string, string]>([
    ["a path that is not there", () => join(folder, "gone.yml"), "rule-file-unreadable"],
    ["a file of another kind", () => write("rule.txt", "title: A"), "rule-file-type"],
    ["a folder without rules", () => join(write("bare/README.md", ""), ".."), "rule-folder-empty"],
    ["a cut gzip file", () => write("cut.jsonl.gz", gzipSync(LINES).subarray(0, 20)), "rule-file-damaged"],
    [
      "a gzip bomb",
      () => write("bomb.jsonl.gz", gzipSync(Buffer.alloc(257 * 1024 * 1024), { level: 1 })),
      "rule-file-too-large",
    ],
  ])("reports %s and goes on", (_name, path, code) => {
    const bad = path();
    const good = write("good.yml", "title: Good");
    const { files, problems } = readRuleFiles([bad, good]);
    expect(files).toEqual([{ path: good, text: "title: Good" }]);
    expect(problems).toMatchObject([{ code, path: bad, severity: "error", suggestion: expect.any(String) as string }]);
  });

  it("finds the rules that come with Vedette", () => {
    expect(readRuleFiles([builtinRulesFolder()]).files.length).toBeGreaterThanOrEqual(14);
  });
});
