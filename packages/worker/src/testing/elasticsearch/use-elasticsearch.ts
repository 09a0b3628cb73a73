import { randomBytes } from "node:crypto";
import { Client } from "@elastic/elasticsearch";
import { afterAll, inject } from "vitest";
import { removeIndices } from "./remove-indices.ts";
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
    await removeIndices(client, prefix);
    await client.close();
  });
  return { url, client, prefix };
}
