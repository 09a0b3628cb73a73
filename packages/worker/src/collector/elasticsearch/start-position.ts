import type { Cluster } from "../../elasticsearch/cluster.ts";
import { calling, ElasticsearchError } from "../../elasticsearch/errors.ts";
import type { AskCluster } from "./ask-cluster.ts";
import { readShard } from "./read-shard.ts";
import { originalOf } from "./index-names.ts";
import { isRed } from "./shard-watch.ts";
import { type ShardPosition, type ShardSight, shardName } from "./shard-tail.ts";

/**
 * Where a source starts in the shards that are there when it is run for the first time: `now` leaves out what they hold by then, `beginning` nothing. A time (ISO 8601)
 * begins at the first document, in the order in which the shard took them, that is dated then or later: everything dated since is read, and so is whatever older came in after
 * that. An index that appears later is read whole, however its documents are dated.
 */
export type StartChoice = string;

/** What was decided when a source was first run. JSON, written once and then the same for all workers. */
export interface SourceStart {
  readonly choice: StartChoice;
  /** Highest sequence number that is left out, by shard (`<index uuid>/<number>`); `null` for a shard that was red then: it is read whole. */
  readonly checkpoints: Readonly<Record<string, number | null>>;
  /** Names of the indices that were there then, by uuid; a copy that is made later is known by them. */
  readonly names?: Readonly<Record<string, string>>;
}

/**
 * Where a shard begins that nobody has read yet. An index that was shrunk, or mounted from a snapshot, has the documents of its original under the same numbers: it begins where the first shard of that one did, so
 * that what was left out then is left out of the copy, as far as it can be told.
 */
export function startPosition(start: SourceStart, sight: ShardSight): ShardPosition {
  const historyUuid = sight.historyUuid ?? "";
  const own = start.checkpoints[shardName(sight.key)];
  if (own !== undefined) return { historyUuid, checkpoint: own ?? -1 };
  const original = originalOf(sight.key.index);
  const uuids = Object.entries(start.names ?? {}).flatMap(([uuid, name]) => (name === original ? [uuid] : []));
  const checkpoints = Object.entries(start.checkpoints)
    .filter(([name]) => original !== sight.key.index && uuids.some((uuid) => name.startsWith(`${uuid}/`)))
    .map(([, number]) => number ?? -1);
  return { historyUuid, checkpoint: checkpoints.length === 0 ? -1 : Math.min(...checkpoints) };
}

/** Decides where each shard begins. Rejects with an `ElasticsearchError` when a shard cannot be read; a later call decides anew. */
export async function decideStart(
  {
    ask,
    choice,
    sights,
  }: { readonly ask: AskCluster; readonly choice: StartChoice; readonly sights: readonly ShardSight[] },
  signal: AbortSignal,
): Promise<SourceStart> {
  if (choice === "beginning") return { choice, checkpoints: {} };
  const checkpoints: Record<string, number | null> = {};
  if (choice !== "now") await refreshAll(ask, sights, signal);
  for (const sight of sights) {
    const name = shardName(sight.key);
    if (isRed(sight)) checkpoints[name] = null;
    else if (choice === "now") checkpoints[name] = sight.globalCheckpoint ?? -1;
    else checkpoints[name] = await firstSince(ask, sight, choice, signal);
  }
  const names = Object.fromEntries(sights.map(({ key }) => [key.indexUuid, key.index]));
  return { choice, checkpoints, names };
}

async function refreshAll(ask: AskCluster, sights: readonly ShardSight[], signal: AbortSignal): Promise<void> {
  for (const index of new Set(sights.filter((sight) => !isRed(sight)).map(({ key }) => key.index)))
    await ask({ method: "POST", path: `/${encodeURIComponent(index)}/_refresh`, doing: `Refreshing ${index}` }, signal);
}

async function firstSince(ask: AskCluster, sight: ShardSight, time: string, signal: AbortSignal): Promise<number> {
  const goal = sight.globalCheckpoint ?? -1;
  const { documents } = await readShard(
    ask,
    {
      sight,
      node: sight.nodes[0] ?? "",
      after: -1,
      upTo: Math.max(goal, 0),
      size: 1,
      maxBytes: Number.POSITIVE_INFINITY,
      sourceFields: { excludes: ["*"] },
      // A document without the field may be of any time: it is not left out unseen.
      query: {
        bool: {
          should: [
            { range: { "@timestamp": { gte: new Date(time).toISOString() } } },
            { bool: { must_not: [{ exists: { field: "@timestamp" } }] } },
          ],
        },
      },
    },
    signal,
  );
  const [first] = documents;
  return first === undefined ? goal : first.seqNo - 1;
}

/**
 * Keeps what was decided at a source's first run in a document that is created once: workers that start at the same time, and all later ones, go by the same.
 * @returns what is kept, be it `decide`'s or another worker's
 */
export async function keepStart(
  {
    cluster,
    index,
    source,
  }: { readonly cluster: Pick<Cluster, "client">; readonly index: string; readonly source: string },
  decide: () => Promise<SourceStart>,
  signal: AbortSignal,
): Promise<SourceStart> {
  const doing = `Keeping where source ${source} starts`;
  const id = `source-start/${source}`;
  const read = async (): Promise<SourceStart | undefined> => {
    const { body, statusCode } = await calling(doing, () =>
      cluster.client.get<{ readonly start?: string }>({ index, id }, { meta: true, ignore: [404], signal }),
    );
    const text = statusCode === 404 ? undefined : body._source?.start;
    return text === undefined ? undefined : (JSON.parse(text) as SourceStart);
  };
  const kept = await read();
  if (kept !== undefined) return kept;
  const start = await decide();
  const { statusCode } = await calling(doing, () =>
    cluster.client.create(
      // As a text: uuids of indices must not become fields of the mapping.
      { index, id, document: { source, start: JSON.stringify(start) } },
      { meta: true, ignore: [409], signal },
    ),
  );
  if (statusCode !== 409) return start;
  const other = await read();
  if (other === undefined)
    throw new ElasticsearchError("elasticsearch-conflict", `${doing} failed: the document came and went.`, {
      retryable: true,
    });
  return other;
}
