import { request } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as wait } from "node:timers/promises";
import { openSqliteReader } from "../../packages/worker/src/store/sqlite/reader.ts";
import { recordedInput } from "./recorded-input.ts";
import { startWorkerProcess, vedette, type WorkerProcess } from "./worker-process.ts";

/** Requests under way at once. */
const SENDERS = 4;
/** Small steps and many of them: more places to be killed at. */
const CONFIG = `
otlp: { port: 0 }
api: { port: 0 }
detector: { batchSize: 40 }
log: { level: warn }
`;

/** What is compared at the end: the same for the same input, whatever happened to the process. */
export interface Outcome {
  readonly records: number;
  readonly facts: readonly string[];
  /** Alerts that are not merged into others, without what depends on the moment (times of storing, revision). */
  readonly alerts: readonly string[];
  /** Alerts with the same rule, key and first finding as another one. */
  readonly doubledAlerts: readonly string[];
  /** Addresses on the deny list, each as often as it is there. */
  readonly blocked: readonly string[];
  readonly audit: { readonly ok: boolean; readonly entries: number; readonly anchors: number };
}

/** What a run of kills found. */
export interface KillReport {
  readonly undisturbed: Outcome;
  readonly killed: Outcome;
  /** Acknowledged records that were not judged, at each kill. */
  readonly notJudged: readonly number[];
  /** Requests that were sent again because a kill hid their answer. */
  readonly resent: number;
  /** Alerts seen after a kill whose id is gone at the end. */
  readonly lostAlerts: readonly string[];
  /** What `vedette audit verify` said about the folder that lived through the kills, and about it with one byte edited. */
  readonly verified: CommandAnswer;
  readonly edited: CommandAnswer & { readonly entry: number };
}

interface CommandAnswer {
  readonly code: number | null;
  readonly output: string;
}

/** How a run is made. */
export interface KillOptions {
  readonly kills: number;
  readonly rounds: number;
  readonly print: (line: string) => void;
}

/** Sends the same recorded input to a worker that is left alone and to one that is killed again and again, and reports what both hold at the end. */
export async function runKills({ kills, rounds, print }: KillOptions): Promise<KillReport> {
  const folder = mkdtempSync(join(tmpdir(), "vedette-kill-"));
  try {
    const config = join(folder, "vedette.yaml");
    writeFileSync(config, CONFIG);
    const recording = join(folder, "input.jsonl");
    // Its last record is of just now: none is dated in the future, and the blocks that the attacks cause are still worth making.
    writeFileSync(recording, recordedInput(rounds, Date.now()).join("\n"));
    const requests = readFileSync(recording, "utf8").split("\n");
    print(`recorded input: ${requests.length} requests, ${(statSize(requests) / 1e6).toFixed(1)} MB`);

    const calm = join(folder, "undisturbed");
    const worker = await startWorkerProcess(config, calm);
    await sendAll(worker, requests, new Set(requests.keys()));
    await judged(calm);
    await worker.stop();
    const undisturbed = await outcomeOf(calm);
    print(`undisturbed: ${summary(undisturbed)}`);

    const data = join(folder, "killed");
    const { notJudged, resent, seenAlerts } = await sendAndKill({ config, data, requests, kills, print });
    const killed = await outcomeOf(data);
    print(`killed ${kills} times: ${summary(killed)}; ${resent} requests sent again`);
    const kept = storedIds(data);
    const verified = vedette("audit", "verify", "--data", data);
    print(`vedette audit verify: exit code ${verified.code}: ${verified.output}`);
    const entry = editOneByte(data);
    const edited = { ...vedette("audit", "verify", "--data", data), entry };
    print(`after an edit of one byte in entry ${entry}: exit code ${edited.code}: ${edited.output}`);
    return {
      verified,
      edited,
      undisturbed,
      killed,
      notJudged,
      resent,
      lostAlerts: [...seenAlerts].filter((id) => !kept.has(id)),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const statSize = (requests: readonly string[]): number =>
  requests.reduce((sum, body) => sum + Buffer.byteLength(body), 0);

const summary = ({ records, facts, alerts, blocked, audit }: Outcome): string =>
  `${records} records, ${facts.length} facts, ${alerts.length} alerts, ${blocked.length} blocks, audit ${audit.ok ? "verifies" : "BROKEN"} with ${audit.entries} entries`;

async function sendAndKill(run: {
  config: string;
  data: string;
  requests: readonly string[];
  kills: number;
  print: (line: string) => void;
}) {
  const { config, data, requests, kills, print } = run;
  const unacknowledged = new Set(requests.keys());
  const attempted = new Set<number>();
  const notJudged: number[] = [];
  const seenAlerts = new Set<string>();
  let resent = 0;
  for (let start = 1; notJudged.length < kills; start += 1) {
    if (unacknowledged.size === 0) throw new Error(`the input ended after ${notJudged.length} kills; make it longer`);
    const worker = await startWorkerProcess(config, data);
    resent += [...attempted].filter((index) => unacknowledged.has(index)).length;
    const before = unacknowledged.size;
    // An even share of the input for each life, so that the last kill still finds work.
    const share = Math.max(2, Math.floor(before / (kills - notJudged.length + 1)));
    const stop = new AbortController();
    const sending = sendAll(worker, requests, unacknowledged, stop.signal, attempted);
    // Every second life is ended in the midst of judging, the others as soon as their share of the input is acknowledged.
    const startedAt = start % 2 === 0 ? cursorOf(data) : -1;
    while (before - unacknowledged.size < share || pending(data) === 0 || cursorOf(data) <= startedAt) await wait(1);
    await worker.kill();
    stop.abort();
    await sending;
    for (const id of storedIds(data)) seenAlerts.add(id);
    // The process is gone: what the folder says now is what its next life starts from.
    const waiting = pending(data);
    print(
      `kill ${notJudged.length + 1} (start ${start}): ${requests.length - unacknowledged.size} requests acknowledged, ${waiting} acknowledged records not judged`,
    );
    if (waiting > 0) notJudged.push(waiting);
    else if (start > kills * 5) throw new Error("the worker judges too fast to be killed with records waiting");
  }
  const worker = await startWorkerProcess(config, data);
  resent += [...attempted].filter((index) => unacknowledged.has(index)).length;
  await sendAll(worker, requests, unacknowledged, undefined, attempted);
  await judged(data);
  await worker.stop();
  return { notJudged, resent, seenAlerts };
}

/** Sends what is not acknowledged, in order, a few at a time, again while the worker says to; ends early when told to. */
async function sendAll(
  worker: WorkerProcess,
  requests: readonly string[],
  unacknowledged: Set<number>,
  stop?: AbortSignal,
  attempted = new Set<number>(),
): Promise<void> {
  const queue = [...unacknowledged].sort((a, b) => a - b).values();
  const send = async (): Promise<void> => {
    for (const index of queue) {
      for (;;) {
        if (stop?.aborted) return;
        attempted.add(index);
        const status = await post(`${worker.otlp}/v1/logs`, requests[index] ?? "");
        if (status === 200) break;
        if (status !== undefined && status !== 429 && status !== 503) throw new Error(`the worker answered ${status}`);
        if (status === undefined && !stop) throw new Error("the worker does not answer");
        await wait(5);
      }
      unacknowledged.delete(index);
    }
  };
  await Promise.all(Array.from({ length: SENDERS }, send));
}

/** The status of the answer, or undefined when none came. */
function post(url: string, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request(url, { method: "POST", headers: { "content-type": "application/json" } }, (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode))
        .on("error", () => resolve(undefined));
    });
    sent.on("error", () => resolve(undefined)).end(body);
  });
}

/** The last record that is judged. */
function cursorOf(data: string): number {
  return rows<{ value: number }>(data, "SELECT value FROM meta WHERE key = 'cursor'")[0]?.value ?? 0;
}

/** Acknowledged records that are not judged. */
function pending(data: string): number {
  const database = new DatabaseSync(join(data, "vedette.db"), { readOnly: true });
  try {
    const row = database
      .prepare(
        "SELECT coalesce((SELECT max(sequence) FROM inbox), 0) - coalesce((SELECT value FROM meta WHERE key = 'cursor'), 0) AS pending",
      )
      .get() as { pending: number };
    return row.pending;
  } finally {
    database.close();
  }
}

async function judged(data: string): Promise<void> {
  while (pending(data) > 0) await wait(20);
}

function rows<T>(data: string, text: string): T[] {
  const database = new DatabaseSync(join(data, "vedette.db"), { readOnly: true });
  try {
    return database.prepare(text).all() as T[];
  } finally {
    database.close();
  }
}

/** Flips one bit of the file, in the middle entry of the audit trail; the entry's number. */
function editOneByte(data: string): number {
  const [middle] = rows<{ sequence: number; entry: string }>(
    data,
    "SELECT sequence, entry FROM audit ORDER BY abs(sequence - (SELECT max(sequence) / 2 FROM audit)) LIMIT 1",
  );
  if (!middle) throw new Error("the audit trail is empty");
  const path = join(data, "vedette.db");
  const bytes = readFileSync(path);
  const at = bytes.indexOf(middle.entry) + 40;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
  return middle.sequence;
}

const storedIds = (data: string): Set<string> =>
  new Set(rows<{ id: string }>(data, "SELECT id FROM alerts").map(({ id }) => id));

async function outcomeOf(data: string): Promise<Outcome> {
  using reader = openSqliteReader(data);
  const { alerts, denyList } = await reader.recover(0);
  const facts = rows<{ body: string }>(data, "SELECT body FROM facts ORDER BY id").map(({ body }) => body);
  const described: string[] = [];
  for (const alert of alerts) {
    const members = (await reader.alertMembers(alert.id, 1_000_000))
      .filter(({ kind }) => kind === "fact")
      .map(({ findingId }) => findingId);
    const { rule, suppressionKey, severity, firstSeen, lastSeen, findingCount, eventCount, entities } = alert;
    const text = JSON.stringify({
      rule: rule.id,
      suppressionKey,
      severity,
      firstSeen,
      lastSeen,
      findingCount,
      eventCount,
      entities: entities.map(({ kind, value }) => `${kind}:${value}`).sort(),
      facts: members.sort(),
    });
    described.push(text);
  }
  const places = alerts.map(({ rule, suppressionKey, firstSeen }) => `${rule.id} ${suppressionKey} ${firstSeen}`);
  return {
    records: await reader.inboxEnd(),
    facts,
    alerts: described.sort(),
    doubledAlerts: places.filter((place, index) => places.indexOf(place) !== index),
    blocked: denyList.map(({ id, address = id }) => address).sort(),
    audit: reader.verifyTrail(),
  };
}
