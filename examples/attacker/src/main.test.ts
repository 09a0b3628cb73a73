import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { findPayloadFile } from "./payload-file.ts";

const folder = mkdtempSync(join(tmpdir(), "vedette-attacker-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the command and gives its exit code and what it wrote. */
function run(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  return new Promise((done) => {
    const child = execFile(process.execPath, ["--conditions=vedette-source", main, ...args], (_error, out, err) => {
      done({ code: child.exitCode ?? -1, out, err });
    });
  });
}

describe("the command", () => {
  it("explains itself", async () => {
    const { code, out } = await run("--help");
    expect([code, out.split("\n")[0]]).toEqual([
      0,
      "Sends ordinary traffic mixed with attacks to the example shop on this machine.",
    ]);
  });

  it.each([
    [["--target", "http://192.0.2.1"], "is not a loopback address"],
    [["--seconds", "soon"], '--seconds "soon" is no whole number'],
    [["--payloads", join(folder, "gone.jsonl")], "gone.jsonl"],
    [["--traget", "x"], "--traget"],
  ])("refuses %j with one sentence and exit code 2", async (args, message) => {
    const { code, out, err } = await run(...args);
    expect([code, out, err.trim().split("\n").length]).toEqual([2, "", 1]);
    expect(err).toContain(message);
  });
});

describe("findPayloadFile", () => {
  const file = join(folder, "shared", "data", "web-payloads.jsonl.gz");
  const repository = join(folder, "repository");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "");

  it.each<[string, string | undefined, Record<string, string>, string, string | undefined]>([
    ["the one that was asked for", "mine.jsonl", {}, repository, resolve("mine.jsonl")],
    ["the one in VEDETTE_SHARED", undefined, { VEDETTE_SHARED: join(folder, "shared") }, "/", file],
    ["the one beside the repository", undefined, {}, repository, file],
    ["none when there is none", undefined, { VEDETTE_SHARED: join(folder, "elsewhere") }, repository, undefined],
  ])("gives %s", (_name, asked, environment, root, expected) => {
    expect(findPayloadFile(asked, environment, root)).toBe(expected);
  });
});
