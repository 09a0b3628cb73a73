import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rulesCommand } from "../rules.ts";
import { type Captured, captureOutput } from "../testing/capture-output.ts";
import { EVIL_RULES, type DetectFolder, detectFolder, jsonLines, windowsEvent } from "../testing/detect-folder.ts";

let folder: DetectFolder;
let rules: string;
let events: string;
beforeAll(() => {
  folder = detectFolder();
  rules = folder.file(
    "rules.yml",
    EVIL_RULES.replace("level: high", "level: high\ntags: [attack.execution, attack.t1059.001, cve.2026-1]"),
  );
  events = folder.file("events.jsonl", jsonLines([windowsEvent(0), windowsEvent(1), { a: 1 }]));
});
afterAll(() => folder.remove());

async function run(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await rulesCommand(output).parseAsync(parameters, { from: "user" });
  return captured;
}

describe("vedette rules show", () => {
  test("shows a signature in words", async () => {
    const { printed, code } = await run("show", "evil", rules);
    expect(code).toBe(0);
    expect(printed.join("\n")).toMatch(
      /^Evil\n +id: +1111[^]*level: +high \(experimental\)\n +tactics: +execution\n +ATT&CK: +T1059\.001\n +other tags: +cve\.2026-1\n +log source: +product windows\n +file: +.*rules\.yml:1\n +revision: +[0-9a-f]{64}\n\ncondition: s\n {2}s:\n {4}CommandLine contains "evil" \(line \d+\)\n\ncorrelated by: Often .*\n\nexception: drill, of red@example\.org, until 2030-01-01T00:00:00\.000Z$/,
    );
  });

  test("shows a correlation in words", async () => {
    const { printed } = await run("show", "Often", rules);
    expect(printed.join("\n")).toMatch(
      /event_count: at least 3 findings within 1 minute with equal Computer\.\n {2}of Evil \(1111/,
    );
  });

  test("as JSON", async () => {
    const { printed } = await run("show", "1111", rules, "--format", "json");
    expect(JSON.parse(printed[0] ?? "")).toMatchObject({
      title: "Evil",
      line: 1,
      attack: { tactics: ["execution"], ids: ["T1059.001"] },
      detection: {
        conditions: ["s"],
        searches: [
          { name: "s", entries: [[{ field: "CommandLine", modifiers: ["contains"], values: [{ value: '"evil"' }] }]] },
        ],
      },
      correlatedBy: [{ title: "Often" }],
    });
  });

  test.each<[string, RegExp]>([
    ["evli", /There is no rule "evli"\. Did you mean "evil"\?/],
    ["1", /There is no rule "1"/],
    ["ofte", /Did you mean "Often"/],
    ["zzzzzz", /"vedette rules list" lists them all/],
  ])("does not guess at %s, but suggests", async (text, complaint) => {
    const { complained, code } = await run("show", text, rules);
    expect([complained.join("\n"), code]).toEqual([expect.stringMatching(complaint), 2]);
  });

  test("lists the rules that a beginning of an id can be", async () => {
    const twins = folder.file(
      "twins.yml",
      `${EVIL_RULES}---\n${(EVIL_RULES.split("---")[0] ?? "").replace("8111-111111111111", "8111-222222222222").replace("name: evil\n", "")}`,
    );
    const { complained, code } = await run("show", "1111", twins);
    expect([complained.join("\n"), code]).toEqual([
      expect.stringMatching(/"1111" can be 2 rules:\n {2}1111.*\n {2}1111/),
      2,
    ]);
  });
});

describe("vedette rules explain", () => {
  test("explains each event", async () => {
    const { printed, code } = await run("explain", "evil", rules, "--event", events);
    expect(code).toBe(0);
    expect(printed.filter((line) => line.startsWith("event "))).toEqual([
      expect.stringMatching(/^event 0 \(.*events\.jsonl:1\): match$/),
      expect.stringMatching(/^event 1 \(.*events\.jsonl:2\): no match$/),
      expect.stringMatching(/^event 2 \(.*events\.jsonl:3\): not asked$/),
    ]);
    expect(printed).toContain('      CommandLine does not contain "evil" (line 7)');
  });

  test("explains one, as JSON, with the log source given", async () => {
    const one = await run(
      "explain",
      "evil",
      rules,
      "--event",
      events,
      "--index",
      "2",
      "--format",
      "json",
      "--logsource",
      "product=windows",
    );
    expect(one.printed).toHaveLength(1);
    expect(JSON.parse(one.printed[0] ?? "")).toMatchObject({
      event: { index: 2, place: expect.stringMatching(/events\.jsonl:3$/) as string },
      matched: false,
      outcome: "condition",
      mapping: "json",
      decision: { kind: "search", name: "s", items: [{ kind: "field", field: "CommandLine", place: null }] },
    });
  });

  test("ends with 2 where there is no such event, file or rule", async () => {
    const none = await run("explain", "evil", rules, "--event", events, "--index", "9");
    expect([none.code, none.complained]).toEqual([2, ["There is no event 9: there are 3, counted from 0."]]);
    const missing = await run("explain", "evil", rules, "--event", `${events}.nope`);
    expect([missing.code, missing.complained[0]]).toEqual([2, expect.stringContaining("there is no such file")]);
    expect((await run("explain", "nothing", rules, "--event", events)).code).toBe(2);
  });
});

describe("vedette rules check", () => {
  const broken = `title: A
logsource: { product: windows }
detection: { s: { a|oops: 1 }, condition: s }
---
title: B
id: 22222222-2222-4222-8222-222222222223
logsource: { product: windows }
detection: { s: { a|all: 1 }, condition: s }
`;

  test("counts problems by code", async () => {
    const path = folder.file("broken.yml", broken);
    const { printed, code } = await run("check", path);
    expect(code).toBe(1);
    expect(printed.slice(-4).join("\n")).toMatch(
      /PROBLEMS +KIND +CODE\n1 +error +rule-unknown-modifier\n[^]*1 rule loaded, 1 error, \d+ warnings?\.$/,
    );
    const { printed: json } = await run("check", path, "--format", "json");
    expect(JSON.parse(json[0] ?? "")).toMatchObject({
      loaded: 1,
      errors: 1,
      codes: { "rule-unknown-modifier": 1, "rule-all-single-value": 1 },
    });
  });

  test("warnings fail only where that is asked for", async () => {
    const path = folder.file("warned.yml", broken.split("---\n")[1] ?? "");
    expect((await run("check", path)).code).toBe(0);
    expect((await run("check", path, "--strict")).code).toBe(1);
  });
});

test("rules go through a processing pipeline before anything is said of them", async () => {
  const pipeline = folder.file(
    "pipeline.yml",
    "name: p\npriority: 10\ntransformations:\n  - { id: i, type: field_name_mapping, mapping: { CommandLine: process.command_line } }\n",
  );
  const { printed } = await run("show", "evil", rules, "--pipeline", pipeline);
  expect(printed.join("\n")).toContain('process.command_line contains "evil"');
  const wrong = await run("show", "evil", rules, "--pipeline", `${pipeline}.nope.yml`);
  expect([wrong.code, wrong.complained.join("\n")]).toEqual([2, expect.stringContaining("pipeline-file-unreadable")]);
});
