import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNodePorts } from "../ports-node.ts";
import { silentLog } from "../testing/silent-log.ts";
import { useElasticsearch } from "../testing/elasticsearch/use-elasticsearch.ts";
import { createBulkWriter } from "./bulk-writer.ts";
import type { Cluster } from "./cluster.ts";
import { connectCluster } from "./connect.ts";
import { createOnce } from "./create-once.ts";
import { DEAD_LETTER_BYTES, deadLetterIndex, type DeadLetter } from "./dead-letter.ts";
import type { WriteOperation } from "./write.ts";

const elasticsearch = useElasticsearch();
const ports = createNodePorts(silentLog);
const index = `${elasticsearch.prefix}bulk`;
const refusals: string[] = [];
let cluster: Cluster;

const writer = (changes: object = {}) =>
  createBulkWriter({
    cluster,
    ...ports,
    prefix: elasticsearch.prefix.slice(0, -1),
    onRefused: (type) => refusals.push(type),
    ...changes,
  });
const create = (id: string, document: object = { n: 1 }): WriteOperation => ({ kind: "create", index, id, document });
const put = (id: string, version: number): WriteOperation => ({
  kind: "put",
  index,
  id,
  version,
  document: { n: version },
});

beforeAll(async () => {
  cluster = await connectCluster({ urls: [elasticsearch.url], requestTimeout: 30_000 }, { log: silentLog });
  await elasticsearch.client.indices.create({
    index,
    settings: { number_of_replicas: 0 },
    mappings: { properties: { n: { type: "integer" }, hash: { type: "keyword" } } },
  });
});
afterAll(async () => await cluster[Symbol.asyncDispose]());

describe("a bulk writer on a real cluster", () => {
  it("writes a document once, and says that it exists from then on", async () => {
    expect(await writer().write([create("once"), create("once", { n: 2 })])).toEqual([
      { status: "written" },
      { status: "exists" },
    ]);
    expect(await writer().write([create("once", { n: 3 })])).toEqual([{ status: "exists" }]);
    expect((await elasticsearch.client.get({ index, id: "once" }))._source).toEqual({ n: 1 });
  });

  it("replaces a document by a higher version only, in whatever order versions come", async () => {
    expect(await writer().write([put("v", 5), put("v", 4), put("v", 5), put("v", 9)])).toEqual([
      { status: "written" },
      { status: "exists" },
      { status: "exists" },
      { status: "written" },
    ]);
    expect(await elasticsearch.client.get({ index, id: "v" })).toMatchObject({ _version: 9, _source: { n: 9 } });
  });

  it("tells what is refused, and files it away once", async () => {
    const bad = create("bad", { n: "no number", text: "ü".repeat(DEAD_LETTER_BYTES) });
    const outcomes = await writer().write([create("good-1"), bad, create("good-2")]);
    expect(outcomes).toMatchObject([
      { status: "written" },
      { status: "refused", type: "document_parsing_exception", reason: expect.stringContaining("no number") },
      { status: "written" },
    ]);
    expect(refusals.splice(0)).toEqual(["document_parsing_exception"]);
    await writer().write([bad], { refresh: true });
    expect(refusals.splice(0)).toHaveLength(1);
    const found = await elasticsearch.client.search<DeadLetter>({
      index: deadLetterIndex(elasticsearch.prefix.slice(0, -1), ports.clock.now()),
    });
    expect(found.hits.hits).toHaveLength(1);
    const letter = found.hits.hits[0]?._source?.vedette.dead_letter;
    expect(letter).toMatchObject({ index, id: "bad", operation: "create", truncated: "true" });
    expect(Buffer.byteLength(letter?.document ?? "")).toBeLessThanOrEqual(DEAD_LETTER_BYTES);
    expect(letter?.document.endsWith("ü")).toBe(true);
  });

  it("takes out the one document that makes Elasticsearch refuse a whole request", async () => {
    const operations = Array.from({ length: 9 }, (_, n) => create(n === 4 ? "x".repeat(600) : `short-${n}`));
    const outcomes = await writer().write(operations);
    expect(outcomes.map(({ status }) => status)).toEqual(operations.map((_, n) => (n === 4 ? "refused" : "written")));
    expect(refusals.splice(0)).toHaveLength(1);
  });

  it("keeps the order of the outcomes over many small requests", async () => {
    const operations = Array.from({ length: 100 }, (_, n) => create(n % 10 === 0 ? "once" : `many-${n}`));
    const outcomes = await writer({ maxItems: 7, maxBytes: 400, concurrency: 3 }).write(operations, { refresh: true });
    expect(outcomes.map(({ status }) => status)).toEqual(
      operations.map((_, n) => (n % 10 === 0 ? "exists" : "written")),
    );
  });

  it("files nothing away when a write is nobody's document's fault", async () => {
    await elasticsearch.client.indices.create({ index: `${index}-closed`, settings: { number_of_replicas: 0 } });
    await elasticsearch.client.indices.close({ index: `${index}-closed` });
    const closed: WriteOperation = { kind: "create", index: `${index}-closed`, id: "a", document: {} };
    await expect(writer({ patience: 0 }).write([create("beside"), closed])).rejects.toMatchObject({
      code: "elasticsearch-unavailable",
      retryable: true,
    });
    await elasticsearch.client.indices.open({ index: `${index}-closed` });
    expect(await writer().write([create("beside"), closed])).toEqual([{ status: "exists" }, { status: "written" }]);
    expect(refusals).toEqual([]);
  });
});

describe("createOnce", () => {
  const document = (id: string, hash: string) => ({ index, id, document: { n: 1, hash }, contentHash: hash });
  const options = { hashField: "hash" };

  it("tells the same content from another one", async () => {
    expect(await createOnce(cluster, writer(), [document("a", "1"), document("b", "1")], options)).toEqual([
      { status: "written" },
      { status: "written" },
    ]);
    const again = [document("a", "1"), document("b", "2"), document("c", "1"), document("c", "1")];
    expect(await createOnce(cluster, writer(), again, options)).toEqual([
      { status: "same" },
      { status: "different", storedHash: "1" },
      { status: "written" },
      { status: "same" },
    ]);
  });

  it("passes a refusal on and compares by the hash that a nested field holds", async () => {
    const nested = { index: `${index}-nested`, id: "n", document: { vedette: { h: "x" } }, contentHash: "x" };
    const refused = { index, id: "refused", document: { n: {} }, contentHash: "x" };
    const outcomes = await createOnce(cluster, writer(), [nested, refused], { hashField: "vedette.h" });
    expect(outcomes).toMatchObject([{ status: "written" }, { status: "refused" }]);
    expect(await createOnce(cluster, writer(), [nested], { hashField: "vedette.h" })).toEqual([{ status: "same" }]);
    refusals.splice(0);
  });
});
