import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { drawPayloads, OWN_PAYLOADS } from "./payloads.ts";
import { createRandom } from "./random.ts";

const folder = mkdtempSync(join(tmpdir(), "vedette-payloads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROWS = [
  { label: "sqli", payload: "' or 1=1" },
  { label: "sqli", payload: "x".repeat(401) },
  { label: "xss", payload: "<script>" },
  { label: "path-traversal", payload: "../{file}" },
  { label: "cmdi", payload: "; id" },
  { label: "benign", payload: "mug" },
];

function write(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(path, name.endsWith(".gz") ? gzipSync(text) : text);
  return path;
}

describe("drawPayloads", () => {
  it("draws from the small own set when there is no file", () => {
    const drawn = drawPayloads(undefined, createRandom(1), 100);
    expect(new Set(drawn.xss)).toEqual(new Set(OWN_PAYLOADS.xss));
  });

  it.each(["rows.jsonl", "rows.jsonl.gz"])("reads %s, and leaves out what is benign or too long", (name) => {
    expect(drawPayloads(write(name, ROWS), createRandom(1), 100)).toEqual({
      sqli: ["' or 1=1"],
      xss: ["<script>"],
      "path-traversal": ["../etc/passwd"],
      cmdi: ["; id"],
    });
  });

  it("draws the same for the same seed, and something else for another", () => {
    const draw = (seed: number): readonly string[] => drawPayloads(undefined, createRandom(seed), 4).sqli;
    expect(draw(1)).toEqual(draw(1));
    expect([2, 3, 4, 5].some((seed) => draw(seed).join() !== draw(1).join())).toBe(true);
  });

  it("says which line of a file is no JSON, and which class is missing", () => {
    const broken = join(folder, "broken.jsonl");
    writeFileSync(broken, '{"label":"sqli","payload":"x"}\n{\n');
    expect(() => drawPayloads(broken, createRandom(1), 4)).toThrow("line 2");
    expect(() => drawPayloads(write("few.jsonl", ROWS.slice(0, 3)), createRandom(1), 4)).toThrow('"path-traversal"');
  });
});
