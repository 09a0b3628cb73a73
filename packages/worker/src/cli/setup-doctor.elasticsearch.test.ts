import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { doctorCommand } from "./doctor.ts";
import { setupCommand } from "./setup.ts";
import { captureOutput } from "./testing/capture-output.ts";

const node = useElasticsearch();

test("setup prints templates, key and configuration, and writes nothing with --dry-run", async () => {
  const { output, captured } = captureOutput();
  const parameters = ["elasticsearch", "--dry-run", "--url", node.url, "--source", "logs-*"];
  await setupCommand(output).parseAsync(parameters, { from: "user" });
  expect(captured).toMatchObject({ code: 0, complained: [] });
  expect(captured.printed.join("\n")).toMatch(/PUT _index_template\/[^]*# vedette\.yaml[^]*patterns: \["logs-\*"\]/);
});

test("doctor says how documents are read, which log sources there are, and what no rule looks at", async () => {
  const [windows, other] = [`${node.prefix}-windows`, `${node.prefix}-other`];
  const event = { EventID: 1, Channel: "Microsoft-Windows-Sysmon/Operational", UtcTime: "2026-01-01T00:00:00.000Z" };
  await node.client.index({ index: windows, document: event, refresh: true });
  await node.client.index({ index: other, document: { a: 1 }, refresh: true });
  const { output, captured } = captureOutput();
  const parameters = ["--format", "json", "--url", node.url, "--source", windows, other];
  await doctorCommand(output).parseAsync(parameters, { from: "user" });
  const report = JSON.parse(captured.printed[0] ?? "") as { indices: { index: string }[]; remarks: { what: string }[] };
  expect(captured.code).toBe(1);
  expect(report.indices.find(({ index }) => index === windows)).toMatchObject({
    documents: 1,
    newest: "2026-01-01T00:00:00.000Z",
    mappings: { windows: 1 },
    logSources: expect.arrayContaining([expect.stringMatching(/^windows\/process_creation\//)]) as string[],
  });
  expect(report.remarks.map(({ what }) => what)).toContainEqual(expect.stringMatching(`^${other}: no log source`));
});

test("doctor says what keeps rules from finding, and what cures it", async () => {
  const index = `${node.prefix}-checked`;
  const text = { type: "text" } as const;
  await node.client.indices.create({
    index,
    settings: { number_of_replicas: 0, refresh_interval: "-1", "translog.durability": "async" },
    mappings: { properties: { "@timestamp": { type: "date" }, EventData: { properties: { NewProcessName: text } } } },
  });
  const now = Date.now();
  const document = (late: number): object => ({
    "@timestamp": new Date(now - late).toISOString(),
    event: { ingested: new Date(now).toISOString() },
    EventID: 4688,
    Channel: "Security",
    EventData: { NewProcessName: "cmd.exe" },
  });
  const late = 5 * 3_600_000;
  const documents = [...Array.from({ length: 30 }, () => document(late)), document(-3_600_000)];
  await node.client.bulk({ index, refresh: true, operations: documents.flatMap((one) => [{ index: {} }, one]) });
  const { output, captured } = captureOutput();
  const parameters = ["--format", "json", "--url", node.url, "--source", index];
  await doctorCommand(output).parseAsync(parameters, { from: "user" });
  const report = JSON.parse(captured.printed[0] ?? "") as {
    indices: object[];
    remarks: { rank: number; what: string; do: string }[];
  };
  expect(report.indices[0]).toMatchObject({
    perHour: 1.3,
    refreshInterval: "-1",
    lateness: { p95: late, by: "ingested" },
  });
  expect(report.remarks.map(({ rank }) => rank)).toEqual(
    report.remarks.map(({ rank }) => rank).toSorted((a, b) => a - b),
  );
  for (const expected of [
    /1 documents are dated more than 5 minutes in the future/,
    /one event in 20 comes 5\.0 h late/,
    /whole number of half hours/,
    /never refreshed/,
    /translog asynchronously/,
  ])
    expect(report.remarks.map(({ what }) => what)).toContainEqual(expect.stringMatching(expected));
});

test("doctor says which fields rules need and never get, and which only words are kept of", async () => {
  const index = `${node.prefix}-fields`;
  await node.client.indices.create({
    index,
    settings: { number_of_replicas: 0 },
    mappings: { properties: { "@timestamp": { type: "date" }, Image: { type: "text" } } },
  });
  const document = {
    "@timestamp": new Date().toISOString(),
    EventID: 1,
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Image: "cmd.exe",
  };
  const operations = Array.from({ length: 30 }, () => [{ index: {} }, document]).flat();
  await node.client.bulk({ index, refresh: true, operations });
  const folder = mkdtempSync(join(tmpdir(), "vedette-doctor-"));
  const rule = (category: string, detection: string, at: number): string =>
    `title: R${at}\nid: 5ad9a1b0-0000-4000-8000-00000000000${at}\nlogsource: { product: windows, category: ${category} }\ndetection: ${detection}\n`;
  writeFileSync(
    join(folder, "a.yml"),
    rule("process_creation", "{ s: { Image: a, CommandLine: b }, condition: s }", 1),
  );
  writeFileSync(join(folder, "b.yml"), rule("image_load", "{ s: { ImageLoaded: a }, condition: s }", 2));
  writeFileSync(
    join(folder, "vedette.yaml"),
    JSON.stringify({
      elasticsearch: { urls: [node.url] },
      api: { port: 0 },
      otlp: { port: 0 },
      rules: { builtin: false, paths: [join(folder, "a.yml"), join(folder, "b.yml")] },
      sources: [{ type: "elasticsearch", name: "logs", patterns: [index] }],
    }),
  );
  const { output, captured } = captureOutput();
  await doctorCommand(output).parseAsync(["--format", "json", "--config", join(folder, "vedette.yaml")], {
    from: "user",
  });
  rmSync(folder, { recursive: true });
  const { remarks } = JSON.parse(captured.printed[0] ?? "") as { remarks: { what: string; do: string }[] };
  expect(remarks).toEqual([
    {
      rank: 2,
      what: "windows/process_creation/: none of 30 sampled documents has CommandLine (1 rule).",
      do: expect.stringContaining("Include command line in process creation events") as string,
    },
    {
      rank: 3,
      what: expect.stringMatching(/image_load: 1 rule for Windows wait/) as string,
      do: expect.stringContaining("Sysmon") as string,
    },
    {
      rank: 3,
      what: expect.stringMatching(/text fields .*: Image \(1 rule\)/) as string,
      do: expect.stringContaining("keyword") as string,
    },
  ]);
});
