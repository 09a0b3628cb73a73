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
