import type { ElasticsearchStatus, Status } from "@vedette/api";
import type { Problem } from "@vedette/detection";
import type { SourceStatus } from "./collector/source.ts";
import type { CorrelationDrops } from "./detector/line-rule.ts";
import type { Line } from "./detector/line.ts";
import type { Clock } from "./ports.ts";
import type { GuardHub } from "./responder/guard-hub.ts";
import { unguarded } from "./responder/unguarded.ts";
import { StoreError } from "./errors.ts";
import type { Metrics } from "./server/metrics.ts";
import type { Store, StoreCounts } from "./store/store.ts";
import { type ClusterView, RECEIVED_SOURCE } from "./worker-parts.ts";

/** Problems with rules that the status lists; the count is of all. */
const LISTED_PROBLEMS = 100;

/** What correlation left out, as the metrics call it. */
const DROP_REASONS: readonly (readonly [keyof CorrelationDrops, string])[] = [
  ["lateDropped", "late"],
  ["ungrouped", "ungrouped"],
  ["unvalued", "unvalued"],
  ["groupsEvicted", "groups_evicted"],
  ["groupsEvictedForMemory", "groups_evicted_for_memory"],
  ["groupsOrphaned", "groups_orphaned"],
  ["membersOmitted", "members_omitted"],
  ["membersDropped", "members_dropped"],
  ["entitiesOmitted", "entities_omitted"],
];

/** Counters of the line that begin anew when a worker takes it over. */
const OF_THE_RUN = /^(commitRetries|rebuilds|spellsRefused|deny .*)$/;

/** What the status is read from. */
export interface StatusOptions {
  readonly version: string;
  readonly mode: Status["mode"];
  readonly startedAt: number;
  readonly clock: Clock;
  readonly store: Pick<Store, "inboxEnd" | "counts" | "pendingEffects">;
  readonly line: Pick<Line, "status" | "inForce">;
  readonly guardHub: Pick<GuardHub, "clients">;
  readonly ruleSet: { readonly loaded: number; readonly problems: readonly Problem[] };
  readonly sources: () => readonly SourceStatus[];
  /** What is wrong besides, one sentence each. */
  readonly problems?: () => readonly string[];
  readonly metrics: Metrics;
  /** Where several workers have one memory. */
  readonly cluster?: Pick<ClusterView, "standing" | "judged" | "tenure" | "drops"> | undefined;
}

/** What the store and the cluster answered. */
interface Asked {
  readonly elasticsearch: ElasticsearchStatus | undefined;
  readonly inboxEnd: number;
  readonly counts: StoreCounts;
  readonly effectsPending: number;
}

/** Makes the function that says what the worker is doing and what is wrong, now; the line's counters go into the metrics at the same time. */
export function createStatus(options: StatusOptions): () => Promise<Status> {
  const { store, line, metrics, clock, cluster } = options;
  const refused = new Set(
    options.ruleSet.problems
      .filter(({ severity }) => severity === "error")
      .map(({ path, line: at }) => `${path}:${at ?? 0}`),
  ).size;
  /** Counters of the line that were told to the metrics already. */
  const told = new Map<string, number>();
  /** Of the line of alerts, since when its counters are told. */
  let toldTenure: number | undefined;
  const tell = (name: string, value: number, increase: (by: number) => void): void => {
    const by = value - (told.get(name) ?? 0);
    if (by <= 0) return;
    told.set(name, value);
    increase(by);
  };

  let last: Asked | undefined;

  const askAll = async (): Promise<Asked> => {
    const elasticsearch = await cluster?.standing();
    const [inboxEnd, counts, effectsPending] = await Promise.all([
      store.inboxEnd(),
      store.counts(),
      store.pendingEffects(),
    ]);
    return (last = { elasticsearch, inboxEnd, counts, effectsPending });
  };

  /** A cluster that does not answer now is what a status is there to tell of: the rest is then as it was. */
  const ask = async (): Promise<{ readonly asked: Asked; readonly silence?: string }> => {
    try {
      return { asked: await askAll() };
    } catch (error) {
      if (cluster === undefined || last === undefined || !(error instanceof StoreError)) throw error;
      return { asked: last, silence: `Elasticsearch cannot be asked now: ${error.message}` };
    }
  };

  return async () => {
    const { asked, silence } = await ask();
    const { elasticsearch, inboxEnd, counts, effectsPending } = asked;
    const standing = line.status();
    const { counters, cursor, recovered, problem, unmatchedExamples, watermark, newestEvent } = standing;
    const sources = options.sources();
    const tenure = cluster?.tenure();
    const runsHere = cluster === undefined || tenure !== undefined;
    const kept = { late: counters.late, audit: counts.auditEntries, ...counters.findings };
    if (recovered && tenure !== undefined && tenure !== toldTenure) {
      // What a line has counted before it came here was told where it ran; what counts from the start of the process begins anew.
      toldTenure = tenure;
      for (const name of told.keys()) if (OF_THE_RUN.test(name)) told.delete(name);
      for (const [name, value] of Object.entries(kept)) told.set(name, value);
    }
    const { judged, unmatched, excepted, quarantined, failed } = cluster?.judged() ?? counters;
    tell("judged", judged, (by) => metrics.eventsJudged.inc(by));
    tell("unmatched", unmatched, (by) => metrics.eventsUnmatched.inc(by));
    tell("excepted", excepted, (by) => metrics.findingsExcepted.inc(by));
    tell("quarantined", quarantined, (by) => metrics.eventsQuarantined.inc(by));
    tell("failed", failed, (by) => metrics.detectorFailures.inc(by));
    if (runsHere && recovered) {
      tell("late", kept.late, (by) => metrics.eventsLate.inc(by));
      tell("audit", kept.audit, (by) => metrics.auditEntries.inc(by));
      for (const [level, count] of Object.entries(counters.findings))
        tell(level, count, (by) => metrics.findings.inc({ level }, by));
    }
    tell("commitRetries", standing.commitRetries, (by) => metrics.stepRetries.inc({ reason: "commit" }, by));
    tell("rebuilds", standing.rebuilds, (by) => metrics.stepRetries.inc({ reason: "rebuild" }, by));
    tell("spellsRefused", standing.spellsRefused, (by) => metrics.incidentSightingsDropped.inc(by));
    for (const [reason, count] of Object.entries(standing.denyRefusals))
      tell(`deny ${reason}`, count, (by) => metrics.denyRefused.inc({ reason }, by));
    for (const [line, drops] of cluster?.drops() ?? [["", standing.correlationDrops] as const])
      for (const [kind, reason] of DROP_REASONS)
        tell(`${line} drops ${reason}`, drops[kind], (by) => metrics.correlationDropped.inc({ reason }, by));

    const guardClients = options.guardHub.clients();
    const nobodyGuards = unguarded(line.inForce().length, guardClients);
    const problems = [
      ...(recovered ? [] : ["The worker is reading what it knew before."]),
      ...(problem === undefined ? [] : [problem]),
      ...(silence === undefined ? [] : [silence]),
      ...sources.filter(({ state }) => state === "failed").map(({ name, detail }) => `Source ${name}: ${detail}`),
      ...(nobodyGuards === undefined ? [] : [nobodyGuards]),
      ...(options.problems?.() ?? []),
    ];
    return {
      version: options.version,
      mode: options.mode,
      startedAt: options.startedAt,
      now: clock.now(),
      // A failed source, or an application without a guard, does not make the rest unready: it is named among the problems.
      ready: recovered && problem === undefined && silence === undefined,
      problems,
      sources: [...sources],
      inboxPending: elasticsearch === undefined ? Math.max(0, inboxEnd - cursor) : receivedLag(elasticsearch),
      eventsJudged: counters.judged,
      ...(watermark === undefined ? {} : { watermark }),
      ...(newestEvent === undefined ? {} : { newestEvent }),
      unmatched: { count: counters.unmatched, examples: unmatchedExamples.map((example) => ({ ...example })) },
      rules: {
        loaded: options.ruleSet.loaded,
        refused,
        problems: options.ruleSet.problems.slice(0, LISTED_PROBLEMS).map((one) => ({ ...one })),
      },
      alerts: {
        open: Object.values(counts.alertsOpen).reduce((sum, count) => sum + count, 0),
        total: counts.alertsTotal,
      },
      incidents: { open: counts.incidentsOpen, total: counts.incidentsTotal },
      effectsPending,
      guardClients,
      ...(elasticsearch === undefined ? {} : { elasticsearch }),
    };
  };
}

/** Records that workers have acknowledged and that are not judged yet. */
const receivedLag = ({ sources }: ElasticsearchStatus): number =>
  sources.find(({ name }) => name === RECEIVED_SOURCE)?.lag ?? 0;
