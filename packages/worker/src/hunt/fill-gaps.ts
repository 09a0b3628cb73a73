import { DEFAULT_MAPPINGS, type LogSource, type Rule, timeRange } from "@vedette/detection";
import type { ProcessRecords } from "../collector/processors/processors.ts";
import type { CoverageGap, GapReason } from "../detector/stage-one/coverage.ts";
import type { Cluster } from "../elasticsearch/cluster.ts";
import type { BulkWriter } from "../elasticsearch/write.ts";
import type { Clock, Log, Timers } from "../ports.ts";
import { keepFilledGaps, planGaps, readGaps } from "./gap-plan.ts";
import { runHunt } from "./run-hunt.ts";
import { addFound, NOTHING_FOUND, writeFound } from "./write-found.ts";

/** What filling gaps by itself needs. All durations in milliseconds. */
export interface FillGapsOptions {
  readonly cluster: Cluster;
  readonly writer: BulkWriter;
  readonly prefix: string;
  readonly requestTimeout: number;
  /** Signatures and correlations. */
  readonly rules: readonly Rule[];
  readonly isShadow: (ruleId: string) => boolean;
  readonly process?: ProcessRecords | undefined;
  /** What the configuration says that the records of a source belong to. */
  readonly logSources: ReadonlyMap<string, LogSource>;
  /** How far back events are judged again. */
  readonly backfill: number;
  readonly ports: { readonly clock: Clock; readonly timers: Timers; readonly log: Log };
}

/** Judges again, by itself, what new and changed rules have not looked at. */
export interface GapFiller {
  /** Looks now and then until the signal aborts. Does not reject: what failed is tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** What is left to a person, one sentence. */
  problem(): string | undefined;
}

/** Gaps that come of rules; that events before a source's start are not judged is somebody's choice. */
const OF_RULES: ReadonlySet<GapReason> = new Set(["rule-added-later", "rule-changed"]);

/** Documents that are read again without anybody being asked. */
export const MOST_FILLED = 2_000_000;

const EVERY = 60_000;
/** The sources are first read up to where events come in now. */
const FIRST = 5_000;
const TIME_FIELD = "@timestamp";

/** Makes the filler; one worker at a time runs it. */
export function createGapFiller(options: FillGapsOptions): GapFiller {
  const { cluster, writer, prefix, rules, isShadow, backfill, ports } = options;
  const { clock, timers, log } = ports;
  const signatures = rules.filter(({ kind }) => kind === "signature");
  const correlations = rules.filter(({ kind }) => kind === "correlation");
  let problem: string | undefined;

  const fill = async (source: string, gaps: readonly CoverageGap[], signal: AbortSignal): Promise<void> => {
    const now = clock.now();
    const since = now - backfill;
    const plans = await planGaps(cluster.client, gaps, signatures, timeRange(TIME_FIELD, since, now));
    const documents = plans.reduce((sum, plan) => sum + plan.documents, 0);
    if (documents > MOST_FILLED) {
      problem = `Rules were added or changed, and ${documents.toLocaleString("en")} events of ${source} that they have not looked at are more than are judged again without being asked: run "vedette backfill --gaps --since ${Math.round(backfill / 3_600_000)}h --yes".`;
      return;
    }
    let found = NOTHING_FOUND;
    const { interrupted, read } = await runHunt({
      client: cluster.client,
      plans,
      correlations,
      mappings: DEFAULT_MAPPINGS,
      span: { from: 0, to: now },
      timeField: TIME_FIELD,
      logSource: options.logSources.get(source),
      source,
      receivedPrefix: `${prefix}-events-`,
      signal,
      process: options.process,
      now,
      done: new Set(),
      timers,
      onTrouble: (what) => log.warn({ source }, what),
      onPage: async (page) => {
        found = addFound(found, await writeFound(page, { cluster, writer, prefix, isShadow }));
        // Events that come in now go first.
        await timers.sleep(0);
      },
      onSlice: () => {},
    });
    if (interrupted) return;
    await keepFilledGaps(options, gaps, { now, since });
    log.info({ source, read, ...found }, "new and changed rules have looked at stored events");
  };

  const look = async (signal: AbortSignal): Promise<void> => {
    const gaps = await readGaps({ ...options, rules: signatures, horizon: clock.now() - backfill });
    const ofRules = gaps.filter(({ reason, to }) => OF_RULES.has(reason) && to !== null);
    problem = undefined;
    for (const [source, own] of Map.groupBy(ofRules, (gap) => gap.source)) {
      if (signal.aborted) return;
      await fill(source, own, signal);
    }
  };

  return {
    async run(signal) {
      await timers.sleep(FIRST, signal);
      while (!signal.aborted) {
        await look(signal).catch((error: unknown) => {
          if (!signal.aborted)
            log.warn({ error: String(error) }, "new rules cannot look at stored events now; it is tried again");
        });
        await timers.sleep(EVERY, signal);
      }
    },
    problem: () => problem,
  };
}
