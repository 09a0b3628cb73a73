import type { Status } from "@vedette/api";
import type { Problem } from "@vedette/detection";
import type { SourceStatus } from "./collector/source.ts";
import type { CorrelationDrops } from "./detector/line-rule.ts";
import type { Line } from "./detector/line.ts";
import type { Clock } from "./ports.ts";
import type { GuardHub } from "./responder/guard-hub.ts";
import { unguarded } from "./responder/unguarded.ts";
import type { Metrics } from "./server/metrics.ts";
import type { Store } from "./store/store.ts";

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
}

/** Makes the function that says what the worker is doing and what is wrong, now; the line's counters go into the metrics at the same time. */
export function createStatus(options: StatusOptions): () => Promise<Status> {
  const { store, line, metrics, clock } = options;
  const refused = new Set(
    options.ruleSet.problems
      .filter(({ severity }) => severity === "error")
      .map(({ path, line: at }) => `${path}:${at ?? 0}`),
  ).size;
  /** Counters of the line that were told to the metrics already. */
  const told = new Map<string, number>();
  const tell = (name: string, value: number, increase: (by: number) => void): void => {
    const by = value - (told.get(name) ?? 0);
    if (by <= 0) return;
    told.set(name, value);
    increase(by);
  };

  return async () => {
    const standing = line.status();
    const { counters, cursor, recovered, problem, unmatchedExamples, watermark, newestEvent } = standing;
    const [inboxEnd, counts, effectsPending] = await Promise.all([
      store.inboxEnd(),
      store.counts(),
      store.pendingEffects(),
    ]);
    const sources = options.sources();
    tell("judged", counters.judged, (by) => metrics.eventsJudged.inc(by));
    tell("unmatched", counters.unmatched, (by) => metrics.eventsUnmatched.inc(by));
    tell("excepted", counters.excepted, (by) => metrics.findingsExcepted.inc(by));
    tell("late", counters.late, (by) => metrics.eventsLate.inc(by));
    tell("quarantined", counters.quarantined, (by) => metrics.eventsQuarantined.inc(by));
    tell("failed", counters.failed, (by) => metrics.detectorFailures.inc(by));
    tell("commitRetries", standing.commitRetries, (by) => metrics.stepRetries.inc({ reason: "commit" }, by));
    tell("rebuilds", standing.rebuilds, (by) => metrics.stepRetries.inc({ reason: "rebuild" }, by));
    tell("spellsRefused", standing.spellsRefused, (by) => metrics.incidentSightingsDropped.inc(by));
    for (const [reason, count] of Object.entries(standing.denyRefusals))
      tell(`deny ${reason}`, count, (by) => metrics.denyRefused.inc({ reason }, by));
    for (const [kind, reason] of DROP_REASONS)
      tell(`drops ${reason}`, standing.correlationDrops[kind], (by) => metrics.correlationDropped.inc({ reason }, by));
    tell("audit", counts.auditEntries, (by) => metrics.auditEntries.inc(by));
    for (const [level, count] of Object.entries(counters.findings))
      tell(`findings ${level}`, count, (by) => metrics.findings.inc({ level }, by));

    const guardClients = options.guardHub.clients();
    const nobodyGuards = unguarded(line.inForce().length, guardClients);
    const problems = [
      ...(recovered ? [] : ["The worker is reading what it knew before."]),
      ...(problem === undefined ? [] : [problem]),
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
      ready: recovered && problem === undefined,
      problems,
      sources: [...sources],
      inboxPending: Math.max(0, inboxEnd - cursor),
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
    };
  };
}
