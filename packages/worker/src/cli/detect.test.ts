import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { detectCommand } from "./detect.ts";
import { rulesCommand } from "./rules.ts";
import { type Captured, captureOutput } from "./testing/capture-output.ts";

const RULES = `title: Failed login
id: 11111111-1111-4111-8111-111111111111
name: failed_login
level: low
logsource: { product: vedette, service: authentication }
detection: { s: { event.outcome: failure }, condition: s }
vedette:
  examples:
    - { name: a failure, kind: positive, events: [ { event_name: vedette.authentication, attributes: { event.outcome: failure } } ] }
    - { name: a success, kind: negative, events: [ { event_name: vedette.authentication, attributes: { event.outcome: success } } ] }
---
title: Guessing
id: 22222222-2222-4222-8222-222222222222
level: high
correlation: { type: event_count, rules: [failed_login], group-by: [client.address], timespan: 1m, condition: { gte: 3 } }
---
title: Honey
id: 33333333-3333-4333-8333-333333333333
level: critical
logsource: { product: vedette, service: honeytoken }
detection: { s: { vedette.honeytoken.name: '*' }, condition: s }
`;

let folder: string;
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
const login = (second: number, address = "192.0.2.1"): object => ({
  "@timestamp": new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString(),
  event_name: "vedette.authentication",
  attributes: { "event.outcome": "failure", "client.address": address },
  resource: { attributes: {} },
});
const honey = {
  event_name: "vedette.honeytoken",
  attributes: { "vedette.honeytoken.name": "key" },
  resource: { attributes: {} },
};
const lines = (...events: readonly object[]): string => events.map((event) => `${JSON.stringify(event)}\n`).join("");

let rules: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-detect-"));
  rules = file("rules.yml", RULES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function detect(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await detectCommand(output).parseAsync(parameters, { from: "user" });
  return captured;
}

const findings = ({ printed }: Captured): readonly Record<string, unknown>[] =>
  printed.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("vedette detect", () => {
  test("prints one finding a line with the event's number over all inputs", async () => {
    const first = file("first.jsonl", lines(login(0), honey));
    const second = file("second.json", JSON.stringify([honey], null, 2));
    const captured = await detect("--rules", rules, "--events", first, second);
    expect(captured.code).toBe(1);
    expect(findings(captured)).toEqual([
      {
        rule: { id: "33333333-3333-4333-8333-333333333333", title: "Honey", level: "critical" },
        events: [{ index: 1, id: expect.stringMatching(/^[0-9a-f]{32}-1$/) }],
        time: null,
        entities: {},
      },
      expect.objectContaining({ events: [{ index: 2, id: expect.any(String) }] }),
    ]);
  });

  test("prints an episode once, when it is over, and not the facts that only count", async () => {
    const input = file("logins.jsonl", lines(login(0), login(10), login(5), login(300), login(10_000)));
    expect(findings(await detect("--rules", rules, "--events", input))).toEqual([
      {
        rule: { id: "22222222-2222-4222-8222-222222222222", title: "Guessing", level: "high" },
        events: [0, 2, 1].map((index) => ({ index, id: expect.any(String) })),
        time: "2026-01-01T00:00:00.000Z",
        to: "2026-01-01T00:00:10.000Z",
        group: { "client.address": "192.0.2.1" },
        entities: { address: ["192.0.2.1"] },
      },
    ]);
  });

  test("reads gzip and zstd by their first bytes, and gives ids that do not depend on the file's name", async () => {
    const text = lines(honey);
    const ids = await Promise.all(
      [
        file("a.jsonl", text),
        file("b.gz", gzipSync(text)),
        file("c.zst", zstdCompressSync(text)),
        file("unnamed", gzipSync(text)),
      ].map(async (path) => findings(await detect("--rules", rules, "--events", path))),
    );
    expect(new Set(ids.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(ids[0]).toHaveLength(1);
  });

  test("reports a broken line with its place and goes on", async () => {
    const input = file("broken.jsonl", `${lines(honey)}{"a\n[1]\n${lines(honey)}`);
    const captured = await detect("--rules", rules, "--events", input);
    expect(findings(captured).map(({ events }) => events)).toEqual([
      [expect.objectContaining({ index: 0 })],
      [expect.objectContaining({ index: 1 })],
    ]);
    expect(captured.complained).toEqual([
      expect.stringContaining("broken.jsonl:2: "),
      expect.stringContaining("broken.jsonl:3: "),
      expect.stringContaining("2 inputs or lines could not be read"),
    ]);
    expect(captured.complained[0]).toContain("(event-malformed)");
    expect(captured.code).toBe(2);
  });

  test("reports a file that is missing, a folder, and a compressed file that is cut off", async () => {
    const cut = file(
      "cut.gz",
      gzipSync(lines(...Array.from({ length: 5_000 }, (_, index) => ({ ...honey, index })))).subarray(0, -20),
    );
    const captured = await detect(
      "--rules",
      rules,
      "--events",
      join(folder, "nope.jsonl"),
      folder,
      cut,
      "--format",
      "summary",
    );
    expect(captured.complained.join("\n")).toMatch(
      /nope\.jsonl: there is no such file \(event-file-unreadable\)[^]*it is a folder[^]*cut\.gz: .*\(event-file-damaged\)/,
    );
    expect(captured.code).toBe(2);
  });

  test("says how many events no rule looked at, and where the first is", async () => {
    const captured = await detect(
      "--rules",
      rules,
      "--events",
      file("odd.jsonl", `${lines(honey)}\n${lines({ a: 1 }, { b: 2 })}`),
    );
    expect(captured.complained).toEqual([
      expect.stringMatching(/^2 of 3 events belong to no log source.*odd\.jsonl:3\./),
    ]);
  });

  test("reports a refused rule with its place and goes on with the others", async () => {
    const bad = file(
      "bad.yml",
      RULES.replaceAll("-4111-", "-4112-").replaceAll("event.outcome:", "event.outcome|oops:").split("---")[0] ?? "",
    );
    const captured = await detect("--rules", rules, bad, "--events", file("one.jsonl", lines(honey)));
    expect(captured.printed).toHaveLength(1);
    expect(captured.complained.join("\n")).toMatch(/bad\.yml:6:19: .*error.*: Unknown modifier "oops"/);
    expect(captured.code).toBe(1);
  });

  test("ends with 2 where no rule could be loaded, and with 0 where nothing was found", async () => {
    expect((await detect("--rules", join(folder, "none.yml"), "--events", rules)).code).toBe(2);
    expect(await detect("--rules", rules, "--events", file("calm.jsonl", lines(login(0))))).toEqual({
      printed: [],
      complained: [],
      code: 0,
    });
  });

  test("as table and as summary", async () => {
    const input = file("mixed.jsonl", lines(honey, honey, login(0), login(1), login(2)));
    const table = (await detect("--rules", rules, "--events", input, "--format", "table")).printed;
    expect(table[0]).toMatch(/^TIME +LEVEL +RULE +EVENTS +ENTITIES$/);
    expect(table[3]).toMatch(/high +Guessing +2 \+2 +address=192\.0\.2\.1$/);
    const summary = (await detect("--rules", rules, "--events", input, "--format", "summary")).printed;
    expect(summary.slice(1)).toEqual([
      expect.stringMatching(/^2 +critical +Honey/),
      expect.stringMatching(/^1 +high +Guessing/),
      "3 findings of 2 rules in 5 events (3 rules loaded).",
    ]);
  });

  test("by one mapping alone", async () => {
    const captured = await detect("--rules", rules, "--events", file("p.jsonl", lines(honey)), "--pipeline", "windows");
    expect([captured.printed, captured.code]).toEqual([[], 0]);
    expect(captured.complained[0]).toContain("1 of 1 events belong to no log source");
  });
});

async function rulesRun(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  await rulesCommand(output).parseAsync(parameters, { from: "user" });
  return captured;
}

describe("vedette rules", () => {
  test("check lists problems and ends with 0, 1 or 2", async () => {
    expect(await rulesRun("check", rules)).toEqual({
      printed: ["3 rules loaded, 0 errors, 0 warnings."],
      complained: [],
      code: 0,
    });
    const bad = file("wrong.yml", `${RULES}---\ntitle: [\n`);
    const captured = await rulesRun("check", bad);
    expect(captured.printed[0]).toMatch(/wrong\.yml:\d+:\d+: .*\(rule-yaml-syntax\)/);
    expect(captured.code).toBe(1);
    expect((await rulesRun("check", join(folder, "nothing"))).code).toBe(2);
    expect(JSON.parse((await rulesRun("check", rules, "--format", "json")).printed[0] ?? "")).toEqual({
      files: 1,
      loaded: 3,
      signatures: 2,
      correlations: 1,
      filters: 0,
      errors: 0,
      warnings: 0,
      codes: {},
      problems: [],
    });
  });

  test("check does not call an empty file good", async () => {
    const captured = await rulesRun("check", file("empty.yml", ""));
    expect(captured.complained.join("\n")).toMatch(/There is no rule in .*empty\.yml/);
    expect(captured.code).toBe(2);
  });

  test("test runs the examples and names the one that fails", async () => {
    const good = await rulesRun("test", rules);
    expect([good.printed.at(-1), good.code]).toEqual(["2 of 2 examples hold, in 3 rules; 2 rules have none.", 0]);
    const failing = file("failing.yml", RULES.replace("event.outcome: success } } ]", "event.outcome: failure } } ]"));
    const captured = await rulesRun("test", failing, "--rule", "11111111-1111-4111-8111-111111111111");
    expect(captured.printed.join("\n")).toMatch(/FAIL.*Failed login › a success \(negative\): 1 findings, 0 expected/);
    expect(captured.code).toBe(1);
    expect((await rulesRun("test", rules, "--rule", "none")).code).toBe(2);
  });

  test("list filters by level and tag", async () => {
    const { printed } = await rulesRun("list", rules, "--level", "high", "--format", "json");
    expect((JSON.parse(printed[0] ?? "") as readonly { title: string }[]).map(({ title }) => title)).toEqual([
      "Guessing",
      "Honey",
    ]);
    expect((await rulesRun("list", rules, "--tag", "none")).printed.at(-1)).toBe("0 of 3 rules.");
  });
});
