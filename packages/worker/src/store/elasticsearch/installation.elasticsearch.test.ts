import { expect, test } from "vitest";
import { createBulkWriter } from "../../elasticsearch/bulk-writer.ts";
import { connectCluster } from "../../elasticsearch/connect.ts";
import { StoreError } from "../../errors.ts";
import { createNodePorts } from "../../ports-node.ts";
import type { Command } from "../../responder/remote-operations.ts";
import { useElasticsearch } from "../../testing/elasticsearch/use-elasticsearch.ts";
import { silentLog } from "../../testing/silent-log.ts";
import { createCommandBoard } from "./command-board.ts";
import { keepInstallation } from "./installation.ts";
import { membersAmong } from "./members-among.ts";
import { aliasOf, documentId, keywordOf } from "./names.ts";
import { installTemplates } from "./templates/install.ts";

const { url, prefix } = useElasticsearch();
const ports = createNodePorts(silentLog);
const connect = () => connectCluster({ urls: [url], requestTimeout: 20_000 }, { log: silentLog });

test("keeps the number of partitions of the worker that came first, and refuses another one", async () => {
  await using cluster = await connect();
  const keep = async (partitions: number): Promise<void> => {
    try {
      await keepInstallation(cluster, `${prefix}i`, { partitions }, 20_000);
    } catch (error) {
      // The index was made this moment by another one, and has no shard yet: a start is then tried again.
      if (!(error instanceof StoreError) || !error.retryable) throw error;
      await ports.timers.sleep(200);
      await keep(partitions);
    }
  };
  const outcomes = await Promise.allSettled([keep(2), keep(3), keep(2), keep(3)]);
  const taken = outcomes.flatMap(({ status }, at) => (status === "fulfilled" ? [at % 2] : []));
  expect(taken).toHaveLength(2);
  expect(new Set(taken).size).toBe(1);
  const [kept = 0, other = 0] = taken[0] === 0 ? [2, 3] : [3, 2];
  await keep(kept);
  await expect(keep(other)).rejects.toMatchObject({ code: "store-partitions-changed", retryable: false });
});

test("knows which findings are members of an alert, also those written this moment and with long ids", async () => {
  await using cluster = await connect();
  const writer = createBulkWriter({ cluster, ...ports, prefix });
  await installTemplates(cluster, `${prefix}m`);
  const ids = ["a", "b", "x".repeat(2_000), "never"];
  await writer.write(
    ids.slice(0, 3).map((id) => ({
      kind: "put" as const,
      index: aliasOf(`${prefix}m`, "alert-members"),
      id: documentId(id),
      version: 1,
      document: { vedette: { finding_id: keywordOf(id), alert_id: "1", line: "case/default" } },
    })),
  );
  expect(await membersAmong(cluster, `${prefix}m`, ids)).toEqual(new Set(ids.slice(0, 3)));
  expect(await membersAmong(cluster, `${prefix}m`, ["never"])).toEqual(new Set());
});

test("hands a command on once, to whoever asks for it, and keeps the first answer", async () => {
  await using cluster = await connect();
  const [asking, serving] = [1, 2].map(() => createCommandBoard({ cluster, prefix: `${prefix}b`, clock: ports.clock }));
  const command: Command = {
    operation: "undoDeny",
    id: "d1",
    by: { name: "ana", idempotencyKey: "k1" },
  };
  await asking?.put("c1", command);
  await asking?.put("c1", { ...command, id: "other" });
  expect(await asking?.answer("c1")).toBeUndefined();
  expect(await serving?.waiting(10)).toEqual([{ id: "c1", command }]);
  await serving?.settle("c1", { outcome: "done", result: { id: "d1" } });
  await serving?.settle("c1", { outcome: "refused", code: "not-found", message: "late" } as never);
  expect(await asking?.answer("c1")).toEqual({ outcome: "done", result: { id: "d1" } });
  expect(await serving?.waiting(10)).toEqual([]);
});
