import { expect, test } from "vitest";
import { removeIndices } from "./remove-indices.ts";
import { useElasticsearch } from "./use-elasticsearch.ts";

const { client, prefix } = useElasticsearch();

test("gives tests a node that stores and finds documents", async () => {
  await client.index({ index: `${prefix}one`, id: "1", document: { name: "first" }, refresh: true });
  const { hits } = await client.search({ index: `${prefix}*` });
  expect(hits.hits.map(({ _id }) => _id)).toEqual(["1"]);
});

test("removes indices, and of data streams what it can", async () => {
  const name = `${prefix}removed-`;
  await client.indices.putIndexTemplate({ name, index_patterns: [`${name}stream*`], data_stream: {} });
  await client.create({ index: `${name}stream`, id: "1", document: { "@timestamp": "2026-01-01T00:00:00Z" } });
  await client.create({ index: `${name}plain`, id: "1", document: {}, refresh: true });
  await removeIndices(client, name);
  expect(await client.indices.exists({ index: `${name}plain` })).toBe(false);
  expect((await client.count({ index: `${name}*` })).count).toBe(0);
});
