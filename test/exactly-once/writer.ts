import { setTimeout as wait } from "node:timers/promises";
import { errors, type Client } from "@elastic/elasticsearch";
import { seededRandom } from "../../packages/worker/src/testing/elasticsearch/seeded-random.ts";
import type { PlannedBatch, PlannedEvent, PlannedWrite, Version } from "./plan.ts";

/** Milliseconds to wait after a failure. */
const BACK_OFF = 200;

/** Where a document stands and the version of it that a change is based on. */
interface Place {
  /** Changes when the index is shrunk. */
  index: string;
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** What one writer needs. */
export interface WriterOptions {
  readonly client: Client;
  readonly target: string;
  readonly batches: readonly PlannedBatch[];
  /** Milliseconds. */
  readonly longestPause: number;
  /** Called with the number of writes that were done. */
  readonly onProgress: (writes: number) => void;
  readonly signal: AbortSignal;
}

/** Where the documents that a writer has written stand, so that another one can go on. */
export type Places = Map<string, Place>;

/** Writes batches in order, each until all of it is stored; what was stored already is left as it is. */
export async function write(options: WriterOptions, places: Places): Promise<void> {
  const { client, target, batches, longestPause, onProgress, signal } = options;
  for (const { pause, writes } of batches) {
    await wait(pause * longestPause, undefined, { signal });
    let open = writes;
    while (open.length > 0) {
      signal.throwIfAborted();
      const left = await attempt(client, target, open, places);
      onProgress(open.length - left.length);
      open = left;
      if (open.length > 0) await wait(BACK_OFF, undefined, { signal });
    }
  }
}

/** One bulk request; gives what has to be tried again. */
async function attempt(
  client: Client,
  target: string,
  writes: readonly PlannedWrite[],
  places: Places,
): Promise<PlannedWrite[]> {
  let items: readonly Readonly<Record<string, Item>>[];
  try {
    const operations = writes.flatMap((write) => linesOf(target, write, places));
    ({ items } = await client.bulk({ operations, timeout: "5s" }, { requestTimeout: 30_000, maxRetries: 0 }));
  } catch (error) {
    if (!(error instanceof errors.ElasticsearchClientError)) throw error;
    return [...writes];
  }
  const left: PlannedWrite[] = [];
  for (const [at, item] of items.entries()) {
    const write = writes[at];
    const answer = Object.values(item)[0];
    if (write && !(answer && (await isDone(client, target, write, answer, places)))) left.push(write);
  }
  return left;
}

interface Item {
  readonly status: number;
  readonly _index?: string;
  readonly _seq_no?: number;
  readonly _primary_term?: number;
}

function linesOf(target: string, write: PlannedWrite, places: Places): object[] {
  const { event } = write;
  if (write.type === "create") return [{ create: { _index: target, _id: event.id } }, documentOf(event, 0)];
  const place = places.get(event.id);
  if (!place) throw new Error(`${event.id} is changed before it is written`);
  const { index, seqNo, primaryTerm } = place;
  const head = { _index: index, _id: event.id, if_seq_no: seqNo, if_primary_term: primaryTerm };
  if (write.type === "delete") return [{ delete: head }];
  return [{ index: head }, documentOf(event, write.version)];
}

/** Whether a write stands; an answer that was lost before makes it a conflict now. */
async function isDone(
  client: Client,
  target: string,
  write: PlannedWrite,
  answer: Item,
  places: Places,
): Promise<boolean> {
  const { id } = write.event;
  const { status, _index: index = "", _seq_no: seqNo = -1, _primary_term: primaryTerm = -1 } = answer;
  if (status === 200 || status === 201) {
    places.set(id, { index, seqNo, primaryTerm });
    return true;
  }
  if (write.type === "delete" && status === 404) return true;
  if (status !== 409) {
    if (status === 400) throw new Error(`a document was refused: ${JSON.stringify(answer)}`);
    return false;
  }
  const stored = await find(client, write.type === "create" ? undefined : places.get(id)?.index, target, id);
  if (stored === "unknown") return false;
  if (stored === undefined) return write.type === "delete";
  places.set(id, stored);
  return write.type !== "delete" && stored.version === (write.type === "create" ? 0 : write.version);
}

/** Where a document stands now. After a rollover it can be in an older index than new ones. */
async function find(
  client: Client,
  index: string | undefined,
  target: string,
  id: string,
): Promise<(Place & { version: number }) | undefined | "unknown"> {
  try {
    if (index === undefined) {
      await client.indices.refresh({ index: target });
      const { hits } = await client.search({
        index: target,
        query: { ids: { values: [id] } },
        seq_no_primary_term: true,
        allow_partial_search_results: false,
      });
      const [hit] = hits.hits;
      if (!hit) return "unknown";
      return {
        index: hit._index,
        seqNo: hit._seq_no ?? -1,
        primaryTerm: hit._primary_term ?? -1,
        version: versionIn(hit._source),
      };
    }
    const found = await client.get({ index, id }, { ignore: [404] });
    if (!found.found) return undefined;
    return {
      index,
      seqNo: found._seq_no ?? -1,
      primaryTerm: found._primary_term ?? -1,
      version: versionIn(found._source),
    };
  } catch (error) {
    if (error instanceof errors.ElasticsearchClientError) return "unknown";
    throw error;
  }
}

const versionIn = (source: unknown): number => (source as { rig: { version: number } }).rig.version;

const OUTCOME = { login: "success", failure: "failure" } as const;

/** The document as ECS has it. */
export function documentOf({ id, versions, isSlow }: PlannedEvent, version: number): object {
  const { kind, address, user, time } = versions[version] as Version;
  return {
    "@timestamp": new Date(time).toISOString(),
    event: {
      action: kind === "failure" ? "login" : kind,
      ...(kind === "login" || kind === "failure" ? { outcome: OUTCOME[kind] } : {}),
    },
    source: { ip: address },
    user: { name: user },
    host: { name: `host-${Number(id.slice(1)) % 20}` },
    message: `${user} from ${address}: ${kind}`,
    rig: { version, ...(isSlow ? { text: textOf(id) } : {}) },
  };
}

/** About ten thousand characters. */
function textOf(id: string): string {
  const random = seededRandom(Number(id.slice(1)));
  return Array.from({ length: 1_500 }, () => Math.floor(random() * 1e9).toString(36)).join(" ");
}
