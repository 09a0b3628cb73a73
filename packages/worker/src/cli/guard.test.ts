import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { configSchema } from "../config/schema.ts";
import { createNodePorts } from "../ports-node.ts";
import { silentLog } from "../testing/silent-log.ts";
import { type RunningWorker, startWorker } from "../worker.ts";
import { guardCommand } from "./guard.ts";
import { captureOutput } from "./testing/capture-output.ts";

let folder: string;
let worker: RunningWorker;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "vedette-guard-command-"));
  worker = await startWorker({
    config: configSchema.parse({ dataFolder: folder, api: { port: 0 }, otlp: { enabled: false } }),
    ports: createNodePorts(silentLog),
    mode: "worker",
    consoleFolder: () => undefined,
  });
});
afterAll(async () => {
  await worker[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const run = async (...words: string[]) => {
  const { output, captured } = captureOutput();
  const place = ["--url", worker.addresses.api.url, "--data", folder];
  await guardCommand(output).parseAsync([...words, ...place], { from: "user" });
  return captured;
};

it("switches all guards off and on, once each, audited with who did it", async () => {
  expect((await run("list")).printed).toEqual(["The guards apply nothing."]);
  expect((await run("on")).printed).toEqual(["The guards were not switched off."]);
  expect((await run("off", "--reason", "Customers are turned away")).printed[0]).toMatch(
    /^All guards are off until 20/,
  );
  expect((await run("list")).printed[0]).toMatch(/Switched all guards off until .*: Customers are turned away$/);
  expect((await run("on")).printed).toEqual(["All guards are on again."]);
  expect((await run("list")).printed).toEqual(["The guards apply nothing."]);
  const audit = (await worker.store.listAudit(undefined, 50)).items;
  expect(
    audit
      .filter(({ action }) => action.startsWith("deny."))
      .map(({ action, actor }) => `${action} ${actor}`)
      .toReversed(),
  ).toEqual(["deny.requested admin", "deny.decided responder", "deny.undone admin"]);
});

it("says what is wrong with what it is told", async () => {
  const wrong = await run("off", "--reason", "x", "--for", "soon");
  expect([wrong.complained, wrong.code]).toEqual([['"soon" is no duration such as 30m or 1h.'], 2]);
  const long = await run("off", "--reason", "x", "--for", "90d");
  expect(long.code).toBe(2);
});
