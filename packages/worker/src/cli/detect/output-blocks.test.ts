import { expect, test } from "vitest";
import { createOutputBlocks } from "./output-blocks.ts";

test("lines are written in few blocks, whole and in order, and nothing is held back after a flush", () => {
  const written: string[] = [];
  const blocks = createOutputBlocks((text) => written.push(text));
  const lines = Array.from({ length: 5_000 }, (_, index) => `${index} ${"x".repeat(index % 90)}`);
  for (const line of lines) blocks.print(line);
  expect(written.length).toBeGreaterThan(1);
  expect(written.length).toBeLessThan(10);
  blocks.flush();
  expect(written.join("")).toBe(`${lines.join("\n")}\n`);
  for (const block of written.slice(0, -1)) expect(block.length).toBeGreaterThanOrEqual(64 * 1024);
});

test("a flush without a line writes nothing", () => {
  const written: string[] = [];
  const blocks = createOutputBlocks((text) => written.push(text));
  blocks.flush();
  blocks.print("");
  blocks.flush();
  blocks.flush();
  expect(written).toEqual(["\n"]);
});
