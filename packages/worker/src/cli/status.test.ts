import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoveragePage, ElasticsearchStatus, ProblemDetails, Status } from "@vedette/api";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sampleStatus } from "../testing/server-harness.ts";
import { statusCommand } from "./status.ts";
import { captureOutput } from "./testing/capture-output.ts";

const elasticsearch: ElasticsearchStatus = {
  cluster: { name: "prod", uuid: "u1", version: "9.4.3" },
  worker: "w1",
  sources: [
    {
      name: "logs",
      start: "now",
      shards: 4,
      here: 2,
      states: { current: 1, behind: 1, stalled: 0, red: 1, byTime: 1 },
      lag: 1_200,
      newest: 5_000,
      superseded: 3,
      red: ["logs-a/0"],
      stalled: [],
      closed: ["logs-old"],
      unmatched: [],
      fallbacks: [{ target: "far:logs", reason: "It is in another cluster.", promise: "Read by time: weaker." }],
      waiting: [
        { index: "logs-a", shard: 0, state: "red" },
        { index: "logs-b", shard: 1, state: "behind", lag: 1_200, owner: "w2" },
      ],
    },
  ],
  leases: [
    {
      kind: "source",
      total: 4,
      owners: [
        { worker: "w1", count: 2 },
        { worker: "w2", count: 2 },
      ],
      unowned: [],
    },
    { kind: "correlate", total: 1, owners: [], unowned: ["correlate/0"] },
    { kind: "case", total: 1, owners: [{ worker: "w1", count: 1 }], unowned: [] },
  ],
  lines: [
    { line: "case/default", owner: "w1", epoch: 3, here: true, lag: 7 },
    { line: "correlate/0", epoch: 2, here: false },
  ],
  coverage: {
    at: 6_000,
    gaps: 1,
    missed: {
      "before-start": 0,
      "rule-added-later": 42,
      "rule-changed": 0,
      behind: 0,
      "no-worker": 0,
      deleted: 0,
      forgotten: 0,
    },
  },
};
const page: CoveragePage = {
  at: 6_000,
  missed: elasticsearch.coverage?.missed ?? ({} as CoveragePage["missed"]),
  readByTime: ["far:logs"],
  total: 2,
  nextCursor: "1",
  items: [
    {
      source: "logs",
      index: "logs-b",
      shard: 1,
      from: 0,
      to: 41,
      reason: "rule-added-later",
      cure: "backfill",
      ruleCount: 1,
      rules: ["r1"],
    },
  ],
};

let server: Server;
let url: string;
let folder: string;
const now: { status: Status; problem: ProblemDetails | undefined; asked: string[] } = {
  status: sampleStatus(),
  problem: undefined,
  asked: [],
};
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vedette-status-"));
  writeFileSync(join(folder, "admin-token"), "secret\n");
  server = createServer((request, response) => {
    now.asked.push(`${request.url} ${request.headers.authorization}`);
    const answer = now.problem ?? (request.url?.startsWith("/api/v1/coverage") === true ? page : now.status);
    response.writeHead(now.problem?.status ?? 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => Object.assign(now, { status: sampleStatus(), problem: undefined, asked: [] }));

async function run(...args: string[]) {
  const { output, captured } = captureOutput();
  await statusCommand(output).parseAsync(["--data", folder, "--url", url, ...args], { from: "user" });
  return { ...captured, text: captured.printed.join("\n"), told: captured.complained.join("\n") };
}

describe("vedette status", () => {
  test("shows a worker with an embedded memory, and ends with 0 when nothing is wrong", async () => {
    const { text, code } = await run();
    expect(code).toBe(0);
    expect(text).toMatch(/^READY {2}Vedette 0\.1\.0, worker, since 1970-01-01T00:00:01Z/);
    expect(text).toContain("events     0 judged, 3 waiting, 0 without a log source");
    expect(text).not.toContain("Elasticsearch");
    expect(now.asked).toEqual(["/api/v1/status Bearer secret"]);
  });

  test("shows what is wrong first, control characters made visible, and ends with 1", async () => {
    now.status = sampleStatus({ ready: false, problems: ["Source \u001b[31mlogs waits."] });
    const { printed, code } = await run();
    expect(code).toBe(1);
    expect(printed.slice(0, 2)).toEqual([expect.stringMatching(/^NOT READY/), "  ! Source \\u001b[31mlogs waits."]);
  });

  test("shows shards, leases, lines and coverage of a cluster", async () => {
    now.status = sampleStatus({ elasticsearch });
    const { text } = await run();
    for (const line of [
      /^Elasticsearch 9\.4\.3, cluster prod \(u1\); this worker is w1$/m,
      /^logs +now +4 +2 +1 +1 +0 +1 +1,200 +1970-01-01T00:00:05Z$/m,
      /^ {2}logs: far:logs: It is in another cluster\. Read by time: weaker\.$/m,
      /^ {2}logs: closed, not read: logs-old$/m,
      /^logs-a\/0 +logs +red +\? +nobody$/m,
      /^logs-b\/1 +logs +behind +1,200 +w2$/m,
      /^source +4 +w1 2, w2 2$/m,
      /^correlate +1 +nobody +correlate\/0$/m,
      /^case\/default +this worker +3 +7$/m,
      /^correlate\/0 +no worker +2$/m,
      /^coverage .*: 42 rule-added-later \(vedette status --coverage lists them\)$/m,
    ])
      expect(text).toMatch(line);
  });

  test("asks for the coverage that a worker leaves out of its status", async () => {
    const { coverage: _, ...without } = elasticsearch;
    now.status = sampleStatus({ elasticsearch: without });
    expect((await run()).text).toMatch(/^coverage .*: 42 rule-added-later/m);
    expect(now.asked).toEqual(["/api/v1/status Bearer secret", "/api/v1/coverage?limit=1 Bearer secret"]);
  });

  test("lists gaps of coverage, and ends with 1 when there are some", async () => {
    const { printed, code } = await run("--coverage", "--rule", "r1", "--limit", "1");
    expect(code).toBe(1);
    expect(printed[1]).toMatch(/^logs +logs-b\/1 +0–41 +rule-added-later +vedette backfill --gaps +r1$/);
    expect(printed.slice(2)).toEqual([
      "1 of 2 gaps; next page: --cursor 1, as of 1970-01-01T00:00:06Z",
      "Events that at least one rule did not look at: 42 rule-added-later",
      "Read by time, of which the ledger cannot tell: far:logs",
    ]);
    expect(now.asked).toEqual(["/api/v1/coverage?rule=r1&limit=1 Bearer secret"]);
  });

  test.each([[[]], [["--coverage"]]])("prints one object as JSON (%j)", async (args: readonly string[]) => {
    now.status = sampleStatus({ elasticsearch });
    const { printed } = await run("--format", "json", ...args);
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([args.length > 0 ? page : now.status]);
  });

  test("says what the worker refuses, with its cure, and ends with 2", async () => {
    now.problem = {
      type: "about:blank",
      title: "No ledger",
      status: 404,
      code: "coverage-not-kept",
      detail: "This worker keeps no ledger of coverage.",
      cure: "Configure the block.",
    };
    const { told, code } = await run("--coverage");
    expect(code).toBe(2);
    expect(told).toBe("coverage-not-kept: This worker keeps no ledger of coverage. Configure the block.");
  });

  test.each([
    ["no worker listens", ["--url", "http://127.0.0.1:9"], /^No worker answers at http:\/\/127\.0\.0\.1:9\. Start one/],
    ["no worker ever ran there", ["--data", "/nowhere"], /^There is no \/nowhere\/admin-token: no worker was started/],
    ["a configuration is missing", ["--config", "/nowhere.yaml"], /^There is no \/nowhere\.yaml/],
  ])("says so when %s, and ends with 2", async (_, args, expected) => {
    const { told, code } = await run(...args);
    expect(code).toBe(2);
    expect(told).toMatch(expected);
  });
});
