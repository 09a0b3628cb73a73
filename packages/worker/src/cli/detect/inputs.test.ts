import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  EVIL_RULES,
  type DetectFolder,
  detectFolder,
  jsonLines,
  runDetect,
  windowsEvent,
} from "../testing/detect-folder.ts";

let folder: DetectFolder;
let rules: string;
beforeAll(() => {
  folder = detectFolder();
  rules = folder.file("rules.yml", EVIL_RULES.split("---")[0] ?? "");
});
afterAll(() => folder.remove());

const found = async (name: string, content: string | Uint8Array) => {
  const { printed, complained, code } = await runDetect("--rules", rules, "--events", folder.file(name, content));
  return { found: printed.length, complained: complained.join("\n"), code };
};
const evil = (fields: object = {}): string => jsonLines([windowsEvent(0, fields)]).trimEnd();

describe("events come in many forms", () => {
  const three = [evil(), evil({ User: "ü" }), evil()];
  test.each<[string, string | Uint8Array]>([
    ["lines", `${three.join("\n")}\n`],
    ["lines without the last line end, and blank ones", `\n  \n${three.join("\n\n")}`],
    ["Windows line ends", three.join("\r\n")],
    ["a byte order mark", `\uFEFF${three.join("\n")}`],
    ["UTF-16", Buffer.from(`\uFEFF${three.join("\r\n")}`, "utf16le")],
    ["UTF-16, big-endian", Buffer.from(`\uFEFF${three.join("\r\n")}`, "utf16le").swap16()],
    ["an array", `[${three.join(",\n")}]`],
    ["an array after a byte order mark", `\uFEFF [${three.join(",\n")}]`],
    ["whole objects", three.map((line) => JSON.stringify(JSON.parse(line), null, 2)).join("\n")],
    ["records in one document", JSON.stringify({ Records: three.map((line) => JSON.parse(line) as object) })],
    ["items of a list", JSON.stringify({ kind: "List", items: three.map((line) => JSON.parse(line) as object) })],
    [
      "the hits of a search",
      JSON.stringify({ hits: { hits: three.map((line) => ({ _id: "1", _source: JSON.parse(line) as object })) } }),
    ],
    ["gzip", gzipSync(three.join("\n"))],
    [
      "gzip in two members",
      Buffer.concat([gzipSync(`${three[0] ?? ""}\n`), gzipSync(`${three[1] ?? ""}\n${three[2] ?? ""}`)]),
    ],
  ])("%s", async (name, content) => {
    expect(await found(`${name}.events`, content)).toEqual({ found: 3, complained: "", code: 1 });
  });
});

test("a list of records may hold what is none, a rule may look at the whole, and a log source may be told", async () => {
  const records = [JSON.parse(evil()) as object, null, JSON.parse(evil()) as object];
  const answer = await found("mixed.json", JSON.stringify({ Records: records }));
  expect(answer.found).toBe(2);
  expect(answer.complained).toContain("mixed.json:1: a record in the list is not an object");
  const file = folder.file("told.json", JSON.stringify({ value: [JSON.parse(evil()) as object] }));
  const told = await runDetect("--rules", rules, "--events", file, "--logsource", "product=azure");
  expect(told.printed.length).toBe(1);
  const event = folder.file(
    "list.json",
    JSON.stringify({ a: 1, b: 2, c: 3, d: 4, items: [JSON.parse(evil()) as object] }),
  );
  const whole = await runDetect("--rules", rules, "--events", event, "--logsource", "product=azure");
  expect(whole.printed.length).toBe(0);
});

describe("what is broken is told, and the rest goes on", () => {
  test.each<[string, string | Uint8Array, number, RegExp, number]>([
    ["nothing", "", 0, /^There is no event in the input\.$/, 0],
    ["binary data", Buffer.alloc(10_000, 7), 0, /binary data:1: .*event-malformed/, 2],
    [
      "bytes that are not UTF-8",
      Buffer.from(`${evil({ User: "\xe9" })}\n${evil()}`, "latin1"),
      2,
      /1 events have bytes that are not UTF-8/,
      1,
    ],
    [
      "bytes that are not UTF-8 in an array",
      Buffer.from(`[${evil({ User: "\xe9" })},${evil()}]`, "latin1"),
      2,
      /1 events have bytes that are not UTF-8/,
      1,
    ],
    ["a line of 10 MB", `${evil({ User: "x".repeat(10_000_000) })}\n${evil()}`, 2, /^$/, 1],
    [
      "a line above 64 MiB",
      `${evil()}\n${"y".repeat(65 * 2 ** 20)}\n${evil()}\n{`,
      2,
      /:2: .*event-too-large[^]*:4: .*event-malformed/,
      2,
    ],
    [
      "deep nesting",
      `${evil({ User: 0 }).replace(":0", `:${"[".repeat(100_000)}${"]".repeat(100_000)}`)}\n${"[".repeat(100_000)}\n${evil()}`,
      2,
      /deep nesting:2: .*event-malformed/,
      2,
    ],
    [
      "a cut off gzip file",
      gzipSync(jsonLines([windowsEvent(0), windowsEvent(0)])).subarray(0, -9),
      2,
      /event-file-damaged/,
      2,
    ],
    ["what only looks like gzip", Buffer.from([0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 0, /event-file-damaged/, 2],
  ])("%s", async (name, content, count, complaint, code) => {
    const result = await found(name, content);
    expect(result).toEqual({ found: count, complained: expect.stringMatching(complaint) as string, code });
  });

  test("findings that exceptions hid are counted", async () => {
    const input = folder.file("drill.jsonl", `${evil({ User: "drill" })}\n${evil()}`);
    const { printed, complained } = await runDetect("--rules", rules, "--events", input, "--stats", "json");
    expect(printed).toHaveLength(1);
    expect(complained[0]).toBe("1 findings were hidden by exceptions of rules; --stats lists them.");
    expect(JSON.parse(complained[1] ?? "")).toMatchObject({
      events: 2,
      findings: 1,
      threads: 1,
      rules: { loaded: 1, refused: 0 },
      sources: [{ mapping: "windows", logSource: expect.stringContaining("windows/process_creation"), events: 2 }],
      topRules: [{ title: "Evil", findings: 1 }],
      exceptions: [{ exception: "drill", hidden: 1 }],
    });
  });
});

test("statistics as text", async () => {
  const input = folder.file("stats.jsonl", jsonLines([windowsEvent(0), windowsEvent(1)]));
  const { complained } = await runDetect("--rules", rules, "--events", input, "--stats");
  expect(complained.join("\n")).toMatch(
    /events: +2 in .*\nbytes: +\d+ .*\nprocessor: .* in 1 thread .*\nmemory: .*\nrules: +1 loaded.*\nfindings: +1\n[^]*events by mapping and log source:\n +2 {2}windows {2}windows\/process_creation/,
  );
});
