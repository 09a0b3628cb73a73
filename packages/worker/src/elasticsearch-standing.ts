import type { ElasticsearchStatus } from "@vedette/api";
import type { SourceStatus } from "./collector/source.ts";
import type { SourceStart } from "./collector/elasticsearch/start-position.ts";
import { shardName } from "./collector/elasticsearch/shard-tail.ts";
import { isRed } from "./collector/elasticsearch/shard-watch.ts";
import { tailStatus } from "./collector/elasticsearch/tail-status.ts";
import type { ShardStanding } from "./detector/findings/source-progress.ts";
import type { CoverageLedger } from "./detector/stage-one/coverage-ledger.ts";
import type { ShardSource } from "./detector/stage-one/shard-sources.ts";
import { isReadByTime } from "./detector/stage-one/time-shard.ts";
import { shardResource, type SourceShard, type StageOne } from "./detector/stage-one/stage-one.ts";
import type { Cluster } from "./elasticsearch/cluster.ts";
import type { Leases, LeaseView } from "./leases/lease.ts";

/** One source of the standing. */
export type SourceStanding = ElasticsearchStatus["sources"][number];

/** How a line stands that runs in this worker. */
export interface LineHere {
  /** Operations of the stream of findings that it has not taken. */
  readonly lag: number;
  readonly problem: string | undefined;
}

/** What the standing is put together from. */
export interface StandingOptions {
  readonly cluster: Pick<Cluster, "name" | "uuid" | "capabilities">;
  readonly leases: Pick<Leases, "worker" | "view">;
  readonly sources: readonly (Pick<ShardSource, "name" | "isReceived"> & {
    readonly tailing: { readonly watch: Pick<ShardSource["tailing"]["watch"], "view" | "sight"> };
  })[];
  readonly starts: () => ReadonlyMap<string, SourceStart>;
  /** All shards that are to be read, as last seen. */
  readonly followed: () => readonly SourceShard[];
  readonly stageOne: Pick<StageOne, "shards" | "troubles">;
  /** How the shards stand; undefined while it is not known which there are. */
  readonly readStandings: () => Promise<readonly ShardStanding[] | undefined>;
  /** Names of the lines that some worker has to run, by the kind of their leases. */
  readonly lines: () => Readonly<Record<"correlate" | "case", readonly string[]>>;
  /** How a line stands, if it runs here. */
  readonly lineHere: (line: string) => Promise<LineHere | undefined>;
  readonly coverage: Pick<CoverageLedger, "last">;
}

/** How all workers of a cluster do, as this one sees it. */
export interface Standing {
  /** Looks now. Rejects when the cluster cannot be asked. */
  read(): Promise<ElasticsearchStatus>;
  /** The sources in the form of other sources, by the last look. */
  sources(): readonly SourceStatus[];
  /** What is wrong by the last look, one sentence each. */
  problems(): readonly string[];
}

const LISTED = 100;
/** Shards of a source whose trouble is said in the list of what is wrong; the others stand with their shards. */
const MOST_TROUBLES = 3;

/** Makes the standing; nothing is asked of the cluster before it is read. */
export function createStanding(options: StandingOptions): Standing {
  const { cluster, leases, stageOne, coverage } = options;
  let last: ElasticsearchStatus | undefined;
  let shown: readonly SourceStatus[] = [];

  const read = async (): Promise<ElasticsearchStatus> => {
    const standings = (await options.readStandings()) ?? [];
    const names = options.lines();
    const lineNames = [...names.case, ...names.correlate];
    const views = new Map((await leases.view(lineNames)).map((view) => [view.resource, view]));
    const byResource = new Map(standings.map((standing) => [standing.resource, standing]));
    const sources = options.sources.map((source) => sourceOf(source, byResource, options));
    shown = sources.map(({ status }) => status);
    const reading = coverage.last();
    return (last = {
      cluster: { name: cluster.name, uuid: cluster.uuid, version: cluster.capabilities.version },
      worker: leases.worker,
      sources: sources.map(({ standing }) => standing),
      leases: [
        leaseSummary("source", standings),
        leaseSummary("correlate", viewsOf(names.correlate, views)),
        leaseSummary("case", viewsOf(names.case, views)),
      ],
      lines: await Promise.all(
        lineNames.map(async (line) => {
          const { owner, epoch = 0 } = views.get(line) ?? {};
          const here = await options.lineHere(line);
          return {
            line,
            ...(owner === undefined ? {} : { owner }),
            epoch,
            here: here !== undefined,
            ...(here === undefined ? {} : { lag: here.lag }),
            ...(here?.problem === undefined ? {} : { problem: here.problem }),
          };
        }),
      ),
      ...(reading === undefined
        ? {}
        : { coverage: { at: reading.at, missed: { ...reading.missed }, gaps: reading.gaps.length } }),
    });
  };

  const sourceOf = (
    { name, tailing, isReceived = false }: StandingOptions["sources"][number],
    standings: ReadonlyMap<string, ShardStanding>,
    { starts, followed }: StandingOptions,
  ): { readonly standing: SourceStanding; readonly status: SourceStatus } => {
    const view = tailing.watch.view();
    const start = starts().get(name);
    const here = new Map(stageOne.shards().map((shard) => [shard.resource, shard]));
    const shards = followed().filter(({ source }) => source === name);
    const found = shards.flatMap((shard) => {
      const standing = standings.get(shardResource(shard));
      return standing === undefined ? [] : [{ shard, standing, sight: tailing.watch.sight(shard.sight.key) }];
    });
    const read = new Map(
      found.flatMap(({ shard, standing }) =>
        standing.progress === undefined ? [] : [[shardName(shard.sight.key), standing.progress.position] as const],
      ),
    );
    const sum = (counter: string): number =>
      found.reduce((all, { standing }) => all + (standing.progress?.counters[counter] ?? 0), 0);
    const superseded = sum("superseded");
    // The indices of received records are made with the first of them.
    const tail = tailStatus(isReceived ? { ...view, unmatched: [] } : view, read, {
      start: start?.choice ?? "",
      superseded,
    });
    const stalled = found.filter(({ standing }) => standing.state === "stalled").map(({ standing }) => standing);
    const newest = Math.max(...found.map(({ standing }) => standing.newest ?? Number.NEGATIVE_INFINITY));
    const stateOf = ({ shard, sight, standing }: (typeof found)[number]): keyof SourceStanding["states"] => {
      if (isReadByTime(shard.sight.key)) return "byTime";
      if (sight === undefined || isRed(sight)) return "red";
      if (standing.state === "stalled") return "stalled";
      return standing.unread === 0 ? "current" : "behind";
    };
    const states = { current: 0, behind: 0, stalled: 0, red: 0, byTime: 0 };
    const waiting: SourceStanding["waiting"] = [];
    for (const one of found) {
      const state = stateOf(one);
      states[state] += 1;
      if (state === "current" || state === "byTime") continue;
      const { index, shard } = one.shard.sight.key;
      const { unread, owner, resource } = one.standing;
      const trouble = here.get(resource)?.trouble ?? stageOne.troubles().get(resource);
      waiting.push({
        index,
        shard,
        state,
        ...(unread === undefined ? {} : { lag: unread }),
        ...(owner === undefined ? {} : { owner }),
        ...(trouble === undefined ? {} : { trouble }),
      });
    }
    waiting.sort((a, b) => (b.lag ?? Number.MAX_SAFE_INTEGER) - (a.lag ?? Number.MAX_SAFE_INTEGER));
    const standing: SourceStanding = {
      name,
      ...(start === undefined ? {} : { start: start.choice }),
      shards: shards.length,
      here: shards.filter((shard) => here.has(shardResource(shard))).length,
      states,
      lag: found.reduce((all, { standing: { unread } }) => all + (unread ?? 0), 0),
      ...(Number.isFinite(newest) ? { newest } : {}),
      superseded,
      red: [...tail.red],
      stalled: stalled.map(({ partition }) => partition),
      closed: [...tail.closed],
      unmatched: [...tail.unmatched],
      fallbacks: tail.fallbacks.map((fallback) => ({ ...fallback })),
      waiting: waiting.slice(0, LISTED),
      ...(view.problem === undefined ? {} : { problem: view.problem }),
    };
    const isWaiting =
      start === undefined || (shards.length === 0 && !isReceived) || tail.red.length > 0 || stalled.length > 0;
    return {
      standing,
      status: {
        name,
        kind: "elasticsearch",
        state: view.problem !== undefined ? "failed" : isWaiting ? "waiting" : "running",
        detail: start === undefined ? "Where it begins is not decided yet." : tail.detail,
        received: sum("read") + sum("early"),
        duplicate: 0,
        refused: sum("failed"),
      },
    };
  };

  return { read, sources: () => shown, problems: () => (last === undefined ? [] : problemsOf(last)) };
}

const viewsOf = (names: readonly string[], views: ReadonlyMap<string, LeaseView>) =>
  names.map((resource) => ({ resource, owner: views.get(resource)?.owner }));

function leaseSummary(
  kind: ElasticsearchStatus["leases"][number]["kind"],
  leases: readonly { readonly resource: string; readonly owner: string | undefined }[],
): ElasticsearchStatus["leases"][number] {
  const counts = new Map<string, number>();
  const unowned: string[] = [];
  for (const { resource, owner } of leases) {
    if (owner === undefined) unowned.push(resource);
    else counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return {
    kind,
    total: leases.length,
    owners: Array.from(counts, ([worker, count]) => ({ worker, count })).toSorted((a, b) =>
      a.worker < b.worker ? -1 : 1,
    ),
    unowned: unowned.slice(0, LISTED),
  };
}

const named = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");

/** What is wrong with a standing, one sentence each: what waits for somebody to do something. */
export function problemsOf({ sources, lines }: Pick<ElasticsearchStatus, "sources" | "lines">): readonly string[] {
  const unowned = lines.filter(({ owner }) => owner === undefined).map(({ line }) => line);
  return [
    ...sources.flatMap(({ name, start, red, stalled, unmatched, waiting }) => [
      ...(start === undefined
        ? [`Source ${name} has not begun: the cluster does not tell where it ends; the worker's log has the reason.`]
        : []),
      ...(red.length > 0 ? [`Source ${name} waits for ${named(red)}: no copy is started.`] : []),
      ...(stalled.length > 0
        ? [`Source ${name}: nobody has read ${named(stalled)} for long, and the watermark goes on without.`]
        : []),
      ...waiting
        .flatMap(({ index, shard, trouble }) => (trouble === undefined ? [] : [`${index}/${shard}: ${trouble}`]))
        .slice(0, MOST_TROUBLES)
        .map((trouble) => `Source ${name} does not read ${trouble}`),
      ...(unmatched.length > 0 ? [`Source ${name}: nothing fits ${named(unmatched)}.`] : []),
    ]),
    ...(unowned.length > 0 ? [`No worker runs ${named(unowned)} yet.`] : []),
    ...lines.flatMap(({ problem }) => (problem === undefined ? [] : [problem])),
  ];
}
