import type { EventKind, PlannedEvent, Version } from "./plan.ts";
import { GUESSING, RULE_ID, SUPPRESSION } from "./rules.ts";

/**
 * What must be there at the end, told from what was written alone; it shares no code with the worker.
 */
export interface Expectation {
  /** Judgements of documents that were never changed: each exactly once. */
  readonly facts: ReadonlyMap<string, JudgedVersion>;
  /** Judgements of what a changed document was in the end: each exactly once. */
  readonly lastFacts: ReadonlyMap<string, JudgedVersion>;
  /** Judgements of what a document was for a while: each at most once. */
  readonly passingFacts: ReadonlyMap<string, JudgedVersion>;
  /** Alerts on documents that were never changed, as `describeAlert` tells them. */
  readonly alerts: readonly string[];
  /** What correlations found, as `describeEpisode` tells it. */
  readonly episodes: readonly string[];
}

/** An episode as it is compared. */
export interface ComparedEpisode {
  /** Value of the field that it is grouped by. */
  readonly user: string;
  /** Unix milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly events: number;
}

/** One version of a document that a rule says yes to. */
export interface JudgedVersion {
  readonly rule: string;
  readonly id: string;
  readonly version: Version;
}

/** An alert as it is compared. */
export interface ComparedAlert {
  readonly id: string;
  /** The incident that it belongs to. */
  readonly incident: string | undefined;
  readonly rule: string;
  /** Value of the field that it is suppressed by. */
  readonly key: string;
  /** Unix milliseconds. */
  readonly firstSeen: number;
  readonly lastSeen: number;
  readonly findings: number;
  readonly events: number;
}

const RULE_OF: Readonly<Partial<Record<EventKind, string>>> = {
  injection: RULE_ID.injection,
  honeytoken: RULE_ID.honeytoken,
  failure: RULE_ID.failure,
};

/** Name of a judgement: rule, document and the version that was judged (no two versions of a document share an address and a user). */
export const judgementName = (rule: string, id: string, subject: string): string => `${rule} ${id} ${subject}`;

/** The value that a fact of a rule shows of a version. */
export const subjectOf = (rule: string, { address, user }: Pick<Version, "address" | "user">): string =>
  rule === RULE_ID.injection ? address : user;

/** Whether a user or address belongs to the documents of which some are changed; each alert on them counts one finding. */
export const isOfChanging = (subject: string): boolean => /^(?:changing-|2001:db8:)/.test(subject);

/** One line for an alert. */
export const describeAlert = ({
  rule,
  key,
  firstSeen,
  lastSeen,
  findings,
  events,
}: Omit<ComparedAlert, "id" | "incident">): string =>
  `${rule} ${key} ${new Date(firstSeen).toISOString()}..${new Date(lastSeen).toISOString()} ${findings} findings of ${events} events`;

/** One line for an episode. */
export const describeEpisode = ({ user, from, to, events }: ComparedEpisode): string =>
  `${user} ${new Date(from).toISOString()}..${new Date(to).toISOString()} ${events} events`;

/** Computes what must be there. */
export function expectationOf(events: readonly PlannedEvent[]): Expectation {
  const facts = new Map<string, JudgedVersion>();
  const lastFacts = new Map<string, JudgedVersion>();
  const passingFacts = new Map<string, JudgedVersion>();
  for (const { id, versions, isDeleted } of events) {
    const isChanged = versions.length > 1 || isDeleted;
    for (const [index, version] of versions.entries()) {
      const rule = RULE_OF[version.kind];
      if (rule === undefined) continue;
      const name = judgementName(rule, id, subjectOf(rule, version));
      const isLast = index === versions.length - 1 && !isDeleted;
      (isChanged ? (isLast ? lastFacts : passingFacts) : facts).set(name, { rule, id, version });
    }
  }
  const lasting = [...facts.values()].filter(({ version }) => !isOfChanging(version.user));
  return {
    facts,
    lastFacts,
    passingFacts,
    alerts: expectedAlerts(lasting),
    episodes: guessing(lasting.filter(({ rule }) => rule === RULE_ID.failure)).map(({ key, from, to, ids }) =>
      describeEpisode({ user: key, from, to, events: ids.length }),
    ),
  };
}

/** What is folded into alerts. */
interface Found {
  readonly rule: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly ids: readonly string[];
}

function expectedAlerts(facts: readonly JudgedVersion[]): string[] {
  const single = facts
    .filter(({ rule }) => rule !== RULE_ID.failure)
    .map(({ rule, id, version }): Found => {
      return { rule, key: subjectOf(rule, version), from: version.time, to: version.time, ids: [id] };
    });
  const found = [...single, ...guessing(facts.filter(({ rule }) => rule === RULE_ID.failure))];
  return [...groupBy(found, ({ rule, key }) => `${rule} ${key}`).values()].flatMap((ofKey) =>
    chains(ofKey, (last, next) => next.from - last <= (SUPPRESSION[next.rule as keyof typeof SUPPRESSION] ?? 0)).map(
      (chain) => {
        const [first] = chain as [Found];
        return describeAlert({
          rule: first.rule,
          key: first.key,
          firstSeen: first.from,
          lastSeen: Math.max(...chain.map(({ to }) => to)),
          findings: chain.length,
          events: new Set(chain.flatMap(({ ids }) => ids)).size,
        });
      },
    ),
  );
}

/** Windows of the timespan with enough failures of one account; windows that share a failure are one episode. */
function guessing(failures: readonly JudgedVersion[]): Found[] {
  return [...groupBy(failures, ({ version }) => version.user)].flatMap(([user, ofUser]) => {
    const sorted = ofUser.toSorted((a, b) => a.version.time - b.version.time);
    const episodes: { first: number; last: number }[] = [];
    for (let first = 0, last = 0; first < sorted.length; first += 1) {
      const begin = sorted[first]?.version.time ?? 0;
      while (last + 1 < sorted.length && (sorted[last + 1]?.version.time ?? 0) - begin <= GUESSING.timespan) last += 1;
      if (last - first + 1 < GUESSING.threshold) continue;
      const before = episodes.at(-1);
      if (before && before.last >= first) before.last = last;
      else episodes.push({ first, last });
    }
    return episodes.map(({ first, last }): Found => {
      const members = sorted.slice(first, last + 1);
      const from = members[0]?.version.time ?? 0;
      return {
        rule: RULE_ID.guessing,
        key: user,
        from,
        to: members.at(-1)?.version.time ?? from,
        ids: members.map(({ id }) => id),
      };
    });
  });
}

function groupBy<T>(things: readonly T[], nameOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const name = nameOf(thing);
    const group = groups.get(name);
    if (group) group.push(thing);
    else groups.set(name, [thing]);
  }
  return groups;
}

/** Splits what was found into chains, in order of time, wherever the next one does not join. */
function chains(found: readonly Found[], joins: (last: number, next: Found) => boolean): Found[][] {
  const all: Found[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const next of found.toSorted((a, b) => a.from - b.from)) {
    const current = all.at(-1);
    if (current && joins(last, next)) current.push(next);
    else all.push([next]);
    last = current && all.at(-1) === current ? Math.max(last, next.to) : next.to;
  }
  return all;
}
