import { describe, expect, it } from "vitest";
import { createNodePorts } from "../ports-node.ts";
import { silentLog } from "../testing/silent-log.ts";
import { createBulkWriter } from "./bulk-writer.ts";
import { connectCluster } from "./connect.ts";
import { startAnsweringServer, type ScriptedAnswer } from "./testing/answering-server.ts";
import { FEW_MODULES, info, nodes, noHandler } from "./testing/clusters.ts";

describe("a bulk writer", () => {
  const ports = createNodePorts(silentLog);
  const timers = { sleep: async () => await Promise.resolve() };
  const ok = { index: { status: 201 } };
  const busy = { index: { status: 429, error: { type: "es_rejected_execution_exception", reason: "full" } } };
  const linesOf = (body: string): string[] =>
    body
      .trim()
      .split("\n")
      .filter((_, line) => line % 2 === 0)
      .map((line) => (JSON.parse(line) as { create: { _id: string } }).create._id);

  const write = async (
    answer: (ids: readonly string[], request: number) => ScriptedAnswer | undefined,
    rest: object = {},
  ) => {
    const bulks: string[][] = [];
    await using server = await startAnsweringServer((request) => {
      if (request.path === "/") return { body: info("9.4.3") };
      if (request.path === "/_nodes/plugins") return { body: nodes(FEW_MODULES) };
      if (request.path !== "/_bulk") return noHandler(request);
      const ids = linesOf(request.body);
      bulks.push(ids);
      return answer(ids, bulks.length);
    });
    await using cluster = await connectCluster({ urls: [server.url], requestTimeout: 5_000 }, { log: silentLog });
    const writer = createBulkWriter({ cluster, ...ports, timers, prefix: "vedette", concurrency: 1, ...rest });
    const operations = ["a", "b", "c"].map((id) => ({ kind: "create" as const, index: "i", id, document: { id } }));
    const outcome: unknown = await writer.write(operations).catch((caught: unknown) => caught);
    return { outcome, bulks };
  };
  const written = { status: "written" };

  it("sends only those items again that failed for a passing reason", async () => {
    const { outcome, bulks } = await write((ids, request) => ({
      body: { items: ids.map((id) => (id === "b" && request < 3 ? busy : ok)) },
    }));
    expect(outcome).toEqual([written, written, written]);
    expect(bulks).toEqual([["a", "b", "c"], ["b"], ["b"]]);
  });

  it.each<[string, ScriptedAnswer | undefined]>([
    ["is lost", undefined],
    ["is cut off", { body: '{"items":[{"cre' }],
    ["lacks items", { body: { items: [ok] } }],
    [
      "is 429",
      { status: 429, body: { error: { type: "circuit_breaking_exception", reason: "[parent] Data too large" } } },
    ],
    ["is 503", { status: 503, body: "" }],
  ])("sends all items again when the answer %s", async (_, first) => {
    const { outcome, bulks } = await write((ids, request) =>
      request === 1 ? first : { body: { items: ids.map((id) => (id === "a" ? { create: { status: 409 } } : ok)) } },
    );
    expect(outcome).toEqual([{ status: "exists" }, written, written]);
    expect(bulks).toEqual([
      ["a", "b", "c"],
      ["a", "b", "c"],
    ]);
  });

  it("halves a request that is too large, and refuses the one document that is", async () => {
    const { outcome, bulks } = await write((ids) =>
      ids.includes("c") ? { status: 413, body: "" } : { body: { items: ids.map(() => ok) } },
    );
    // The last one is the dead letter, which this server takes.
    expect(bulks.slice(0, -1)).toEqual([["a", "b", "c"], ["a", "b"], ["c"]]);
    expect(outcome).toMatchObject([written, written, { status: "refused", type: "content_too_large" }]);
  });

  it("gives up after its patience, and says how far it came", async () => {
    const { outcome } = await write((ids) => ({ body: { items: ids.map((id) => (id === "a" ? ok : busy)) } }), {
      patience: 0,
    });
    expect(outcome).toMatchObject({
      code: "elasticsearch-unavailable",
      retryable: true,
      message: expect.stringContaining("2 of 3 documents undecided"),
    });
  });

  it.each<[name: string, status: number, error: object, code: string]>([
    [
      "a missing privilege",
      403,
      {
        type: "security_exception",
        reason:
          "action [indices:data/write/bulk[s]] is unauthorized for API key id [x] on indices [i], this action is granted by the index privileges [create_doc,create,delete,index,write,all]",
      },
      "elasticsearch-forbidden",
    ],
    [
      "an index that may not be made",
      404,
      { type: "index_not_found_exception", reason: "no such index [i]" },
      "elasticsearch-not-found",
    ],
  ])("rejects for %s, and files nothing away", async (_, status, error, code) => {
    const { outcome, bulks } = await write((ids) => ({
      body: { items: ids.map(() => ({ create: { status, error } })) },
    }));
    expect(outcome).toMatchObject({ code, retryable: false });
    expect(bulks).toHaveLength(1);
  });

  it.each<[name: string, status: number, error: object]>([
    [
      "a full disk",
      429,
      {
        type: "cluster_block_exception",
        reason: "index [i] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark]",
      },
    ],
    [
      "a read-only index",
      403,
      { type: "cluster_block_exception", reason: "index [i] blocked by: [FORBIDDEN/8/index write (api)]" },
    ],
    [
      "no room for shards",
      400,
      {
        type: "validation_exception",
        reason:
          "Validation Failed: 1: this action would add [2] shards, but this cluster currently has [1000]/[1000] maximum normal shards open;",
      },
    ],
    ["a closed index", 400, { type: "index_closed_exception", reason: "closed" }],
    ["a missing primary", 503, { type: "unavailable_shards_exception", reason: "primary shard is not active" }],
  ])("waits for somebody to cure %s", async (_, status, error) => {
    const { outcome, bulks } = await write((ids, request) => ({
      body: { items: ids.map(() => (request < 3 ? { create: { status, error } } : ok)) },
    }));
    expect(outcome).toEqual([written, written, written]);
    expect(bulks).toHaveLength(3);
  });
});
