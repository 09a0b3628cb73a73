import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Fact } from "@vedette/detection";
import { afterAll, beforeAll, expect, test } from "vitest";
import { connectCluster } from "../elasticsearch/connect.ts";
import { factDocument } from "../detector/stage-one/fact-document.ts";
import { installTemplates } from "../store/elasticsearch/templates/install.ts";
import { silentLog } from "../testing/silent-log.ts";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { rulesCommand } from "./rules.ts";
import { shadowCommand } from "./shadow.ts";
import { type Captured, captureOutput } from "./testing/capture-output.ts";

const { client, url, prefix: base } = useElasticsearch();
const prefix = `${base}own`;
const logs = `${base}logs`;
const HOUR = 3_600_000;
const now = Date.now();
const at = (hoursAgo: number): string => new Date(now - hoursAgo * HOUR).toISOString();
const WHOAMI = "11111111-1111-4111-8111-111111111111";
const OFTEN = "22222222-2222-4222-8222-222222222222";

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vedette-compare-"));
  writeFileSync(join(folder, "vedette.yaml"), `elasticsearch: { urls: [${JSON.stringify(url)}], prefix: ${prefix} }\n`);
  writeFileSync(join(folder, "map.yaml"), `Whoami Process Activity: ${WHOAMI}\nFailed logins: [${OFTEN}]\n`);
  const cluster = await connectCluster({ urls: [url], requestTimeout: 20_000 }, { log: silentLog });
  await installTemplates(cluster, prefix, { dryRun: false });
  await cluster[Symbol.asyncDispose]();
  const found = (rule: string, title: string, event: string, hoursAgo: number, user: string): Promise<unknown> => {
    const fact: Fact = {
      kind: "fact",
      id: `${rule.slice(0, 4)}-${event}`,
      rule: { id: rule, title, level: "high", revision: "0", tags: [] } as unknown as Fact["rule"],
      eventId: `${logs}/${event}`,
      time: now - hoursAgo * HOUR,
      entities: [{ kind: "user", value: user }],
      values: {},
      alerts: true,
    };
    const position = { index: logs, id: event };
    const origin = { prefix, source: "logs", position, undated: false, received: now, shadow: rule === WHOAMI };
    const { index, id, document } = factDocument(fact, origin);
    return client.create({ index, id, document });
  };
  await found(WHOAMI, "Whoami", "e1", 1, "ana");
  await found(WHOAMI, "Whoami", "e2", 2, "bob");
  await found(OFTEN, "Often", "e7", 3, "carl");
  await found(WHOAMI, "Whoami", "e9", 24 * 30, "old");
  await client.indices.refresh({ index: `${prefix}-findings-*` });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function compare(...parameters: readonly string[]): Promise<Captured> {
  const { output, captured } = captureOutput();
  const given = ["compare", "--config", join(folder, "vedette.yaml"), ...parameters];
  await shadowCommand(output).parseAsync(given, { from: "user" });
  return captured;
}
const rows = ({ printed }: Captured): readonly Record<string, unknown>[] =>
  printed.map((line) => JSON.parse(line) as Record<string, unknown>);

test("sets Elastic Security's alerts beside ours", async () => {
  const index = `${base}alerts-security.alerts-default`;
  await client.indices.create({
    index,
    mappings: {
      dynamic: false,
      properties: {
        "@timestamp": { type: "date" },
        "kibana.alert.original_time": { type: "date" },
        "kibana.alert.rule.name": { type: "keyword" },
        "kibana.alert.building_block_type": { type: "keyword" },
      },
    },
  });
  const alert = (rule: string, event: string | undefined, hoursAgo: number, more: object = {}): object => ({
    "@timestamp": at(hoursAgo - 0.1),
    "event.kind": "signal",
    "kibana.alert.rule.name": rule,
    "kibana.alert.rule.uuid": "00000000-0000-4000-8000-000000000000",
    "kibana.alert.depth": 1,
    "kibana.alert.workflow_status": "open",
    ...(event === undefined
      ? {}
      : {
          "kibana.alert.original_time": at(hoursAgo),
          "kibana.alert.ancestors": [{ id: event, type: "event", index: logs, depth: 0 }],
        }),
    ...more,
  });
  const documents = [
    alert("Whoami Process Activity", "e1", 1),
    alert("Whoami Process Activity", "e1", 1),
    alert("Unknown to us", "e5", 1),
    // A threshold alert is about no single event.
    alert("Failed logins", undefined, 3, { user: { name: "CARL" } }),
    alert("A part of a sequence", "e6", 1, { "kibana.alert.building_block_type": "default" }),
    alert("Long ago", "e8", 24 * 30),
  ];
  for (const document of documents) await client.index({ index, document });
  await client.indices.refresh({ index });
  const answer = await compare("--theirs", index, "--map", join(folder, "map.yaml"), "--format", "jsonl");
  const lines = rows(answer);
  expect(answer.code).toBe(1);
  const theirs = lines.filter(({ kind }) => kind === "theirs").map(({ rule, by, doubled }) => [rule, by, doubled]);
  expect(theirs).toHaveLength(4);
  expect(theirs).toEqual(
    expect.arrayContaining([
      ["Failed logins", "entity", false],
      ["Whoami Process Activity", "document", false],
      ["Whoami Process Activity", "document", true],
      ["Unknown to us", undefined, false],
    ]),
  );
  expect(lines.filter(({ outcome }) => outcome === "they-missed")).toMatchObject([
    { title: "Whoami", state: "shadow", documents: [`${logs}/e2`] },
  ]);
  expect(lines.at(-1)).toMatchObject({
    theirs: { alerts: 4, matched: 3, weMissed: 1, doubled: 1 },
    ours: { findings: 3, matched: 2, theyMissed: 1, doubled: 0 },
    ourRules: expect.arrayContaining([
      expect.objectContaining({ id: WHOAMI, state: "shadow", findings: 2, matched: 1, missed: 1 }),
      expect.objectContaining({ id: OFTEN, state: "active", findings: 1, matched: 1, missed: 0 }),
    ]) as unknown[],
  });
});

test("sets ElastAlert's matches beside ours", async () => {
  const index = `${base}elastalert_status`;
  await client.indices.create({
    index,
    mappings: {
      properties: {
        rule_name: { type: "keyword" },
        alert_time: { type: "date" },
        match_time: { type: "date" },
        match_body: { type: "object", enabled: false },
      },
    },
  });
  const match = (rule: string, event: string, hoursAgo: number): object => ({
    match_body: {
      _id: event,
      _index: logs,
      "@timestamp": at(hoursAgo),
      user: { name: "x" },
      num_hits: 1,
      num_matches: 1,
    },
    rule_name: rule,
    alert_info: { type: "debug" },
    alert_sent: true,
    alert_time: at(hoursAgo - 0.1),
    match_time: at(hoursAgo),
  });
  await client.index({ index, document: match("Whoami", "e1", 1) });
  await client.index({ index, document: match("Whoami", "e2", 2) });
  await client.index({ index, document: match("Often", "e7", 3) });
  await client.index({ index, document: { rule_name: "Whoami", "@timestamp": at(1), until: at(0), exponent: 0 } });
  await client.indices.refresh({ index });
  const answer = await compare("--theirs", index);
  expect(answer.code).toBe(0);
  expect(answer.printed[0]).toBe("Their alerts: 3, of which we have 3, missed 0; doubled: 0.");
  expect(answer.printed[1]).toBe("Our findings: 3, of which they have 3, missed 0; doubled: 0.");
  expect(answer.complained.join()).toContain("realert");
});

test.each([
  ["an index that is not there", ["--theirs", `${base}nothing-*`], /^There is no index/],
  ["no system", [], /--preset/],
  [
    "a map that is none",
    ["--preset", "ecs", "--theirs", "x", "--map", "package.json"],
    /expected the name|cannot be read/,
  ],
  ["more than may be read", ["--theirs", `${base}elastalert_status`, "--limit", "2"], /more than 2/],
])("says that it cannot compare with %s", async (_, parameters, complaint) => {
  const { code, complained } = await compare(...parameters);
  expect([code, complained[0]]).toEqual([2, expect.stringMatching(complaint)]);
});

test("rules list counts what each rule found, in shadow and not", async () => {
  const file = join(folder, "whoami.yml");
  writeFileSync(
    file,
    `title: Whoami\nid: ${WHOAMI}\nlogsource: { product: windows }\ndetection: { s: { a: 1 }, condition: s }\n`,
  );
  const count = async (...since: readonly string[]): Promise<unknown> => {
    const { output, captured } = captureOutput();
    const given = ["list", file, "--config", join(folder, "vedette.yaml"), "--findings", ...since, "--format", "json"];
    await rulesCommand(output).parseAsync(given, { from: "user" });
    return JSON.parse(captured.printed[0] ?? "");
  };
  expect(await count()).toMatchObject([{ id: WHOAMI, findings: 2, findingsInShadow: 2 }]);
  expect(await count("60d")).toMatchObject([{ findings: 3 }]);
});
