import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../testing/silent-log.ts";
import { describeStoreContract } from "../testing/store-contract.ts";
import { openSqliteStore } from "./client.ts";

describeStoreContract("the embedded store", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vedette-contract-"));
  return {
    open: () => openSqliteStore({ folder, log: silentLog, clock: { now: () => 0 } }),
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
});
