import type { Alert } from "@vedette/api";
import type { Entity } from "@vedette/detection";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import { hashId } from "../detector/hash.ts";
import type { LineRule, PlacedFinding } from "../detector/line-rule.ts";
import { classify } from "./classify.ts";
import { addSightings, type Sighting } from "./enrich.ts";
import { prioritize } from "./prioritize.ts";
import type { Span } from "./suppress.ts";

/** What an episode adds to its alert's counts. */
export interface EpisodeShare {
  readonly events: number;
  readonly final: boolean;
  /** Event times of its first and last member. */
  readonly from: number;
  readonly to?: number | undefined;
  /** Whom it names, as long as a late event can change that. */
  readonly entities?: readonly Entity[] | undefined;
}

/** What of a session stays whatever becomes of its episodes. */
export interface Settled {
  readonly sightings: readonly Sighting[];
  readonly span?: Span | undefined;
}

/** What the fold keeps of one alert besides the alert itself: enough to take any further finding exactly. */
export interface AlertSession {
  readonly alertId: string;
  readonly ruleId: string;
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly findingCount: number;
  readonly eventCount: number;
  readonly sightings: readonly Sighting[];
  /** What no late event can take back: sightings, and the span of the facts; undefined where there never was an episode. */
  readonly settled?: Settled | undefined;
  /** Its episodes: id → number of events that it counts for, and whether nothing can change it any more. */
  readonly episodes: Readonly<Record<string, EpisodeShare>>;
  /** Last event time seen when a person closed the alert in a way that new findings reopen. */
  readonly closedTo?: number | undefined;
  /** Notifications asked for so far. */
  readonly generation: number;
}

/** A session that a first finding begins. The alert's id is made of that finding and never changes (DESIGN.md, "Identity"). */
export function beginSession(tenant: string, finding: PlacedFinding): AlertSession {
  const empty: AlertSession = {
    alertId: hashId("alert", tenant, finding.rule.id, finding.suppressionKey, finding.id),
    ruleId: finding.rule.id,
    key: finding.suppressionKey,
    from: finding.from,
    to: finding.to,
    findingCount: 0,
    eventCount: 0,
    sightings: [],
    episodes: {},
    generation: 0,
  };
  return addFinding(empty, finding);
}

/** The session with one more finding, or with a newer revision of an episode that it has. */
export function addFinding(session: AlertSession, finding: PlacedFinding): AlertSession {
  const before = finding.kind === "episode" ? session.episodes[finding.id] : undefined;
  if (finding.merged) {
    if (before === undefined) return session;
    const { [finding.id]: _withdrawn, ...episodes } = session.episodes;
    return surveyed({
      ...session,
      episodes,
      findingCount: session.findingCount - 1,
      eventCount: session.eventCount - before.events,
    });
  }
  const { eventCount: events, final, from, to, entities } = finding;
  const next = {
    ...session,
    from: Math.min(session.from, from),
    to: Math.max(session.to, to),
    findingCount: session.findingCount + (before === undefined ? 1 : 0),
    eventCount: session.eventCount + events - (before?.events ?? 0),
    sightings: addSightings(session.sightings, entities, from),
  };
  const { settled = settledIn(session) } = session;
  if (finding.kind === "fact") {
    if (session.settled === undefined) return next;
    const span = spanOf([{ from, to }, ...(settled.span === undefined ? [] : [settled.span])]);
    return { ...next, settled: { span, sightings: addSightings(settled.sightings, entities, from) } };
  }
  const share: EpisodeShare = { events, final, from, to, ...(final ? {} : { entities }) };
  const sightings = final ? addSightings(settled.sightings, entities, from) : settled.sightings;
  return surveyed({
    ...next,
    settled: { ...settled, sightings },
    episodes: { ...session.episodes, [finding.id]: share },
  });
}

/** What a session holds that was never of an episode with a span of its own. */
function settledIn({ findingCount, episodes, sightings, from, to }: AlertSession): Settled {
  const facts = findingCount > Object.keys(episodes).length;
  return { sightings, span: facts ? { from, to } : undefined };
}

const spanOf = (spans: readonly Span[]): Span => ({
  from: Math.min(...spans.map(({ from }) => from)),
  to: Math.max(...spans.map(({ to }) => to)),
});

/**
 * A session as its episodes are now: one that shrank, or went, takes its span and whom it named with it. Of a session that was stored before episodes kept
 * their spans, or that has nothing left, everything stays.
 */
function surveyed(session: AlertSession): AlertSession {
  const { settled } = session;
  const shares = Object.values(session.episodes);
  const spans = [
    ...shares.map(({ from, to }) => ({ from, to: to ?? Number.NaN })),
    ...(settled?.span === undefined ? [] : [settled.span]),
  ];
  if (settled === undefined || spans.length === 0 || spans.some(({ to }) => Number.isNaN(to))) return session;
  const sightings = shares.reduce(
    (known, { entities = [], from }) => addSightings(known, entities, from),
    settled.sightings,
  );
  return { ...session, ...spanOf(spans), sightings };
}

/** Two sessions that a finding joined, under the identity of the first. */
export function joinSessions(survivor: AlertSession, merged: AlertSession): AlertSession {
  const closedTo =
    survivor.closedTo === undefined && merged.closedTo === undefined
      ? undefined
      : Math.max(survivor.closedTo ?? survivor.to, merged.closedTo ?? merged.to);
  return {
    ...survivor,
    from: Math.min(survivor.from, merged.from),
    to: Math.max(survivor.to, merged.to),
    findingCount: survivor.findingCount + merged.findingCount,
    eventCount: survivor.eventCount + merged.eventCount,
    sightings: merged.sightings.reduce(
      (known, { entity, first }) => addSightings(known, [entity], first),
      survivor.sightings,
    ),
    ...joinedSettled(survivor, merged),
    episodes: { ...survivor.episodes, ...merged.episodes },
    closedTo,
  };
}

function joinedSettled(survivor: AlertSession, merged: AlertSession): Pick<AlertSession, "settled"> {
  if (survivor.settled === undefined && merged.settled === undefined) return {};
  const { settled: kept = settledIn(survivor) } = survivor;
  const { settled: added = settledIn(merged) } = merged;
  const spans = [kept.span, added.span].filter((span) => span !== undefined);
  const sightings = added.sightings.reduce(
    (known, { entity, first }) => addSightings(known, [entity], first),
    kept.sightings,
  );
  return { settled: { sightings, span: spans.length === 0 ? undefined : spanOf(spans) } };
}

/** The alert as its session says it is now; what people decided stays as it was. The revision is the previous one. */
export function alertOf(
  session: AlertSession,
  rule: LineRule,
  before: Alert | undefined,
  tenant: string,
  now: number,
): Alert {
  const severity = before === undefined ? rule.level : higher(before.severity, rule.level);
  const { findingCount, eventCount, from, to } = session;
  return {
    ...(before ?? { id: session.alertId, revision: 0, tenant, status: "open" as const, openedAt: now }),
    ...classify(rule),
    title: rule.title,
    description: rule.description,
    rule: { id: rule.id, title: rule.title, level: rule.level, revision: rule.revision },
    severity,
    priority: prioritize({ severity, ruleStatus: rule.status, entityCount: session.sightings.length, findingCount }),
    entities: session.sightings.map(({ entity }) => ({ ...entity })),
    suppressionKey: session.key,
    firstSeen: from,
    lastSeen: to,
    findingCount,
    eventCount,
  };
}

/** The higher of two severities. */
export const higher = (a: SeverityLevel, b: SeverityLevel): SeverityLevel =>
  SEVERITY_LEVELS.indexOf(a) >= SEVERITY_LEVELS.indexOf(b) ? a : b;
