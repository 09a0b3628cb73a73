import type { Clock, Log } from "../ports.ts";
import { ELASTICSEARCH_ERROR_CODES } from "./error-codes.ts";
import type { ElasticsearchErrorCode } from "./errors.ts";

/** Since when a cluster does nothing of what it is asked, and why. */
export interface Absence {
  /** Unix milliseconds. */
  readonly since: number;
  readonly code: ElasticsearchErrorCode;
}

/** Notices when a cluster goes away and comes back, by how requests end. */
export interface Reach {
  /** A request has ended: `ok`, or the code of its error without its prefix. */
  ended(outcome: string): void;
  /** Undefined while the cluster answers. */
  away(): Absence | undefined;
  /** A log in which a warning or an error that is told again while the cluster is away becomes a debug line: what follows from one cause is told once. */
  readonly log: Log;
}

/** What noticing needs. */
export interface ReachOptions {
  readonly log: Log;
  readonly clock: Clock;
  /** A clock that never jumps. */
  readonly steady: Clock;
  /** Milliseconds for which every request has to fail, by default 3,000. */
  readonly after?: number;
}

/** Endings that say nothing about whether the cluster works: it has understood and answered. */
const ANSWERS: ReadonlySet<string> = new Set(["ok", "conflict", "not-found", "refused", "partial-result"]);

/** Makes the notice; the cluster counts as there until requests have failed for a while. */
export function createReach({ log, clock, steady, after = 3_000 }: ReachOptions): Reach {
  let failing: { readonly from: number; readonly since: number } | undefined;
  let absence: Absence | undefined;
  const told = new Set<string>();

  const once =
    (level: "warn" | "error"): Log["warn"] =>
    (fields, message) => {
      if (failing !== undefined && told.has(message)) return log.debug(fields, message);
      if (failing !== undefined) told.add(message);
      return log[level](fields, message);
    };

  return {
    ended(outcome) {
      if (ANSWERS.has(outcome)) {
        if (absence !== undefined)
          log.info(
            { seconds: Math.round((clock.now() - absence.since) / 1_000) },
            "Elasticsearch answers again; the worker goes on.",
          );
        failing = undefined;
        absence = undefined;
        told.clear();
        return;
      }
      failing ??= { from: steady.now(), since: clock.now() };
      if (absence !== undefined || steady.now() - failing.from < after) return;
      const code = codeOf(outcome);
      absence = { since: failing.since, code };
      log.error(
        { code, cause: ELASTICSEARCH_ERROR_CODES[code].summary, cure: ELASTICSEARCH_ERROR_CODES[code].cure },
        "Elasticsearch does nothing of what it is asked; the worker waits for it and takes no records meanwhile.",
      );
    },
    away: () => absence,
    log: { debug: log.debug.bind(log), info: log.info.bind(log), warn: once("warn"), error: once("error") },
  };
}

const codeOf = (outcome: string): ElasticsearchErrorCode => {
  const code = `elasticsearch-${outcome}`;
  return code in ELASTICSEARCH_ERROR_CODES ? (code as ElasticsearchErrorCode) : "elasticsearch-unavailable";
};
