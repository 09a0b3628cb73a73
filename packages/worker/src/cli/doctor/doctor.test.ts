import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_MAPPINGS, type JsonObject, loadRules } from "@vedette/detection";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configSchema } from "../../config/schema.ts";
import { doctorCommand } from "../doctor.ts";
import { captureOutput } from "../testing/capture-output.ts";
import { checkMachine } from "./embedded.ts";
import { latenessOf } from "./lateness.ts";
import type { Remark } from "./remark.ts";
import { absentFields } from "./rule-fields.ts";

const NOON = Date.UTC(2026, 0, 1, 12);
let folder: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-doctor-"));
});
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const serve = (answer: (path: string) => { readonly status: number; readonly body: string }): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      const { status, body } = answer(request.url ?? "");
      response.writeHead(status, { "content-type": "application/json" }).end(body);
    });
    servers.push(server);
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });

describe("how late events come", () => {
  const events = (late: (at: number) => number, isIngested: boolean): JsonObject[] =>
    Array.from({ length: 100 }, (_, at) => {
      const indexed = NOON + at * 1_000;
      const time = new Date(indexed - late(at)).toISOString();
      return {
        "@timestamp": time,
        ecs: { version: "8.11.0" },
        event: { kind: "event", ...(isIngested ? { ingested: new Date(indexed).toISOString() } : {}) },
      };
    });
  test.each([
    ["by event.ingested", events(() => 5_000, true), { median: 5_000, p95: 5_000, by: "ingested" }],
    ["by the order", events(() => 0, false), { median: 0, p95: 0, by: "order" }],
    [
      "by the order, when some are late",
      events((at) => (at % 10 === 9 ? 7_200_000 : 0), false),
      { median: 0, p95: 7_199_000, by: "order" },
    ],
    ["of clocks that are ahead", events(() => -60_000, true), { median: -60_000, p95: -60_000, by: "ingested" }],
  ])("is measured %s", (_, documents, expected) => expect(latenessOf(documents)).toEqual(expected));

  test("is not told of a few", () => expect(latenessOf(events(() => 0, true).slice(0, 19))).toBeUndefined());
});

describe("fields that rules read", () => {
  const rule = (detection: string): string =>
    `title: R\nid: 5ad9a1b0-0000-4000-8000-000000000001\nlogsource: { product: linux, category: process_creation }\ndetection: ${detection}\n`;
  const logSource = { product: "linux", category: "process_creation" };
  const samples = (document: JsonObject, count = 30) =>
    Array.from({ length: count }, () => ({ document, mapping: DEFAULT_MAPPINGS[0], logSources: [logSource] }));
  const absent = (detection: string, document: JsonObject, count?: number): readonly string[] =>
    absentFields(loadRules([{ path: "r.yml", text: rule(detection) }]).rules, samples(document, count)).map(
      ({ field }) => field,
    );
  test.each([
    ["is told when no document has it", "{ s: { a: 1, b: 2 }, condition: s }", { a: 3 }, ["b"]],
    ["is there when it is", "{ s: { a: 1, b: 2 }, condition: s }", { a: 3, b: 0 }, []],
    [
      "does not matter where only its absence is asked for",
      "{ s: { a: 1 }, f: { b: 2 }, condition: s and not f }",
      { a: 3 },
      [],
    ],
  ])("%s", (_, detection, document, fields) => expect(absent(detection, document)).toEqual(fields));

  test("is not told of a few documents", () => {
    expect(absent("{ s: { a: 1 }, condition: s }", { b: 1 }, 19)).toEqual([]);
  });
});

describe("a machine", () => {
  const config = (more: object = {}) =>
    configSchema.parse({ dataFolder: join(folder, "data"), api: { port: 0 }, otlp: { port: 0 }, ...more });

  test("on which all is well has no remark", async () => {
    const remarks: Remark[] = [];
    const report = await checkMachine(config(), remarks, "22.15.0");
    expect(remarks.filter(({ what }) => !what.startsWith("The disk"))).toEqual([]);
    expect(report).toMatchObject({ dataFolder: join(folder, "data"), ports: {} });
  });

  const cases: readonly (readonly [string, () => object, string, RegExp])[] = [
    ["an old Node.js", () => ({}), "22.14.9", /Node\.js 22\.14\.9/],
    [
      "a data folder that is a file",
      () => {
        writeFileSync(join(folder, "file"), "");
        return { dataFolder: join(folder, "file") };
      },
      "26.0.0",
      /cannot be written/,
    ],
    [
      "a source that is not there",
      () => ({ sources: [{ type: "file", name: "f", path: join(folder, "none", "x.jsonl") }] }),
      "26.0.0",
      /source f cannot be read: ENOENT/,
    ],
  ];
  test.each(cases)("is told of with %s", async (_, more, node, what) => {
    const remarks: Remark[] = [];
    await checkMachine(config(more()), remarks, node);
    expect(remarks.map((remark) => remark.what)).toContainEqual(expect.stringMatching(what));
  });

  test("tells a port that another program has from one that a worker has", async () => {
    const strange = await serve(() => ({ status: 200, body: "hello" }));
    const worker = await serve(() => ({ status: 200, body: '{"status":"ok"}' }));
    const states = async (port: number): Promise<readonly unknown[]> => {
      const remarks: Remark[] = [];
      const { ports } = await checkMachine(config({ api: { port } }), remarks);
      return [...Object.values(ports), remarks.filter(({ what }) => what.includes("cannot listen")).length];
    };
    expect([await states(strange), await states(worker)]).toEqual([
      ["EADDRINUSE", 1],
      ["worker", 0],
    ]);
  });
});

describe("vedette doctor without a cluster", () => {
  async function doctor(settings: object): Promise<{ code: number; what: readonly string[] }> {
    const file = join(folder, "vedette.yaml");
    writeFileSync(
      file,
      JSON.stringify({ dataFolder: join(folder, "data"), api: { port: 0 }, otlp: { port: 0 }, ...settings }),
    );
    const { output, captured } = captureOutput();
    await doctorCommand(output).parseAsync(["--config", file, "--format", "json"], { from: "user" });
    const { remarks } = JSON.parse(captured.printed[0] ?? "{}") as { remarks: { what: string }[] };
    return {
      code: captured.code,
      what: remarks.map(({ what }) => what).filter((text) => !text.startsWith("The disk")),
    };
  }

  test("asks the Alertmanagers", async () => {
    const isReal = await serve(() => ({ status: 200, body: '{"versionInfo":{}}' }));
    const other = await serve(() => ({ status: 200, body: "{}" }));
    const broken = await serve(() => ({ status: 503, body: "" }));
    const urls = [isReal, other, broken].map((port) => `http://127.0.0.1:${port}`);
    const { code, what } = await doctor({
      alerter: { alertmanager: { urls: [...urls, "http://127.0.0.1:19809/"] } },
    });
    expect(code).toBe(1);
    expect(what).toHaveLength(3);
    for (const expected of [`${other} .*no Alertmanager`, `${broken} .*answers 503`, "19809/ .*ECONNREFUSED"])
      expect(what).toContainEqual(expect.stringMatching(expected));
  });

  test("says that a pipeline keeps rules from being loaded", async () => {
    const { what } = await doctor({ rules: { pipelines: [join(folder, "none.yml")] } });
    expect(what).toEqual([expect.stringMatching(/^No rule is loaded, because a pipeline/)]);
  });

  test("says that rules cannot be read", async () => {
    const { what } = await doctor({ rules: { paths: [join(folder, "none")] } });
    expect(what).toEqual([expect.stringMatching(/1 problem keep rules/)]);
  });
});
