import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite/client.ts";
import { wholeStep } from "../store/testing/store-contract.ts";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../testing/silent-log.ts";
import { sampleRecord } from "../testing/store-samples.ts";
import { alertsCommand } from "./alerts.ts";
import type { CommandOutput } from "./command-output.ts";
import { storeCommand } from "./store.ts";
import { captureOutput } from "./testing/capture-output.ts";

const node = useElasticsearch();
const folder = mkdtempSync(join(tmpdir(), "vedette-store-commands-"));
const at = (name: string): string => join(folder, name);
const prefixes = ["c1", "c2"] as const;
/** The name by which a command is told of a cluster. */
const cluster = (name: (typeof prefixes)[number]): string => `elasticsearch:${at(`${name}.yaml`)}`;

beforeAll(async () => {
  for (const name of prefixes)
    writeFileSync(
      at(`${name}.yaml`),
      JSON.stringify({ elasticsearch: { urls: [node.url], prefix: `${node.prefix}${name}` } }),
    );
  await using store = await openSqliteStore({ folder: at("a"), log: silentLog, clock: { now: () => 0 } });
  await store.append([sampleRecord("event-f1")]);
  await store.commit(wholeStep("1", { cursor: 1 }));
});
afterAll(async () => {
  for (const name of prefixes) {
    await node.client.indices.delete({ index: `${node.prefix}${name}-*`, allow_no_indices: true });
    await node.client.indices.deleteIndexTemplate({ name: `${node.prefix}${name}-*` }, { ignore: [404] });
  }
  rmSync(folder, { recursive: true });
});

async function run(build: (output: CommandOutput) => Command, ...args: string[]) {
  const { output, captured } = captureOutput();
  await build(output).parseAsync(args, { from: "user" });
  return captured;
}
const store = async (...args: string[]) => run(storeCommand, ...args);
const ocsf = async (data: string) => {
  const { code, printed } = await run(alertsCommand, "export", "--format", "ocsf", "--data", data);
  return { code, findings: printed.map((line) => JSON.parse(line) as unknown) };
};

test("a store goes from folder to cluster to file to another cluster, and its alerts are exported the same from each", async () => {
  const moved = await store("migrate", "--from", at("a"), "--to", cluster("c1"));
  expect([moved.code, moved.complained]).toEqual([0, []]);
  expect(moved.printed.join()).toContain("alert 1");
  const again = await store("migrate", "--from", at("a"), "--to", cluster("c1"));
  expect([again.code, again.complained.join()]).toEqual([2, expect.stringContaining("store-not-empty")]);

  expect((await store("backup", at("b.gz"), "--from", cluster("c1"))).code).toBe(0);
  const restored = await store("restore", at("b.gz"), "--to", cluster("c2"));
  expect([restored.code, restored.complained]).toEqual([0, []]);

  const here = await ocsf(at("a"));
  expect(here).toMatchObject({
    code: 0,
    findings: [{ class_uid: 2004, finding_info: { uid: "a1", related_events: [{ uid: "event-f1" }] } }],
  });
  expect(await ocsf(cluster("c1"))).toEqual(here);
  expect(await ocsf(cluster("c2"))).toEqual(here);
});
