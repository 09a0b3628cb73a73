import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openSqliteReader } from "../packages/worker/src/store/sqlite/reader.ts";

const KILLS = 10;
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "vedette-store-kill-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What the writer was told is stored. */
interface Acknowledged {
  appended: number;
  step: number;
  cursor: number;
}

/** Runs the writer and kills it after a number of answers; adds what it was told to `acknowledged`. */
async function writeAndKill(answers: number, acknowledged: Acknowledged): Promise<void> {
  const script = join(import.meta.dirname, "kill/store-writer.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=vedette-source", "--disable-warning=ExperimentalWarning", script, folder],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_, signal) => resolve(signal)));
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    lines += 1;
    const [word, first = "0", second = "0"] = line.split(" ");
    if (word === "append") acknowledged.appended = Math.max(acknowledged.appended, Number(first));
    if (word === "commit") Object.assign(acknowledged, { step: Number(first), cursor: Number(second) });
    if (lines === answers) child.kill("SIGKILL");
  }
  expect(await ended, complaint).toBe("SIGKILL");
}

test(`loses nothing acknowledged and halves no step when its process is killed ${KILLS} times`, async () => {
  const acknowledged: Acknowledged = { appended: 0, step: 0, cursor: 0 };
  for (let kill = 1; kill <= KILLS; kill += 1) {
    await writeAndKill(5 + kill * 17, acknowledged);
    using reader = openSqliteReader(folder);
    const { cursor, blobs, alerts } = await reader.recover(0);
    const end = await reader.inboxEnd();
    const { number, cursor: written } = JSON.parse(blobs.get("step") ?? "{}") as { number: number; cursor: number };
    process.stdout.write(`kill ${kill}: ${end} records, ${end - cursor} of them not judged, ${number} steps\n`);

    expect(end).toBeGreaterThanOrEqual(acknowledged.appended);
    const ids = Array.from({ length: acknowledged.appended }, (_, index) => `record-${index + 1}`);
    expect((await reader.events(ids)).map(({ id }) => id)).toEqual(ids);

    // Every part of the last step that is there, and no part of another.
    expect(number).toBeGreaterThanOrEqual(acknowledged.step);
    expect(cursor).toBeGreaterThanOrEqual(acknowledged.cursor);
    expect(written).toBe(cursor);
    expect(alerts).toMatchObject([{ revision: number, findingCount: cursor }]);
    expect(await reader.alertMembers("alert", 1_000_000)).toHaveLength(cursor);
    expect((await reader.counts()).facts).toBe(cursor);
    expect((await reader.history("alert")).map(({ change }) => change)).toEqual(
      Array.from({ length: number }, (_, index) => `step ${index + 1}`),
    );
    expect(reader.verifyTrail()).toMatchObject({ ok: true, entries: number });
  }
});
