import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isPipelinePath, readPipelines } from "./pipelines.ts";

const folder = mkdtempSync(join(tmpdir(), "vedette-pipelines-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const PIPELINE = "transformations:\n  - { type: field_name_prefix, prefix: p. }\n";

describe("readPipelines", () => {
  it("reads files and folders at any depth, in the order of names", () => {
    write("tree/b.yml", `name: B\n${PIPELINE}`);
    write("tree/a/z.yaml", `name: Z\n${PIPELINE}`);
    write("tree/README.md", "no pipeline");
    const single = write("single.yml", PIPELINE);
    const { pipelines, problems } = readPipelines([single, join(folder, "tree")]);
    expect(pipelines.map(({ name }) => name)).toEqual([single, "Z", "B"]);
    expect(problems).toEqual([]);
  });

  it.each<[string, () => string, string]>([
    ["a path that is not there", () => join(folder, "gone.yml"), "pipeline-file-unreadable"],
    ["a file of another kind", () => write("p.json", "{}"), "pipeline-file-type"],
    ["a folder without pipelines", () => join(write("bare/README.md", ""), ".."), "pipeline-folder-empty"],
    ["a pipeline with an error", () => write("bad.yml", "transformation: []\n"), "pipeline-unknown-key"],
  ])("names %s and goes on with the others", (_name, path, code) => {
    const { pipelines, problems } = readPipelines([path(), write("good.yml", PIPELINE)]);
    expect(problems).toMatchObject([{ code, severity: "error" }]);
    expect(pipelines).toHaveLength(1);
  });
});

describe("isPipelinePath", () => {
  it.each([
    ["ecs.yml", true],
    ["ecs.YAML", true],
    ["./pipelines", true],
    ["a/b", true],
    ["windows", false],
    ["ecs", false],
  ])("%s: %s", (text, expected) => {
    expect(isPipelinePath(text)).toBe(expected);
  });
});
