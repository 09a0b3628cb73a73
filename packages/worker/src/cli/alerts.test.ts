import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite/client.ts";
import { sampleAlert, sampleDeny, sampleFact, sampleIncident, sampleRecord } from "../testing/store-samples.ts";
import { alertsCommand } from "./alerts.ts";
import type { CommandOutput } from "./command-output.ts";
import { incidentsCommand } from "./incidents.ts";
import { captureOutput } from "./testing/capture-output.ts";

let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vedette-cli-"));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  await using store = await openSqliteStore({ folder, log, clock: { now: () => 0 } });
  await store.append([sampleRecord("event-f1")]);
  await store.commit({
    id: "1",
    facts: [sampleFact("f1")],
    alerts: [
      sampleAlert("a1", { openedAt: 1, title: "First \u001b[31mred", incidentId: "i1" }),
      sampleAlert("a2", { openedAt: 2, severity: "low", title: "Second" }),
    ],
    alertMembers: [{ alertId: "a1", findingId: "f1", kind: "fact", from: 1_000.25, to: 1_000.25 }],
    history: [{ subject: "a1", time: 5_000, actor: "ann", change: "acknowledged", note: "mine" }],
    incidents: [sampleIncident("i1", { alertIds: ["a1"] })],
    denyList: [sampleDeny("d1", { alertId: "a1", state: "in_force" })],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(build: (output: CommandOutput) => Command, ...args: string[]) {
  const { output, captured } = captureOutput();
  await build(output).parseAsync([...args, "--data", folder], { from: "user" });
  return { ...captured, text: captured.printed.join("\n") };
}

describe("vedette alerts", () => {
  test("lists alerts as a table, with control characters made visible", async () => {
    const { printed, text, code } = await run(alertsCommand, "list");
    expect(code).toBe(0);
    expect(printed[0]).toMatch(/^OPENED +LAST SEEN +SEVERITY +STATUS +FINDINGS +TITLE +ENTITIES +ID$/);
    expect(printed[1]).toMatch(
      /^1970-01-01T00:00:0\dZ +1970-01-01T00:00:02Z +low +open +1 +Second +203\.0\.113\.7 +a2$/,
    );
    expect(text).toContain("First \\u001b[31mred");
    expect(text).not.toContain("\u001b");
    expect(printed.at(-1)).toBe("2 of 2");
  });

  test("filters, and pages by the cursor that it names", async () => {
    expect((await run(alertsCommand, "list", "--severity", "low")).printed).toHaveLength(3);
    expect((await run(alertsCommand, "list", "--to", "1970-01-01T00:00:00Z")).printed.at(-1)).toBe("0 of 0");
    const first = await run(alertsCommand, "list", "--limit", "1");
    const cursor = /--cursor (\S+)$/.exec(first.text)?.[1] ?? "";
    expect((await run(alertsCommand, "list", "--limit", "1", "--cursor", cursor)).text).toContain("First");
  });

  test("prints JSON as the API has it", async () => {
    const list = JSON.parse((await run(alertsCommand, "list", "--format", "json")).text) as {
      items: { id: string }[];
      total: number;
    };
    expect([list.items.map(({ id }) => id), list.total]).toEqual([["a2", "a1"], 2]);
    const detail = JSON.parse((await run(alertsCommand, "show", "a1", "--format", "json")).text) as object;
    expect(detail).toMatchObject({
      id: "a1",
      findings: [{ id: "f1" }],
      events: [{ id: "event-f1" }],
      history: [{ note: "mine" }],
    });
  });

  test("shows one alert", async () => {
    const { text } = await run(alertsCommand, "show", "a1");
    expect(text).toMatch(/^HIGH {2}First/);
    expect(text).toContain("ann: acknowledged: mine");
    expect(text).toContain("incident  i1");
  });

  test.each([
    [["list", "--from", "yesterday"], "--from takes a time: ISO 8601"],
    [["list", "--limit", "0"], "--limit takes a whole number from 1 to 500."],
    [["list", "--limit", "abc"], "--limit takes a whole number from 1 to 500."],
    [["list", "--cursor", "x"], "cursor-invalid"],
    [["show", "a9"], "There is no alert a9"],
  ])("%j ends with exit code 2", async (args, message) => {
    const { complained, printed, code } = await run(alertsCommand, ...args);
    expect([code, printed, complained.join()]).toEqual([2, [], expect.stringContaining(message)]);
  });
});

describe("vedette incidents", () => {
  test("lists and shows incidents", async () => {
    expect((await run(incidentsCommand, "list", "--entity", "203.0.113.7")).text).toContain("An incident");
    expect((await run(incidentsCommand, "list", "--status", "closed")).printed.at(-1)).toBe("0 of 0");
    const { text } = await run(incidentsCommand, "show", "i1");
    expect(text).toContain("because   Same address.");
    expect(text).toContain("block     203.0.113.7: in_force, until 1970-01-01T00:15:00Z (Attack)");
    expect(text).toMatch(/alert {3}First/);
    expect(JSON.parse((await run(incidentsCommand, "show", "i1", "--format", "json")).text)).toMatchObject({
      id: "i1",
      alerts: [{ id: "a1" }],
      actions: [{ id: "d1" }],
    });
  });

  test("an unknown incident ends with exit code 2", async () => {
    expect((await run(incidentsCommand, "show", "i9")).code).toBe(2);
  });
});

describe("vedette alerts export", () => {
  const exported = async (...args: string[]) => run(alertsCommand, "export", ...args);

  test.each<[string, Record<string, unknown>]>([
    ["ocsf", { class_uid: 2004, finding_info: { uid: "a1", related_events: [{ uid: "event-f1" }] } }],
    ["ecs", { event: { kind: "alert", id: "a1" }, vedette: { status: "open" } }],
    ["jsonl", { id: "a1", status: "open" }],
  ])("writes %s, a line for each alert, newest first", async (format, expected) => {
    const { code, printed } = await exported("--format", format);
    expect([code, printed.length]).toEqual([0, 2]);
    expect(JSON.parse(printed[1] ?? "")).toMatchObject(expected);
    expect(printed[1]).not.toContain('"body"');
  });

  test("writes a file that appears when it is whole, and only what was asked for", async () => {
    const out = join(folder, "alerts.jsonl");
    const { text } = await exported("--format", "ocsf", "--status", "open", "--out", out);
    expect(text).toBe(`Wrote 2 alerts to ${out}.`);
    expect(readFileSync(out, "utf8").trimEnd().split("\n")).toHaveLength(2);
    expect((await exported("--format", "jsonl", "--status", "closed")).printed).toEqual([]);
    expect((await exported("--format", "jsonl", "--since", "7d")).printed, "seen in 1970").toEqual([]);
  });

  test.each([
    [["--format", "jsonl", "--since", "soon"], "--since soon is no duration"],
    [["--format", "jsonl", "--out", "/nowhere/at/all"], "cannot be written"],
    [["--format", "jsonl", "--data", "/nowhere/at/all"], "data-folder-missing"],
  ])("refuses %j", async (args, why) => {
    const { output, captured } = captureOutput();
    const folderFirst = args.includes("--data") ? [] : ["--data", folder];
    await alertsCommand(output).parseAsync(["export", ...args, ...folderFirst], { from: "user" });
    expect([captured.code, captured.complained.join()]).toEqual([2, expect.stringContaining(why)]);
  });
});
