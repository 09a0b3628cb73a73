/**
 * Appends and commits as fast as the store answers, and writes a line for each answer, until it is killed.
 * Arguments: the data folder. Every id and content follows from a number, so that the test can tell what must be there.
 */
import { writeSync } from "node:fs";
import { openSqliteStore } from "../../packages/worker/src/store/sqlite/client.ts";
import type { StepCommit, Store } from "../../packages/worker/src/store/store.ts";
import {
  sampleAlert,
  sampleEffect,
  sampleFact,
  sampleRecord,
} from "../../packages/worker/src/testing/store-samples.ts";

const [folder = ""] = process.argv.slice(2);
const none = (): void => {};
const log = { debug: none, info: none, warn: none, error: none };
/** Written whole before the next line of the program runs: what was answered before the kill has been said. */
const say = (line: string): number => writeSync(1, `${line}\n`);

const BATCH = 7;

/** Step `number` judges every record up to `cursor`; everything it writes names it. */
function step(number: number, from: number, cursor: number): StepCommit {
  const facts = Array.from({ length: cursor - from }, (_, index) => sampleFact(`fact-${from + index + 1}`));
  return {
    id: `judge:${number}`,
    cursor,
    facts,
    blobs: [{ key: "step", value: JSON.stringify({ number, cursor }) }],
    alerts: [sampleAlert("alert", { revision: number, findingCount: cursor })],
    alertMembers: facts.map(({ id, time }) => ({
      alertId: "alert",
      findingId: id,
      kind: "fact",
      from: time,
      to: time,
    })),
    effects: [sampleEffect(`effect-${number}`)],
    history: [{ subject: "alert", time: number, actor: "worker", change: `step ${number}` }],
    audit: [{ time: number, actor: "worker", action: "judged", subject: `step ${number}`, details: { cursor } }],
  };
}

async function appendForEver(store: Store): Promise<never> {
  for (let next = 1; ; next += BATCH) {
    // From the first record again after each start: what was stored before is a duplicate, as after a sender's retry.
    const records = Array.from({ length: BATCH }, (_, index) => sampleRecord(`record-${next + index}`));
    await store.append(records);
    say(`append ${next + BATCH - 1}`);
  }
}

async function judgeForEver(store: Store): Promise<never> {
  const { blobs, cursor } = await store.recover(0);
  let { number } = JSON.parse(blobs.get("step") ?? '{"number":0}') as { number: number };
  let from = cursor;
  // The step whose outcome a crash hid is made again under its own id; it must change nothing.
  if (number > 0) await store.commit(step(number, 0, cursor));
  for (;;) {
    const rows = await store.readInbox(from, 20);
    const last = rows.at(-1);
    if (!last) continue;
    number += 1;
    await store.commit(step(number, from, last.sequence));
    from = last.sequence;
    say(`commit ${number} ${from}`);
  }
}

const store = await openSqliteStore({ folder, log, clock: { now: () => 0 } });
say("open");
await Promise.all([appendForEver(store), judgeForEver(store)]);
