import { randomBytes } from "node:crypto";
import { Client } from "@elastic/elasticsearch";
import { afterAll, inject } from "vitest";
import type { TestNode } from "./shared-node.ts";

/** A node for the tests of one file. */
export interface TestElasticsearch {
  readonly url: string;
  readonly client: Client;
  /** What the names of this file's indices, templates and aliases begin with, e.g. `t-1f3a9c04-`; indices and templates of that name are removed at the end. */
  readonly prefix: string;
}

/** Gives a test file the node of the run, with a prefix of its own. Called once, outside of any test. */
export function useElasticsearch(): TestElasticsearch {
  const node: TestNode = inject("elasticsearch");
  // Where there is no node the tests are collected, but none is run.
  const url = "url" in node ? node.url : "http://127.0.0.1:1";
  const client = new Client({ node: url });
  const prefix = `t-${randomBytes(4).toString("hex")}-`;
  afterAll(async () => {
    const all = { ignore_unavailable: true, allow_no_indices: true, expand_wildcards: "all" } as const;
    await client.indices.delete({ index: `${prefix}*`, ...all });
    // The server of the tests lacks the API that deletes a data stream, and keeps the index that one is written to.
    await client.indices.delete({ index: `.ds-${prefix}*`, ...all }, { ignore: [400] });
    await client.indices.deleteIndexTemplate({ name: `${prefix}*` }, { ignore: [404] });
    await client.cluster.deleteComponentTemplate({ name: `${prefix}*` }, { ignore: [404] });
    await client.close();
  });
  return { url, client, prefix };
}
