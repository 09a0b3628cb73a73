import { describe, expect, it } from "vitest";
import { silentLog } from "../testing/silent-log.ts";
import { connectCluster } from "./connect.ts";
import { startAnsweringServer, type ScriptedAnswer, type SeenRequest } from "./testing/answering-server.ts";
import {
  ALL_MODULES,
  everyHandler,
  FEW_MODULES,
  forbidden,
  info,
  nodes,
  noHandler,
  openSearchInfo,
} from "./testing/clusters.ts";

type Answer = (request: SeenRequest) => ScriptedAnswer | undefined;

const connect = async (answer: Answer, rest: { readonly urls?: readonly string[]; readonly apiKey?: string } = {}) => {
  await using server = await startAnsweringServer(answer);
  const { urls = [] } = rest;
  const cluster = await connectCluster(
    { ...rest, urls: [...urls, server.url], requestTimeout: 5_000 },
    { log: silentLog },
  );
  await cluster[Symbol.asyncDispose]();
  return { capabilities: cluster.capabilities, uuid: cluster.uuid, name: cluster.name, seen: server.seen };
};

const answering =
  (root: ScriptedAnswer, listed: ScriptedAnswer, others: Answer): Answer =>
  (request) =>
    request.path === "/" ? root : request.path === "/_nodes/plugins" ? listed : others(request);

const EVERYTHING = {
  security: true,
  indexLifecycle: true,
  dataStreamLifecycle: true,
  dataStreamApi: true,
  esql: true,
  eql: true,
  asyncSearch: true,
};
const NOTHING = Object.fromEntries(Object.keys(EVERYTHING).map((name) => [name, false]));

describe("connectCluster", () => {
  it.each<[name: string, answer: Answer, expected: object, fieldTypes: readonly string[]]>([
    [
      "9.4.3 as the tests run it (recorded)",
      answering({ body: info("9.4.3") }, { body: nodes(FEW_MODULES) }, noHandler),
      { version: "9.4.3", major: 9, serverless: false, ...NOTHING },
      ["flattened"],
    ],
    [
      "a full 9.x (documented)",
      answering({ body: info("9.1.0") }, { body: nodes(ALL_MODULES) }, everyHandler),
      { version: "9.1.0", major: 9, serverless: false, ...EVERYTHING },
      ["flattened", "wildcard", "constant_keyword", "match_only_text", "version"],
    ],
    [
      "a full 8.19 (documented)",
      answering({ body: info("8.19.4") }, { body: nodes(ALL_MODULES) }, everyHandler),
      { version: "8.19.4", major: 8, ...EVERYTHING },
      ["flattened", "wildcard", "constant_keyword", "match_only_text", "version"],
    ],
    [
      "a full cluster whose modules may not be listed",
      answering({ body: info("9.4.3") }, forbidden("cluster:monitor/nodes/info", "monitor,manage,all"), everyHandler),
      { ...EVERYTHING },
      ["flattened"],
    ],
    [
      "a cluster of which one node lacks modules",
      answering(
        { body: info("9.4.3") },
        { body: nodes(ALL_MODULES, ["x-pack-ilm", "wildcard", "x-pack-esql"]) },
        everyHandler,
      ),
      { indexLifecycle: true, esql: true, eql: false, dataStreamApi: false },
      ["flattened", "wildcard"],
    ],
    [
      "a cluster where modules are listed but switched off",
      answering({ body: info("9.4.3") }, { body: nodes(ALL_MODULES) }, noHandler),
      { ...NOTHING },
      ["flattened", "wildcard", "constant_keyword", "match_only_text", "version"],
    ],
    [
      "a serverless project (documented), whatever its version says",
      answering({ body: info("8.11.0", { build_flavor: "serverless" }) }, { status: 410, body: {} }, () => ({
        status: 410,
        body: { error: { type: "api_not_available_exception" }, status: 410 },
      })),
      { serverless: true, esql: true, dataStreamLifecycle: true, indexLifecycle: false },
      ["flattened", "wildcard", "constant_keyword", "match_only_text", "version"],
    ],
    [
      "a later major version",
      answering({ body: info("10.0.1") }, { body: nodes(ALL_MODULES) }, everyHandler),
      { major: 10, ...EVERYTHING },
      ["flattened", "wildcard", "constant_keyword", "match_only_text", "version"],
    ],
  ])("recognises %s", async (_, answer, expected, fieldTypes) => {
    const { capabilities, uuid, name } = await connect(answer);
    expect(capabilities).toMatchObject(expected);
    expect([...capabilities.fieldTypes].sort()).toEqual([...fieldTypes].sort());
    expect({ uuid, name }).toEqual({ uuid: "8f7NOz3ZRO2kD-dcs3_huQ", name: "test" });
  });

  it.each<[name: string, root: ScriptedAnswer | undefined, code: string, message: RegExp, retryable: boolean]>([
    [
      "OpenSearch 2",
      { body: openSearchInfo("2.19.1"), product: false },
      "elasticsearch-opensearch",
      /^This cluster is OpenSearch, [^.]*OTLP[^.]*Collector[^.]*\.$/,
      false,
    ],
    ["OpenSearch 3", { body: openSearchInfo("3.2.0"), product: false }, "elasticsearch-opensearch", /OTLP/, false],
    [
      "an OpenSearch that gives another version",
      { body: openSearchInfo("2.1.0", true), product: false },
      "elasticsearch-opensearch",
      /OTLP/,
      false,
    ],
    [
      "an OpenSearch behind a proxy that adds the product",
      { body: openSearchInfo("3.2.0") },
      "elasticsearch-opensearch",
      /OTLP/,
      false,
    ],
    [
      "something else",
      { body: { hello: "world" }, product: false },
      "elasticsearch-not-recognized",
      /does not say/,
      false,
    ],
    ["7.17", { body: info("7.17.29") }, "elasticsearch-version", /7\.17\.29; Vedette needs 8\.19/, false],
    ["8.18", { body: info("8.18.6") }, "elasticsearch-version", /8\.18\.6; Vedette needs 8\.19/, false],
    ["a version that is none", { body: info("soon") }, "elasticsearch-version", /unknown version/, false],
    [
      "a cluster that has not formed",
      { body: { ...info("9.4.3"), cluster_uuid: "_na_" } },
      "elasticsearch-unavailable",
      /not formed/,
      true,
    ],
    [
      "a wrong key",
      { status: 401, body: { error: { type: "security_exception", reason: "unable to authenticate" } } },
      "elasticsearch-unauthenticated",
      /unable to authenticate/,
      false,
    ],
    [
      "a key without `monitor`",
      forbidden("cluster:monitor/main", "monitor,manage,all"),
      "elasticsearch-forbidden",
      /cluster privilege `monitor` is missing/,
      false,
    ],
    [
      "a node that is starting",
      {
        status: 503,
        body: {
          error: { type: "cluster_block_exception", reason: "blocked by: [SERVICE_UNAVAILABLE/1/state not recovered]" },
        },
      },
      "elasticsearch-blocked",
      /state not recovered/,
      true,
    ],
    ["an answer that is cut off", { body: '{"name": "es-1", "clu' }, "elasticsearch-answer-damaged", /not whole/, true],
    ["a connection that ends", undefined, "elasticsearch-unavailable", /Connecting to Elasticsearch failed/, true],
  ])("says what is wrong with %s", async (_, root, code, message, retryable) => {
    const error: unknown = await connect(() => root).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: "ElasticsearchError",
      code,
      retryable,
      message: expect.stringMatching(message),
    });
  });

  it("goes to the next address when one refuses connections", async () => {
    const answer = answering({ body: info("9.4.3") }, { body: nodes(FEW_MODULES) }, noHandler);
    await expect(connect(answer, { urls: ["http://127.0.0.1:1"] })).resolves.toMatchObject({ name: "test" });
  });

  it("never repeats a request that may have arrived", async () => {
    let asked = 0;
    await expect(
      connect(() => {
        asked += 1;
        return undefined;
      }),
    ).rejects.toMatchObject({ code: "elasticsearch-unavailable" });
    expect(asked).toBe(1);
  });

  it("sends the key, and media types that 8.19 and 9 both take", async () => {
    const answer = answering({ body: info("8.19.0") }, { body: nodes(ALL_MODULES) }, everyHandler);
    const { seen } = await connect(answer, { apiKey: "a2V5" });
    for (const { headers } of seen) {
      expect(headers.authorization).toBe("ApiKey a2V5");
      expect(headers.accept).not.toContain("compatible-with");
      expect(headers["content-type"]).not.toContain("compatible-with");
    }
    expect(seen.length).toBeGreaterThan(5);
  });

  it("gives up when it is told to", async () => {
    const given = AbortSignal.abort();
    await using server = await startAnsweringServer(() => ({ body: info("9.4.3") }));
    await expect(
      connectCluster({ urls: [server.url], requestTimeout: 5_000 }, { log: silentLog, signal: given }),
    ).rejects.toMatchObject({ code: "elasticsearch-unavailable" });
  });
});
