import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { freePorts, startNode } from "./cluster-node.ts";
import { findInstallation } from "./installation.ts";
import { makeNodesFolder } from "./node-configuration.ts";

/** Where the node for a run of tests is, or why there is none. */
export type TestNode = { readonly url: string } | { readonly missing: string };

declare module "vitest" {
  interface ProvidedContext {
    elasticsearch: TestNode;
  }
}

/** Gives the tests of a run one node: the running one that `VEDETTE_TEST_ELASTICSEARCH` names, else one of their own, stopped at the end. */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const running = process.env["VEDETTE_TEST_ELASTICSEARCH"];
  if (running !== undefined && running !== "") {
    project.provide("elasticsearch", { url: running.replace(/\/$/, "") });
    return undefined;
  }
  const installation = findInstallation();
  if ("missing" in installation) {
    if (process.env["VEDETTE_TEST_REQUIRE"] === "all") throw new Error(installation.missing);
    process.stdout.write(`Tests against Elasticsearch are skipped: ${installation.missing}\n`);
    project.provide("elasticsearch", installation);
    return undefined;
  }
  const folder = makeNodesFolder();
  const [port = 0, transportPort = 0] = await freePorts(2);
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const node = await startNode({ folder: join(folder, "node"), port, transportPort, heap: "1g" }, installation).catch(
    (error: unknown) => {
      remove();
      throw error;
    },
  );
  project.provide("elasticsearch", { url: node.url });
  return async () => {
    await node.stop();
    remove();
  };
}
