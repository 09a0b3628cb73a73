import { expect, test } from "vitest";
import { useElasticsearch } from "./use-elasticsearch.ts";

const { client, prefix } = useElasticsearch();

test("gives tests a node that stores and finds documents", async () => {
  await client.index({ index: `${prefix}one`, id: "1", document: { name: "first" }, refresh: true });
  const { hits } = await client.search({ index: `${prefix}*` });
  expect(hits.hits.map(({ _id }) => _id)).toEqual(["1"]);
});
