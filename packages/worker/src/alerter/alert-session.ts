import type { Alert } from "@vedette/api";
import { SEVERITY_LEVELS, type SeverityLevel } from "@vedette/semconv";
import { hashId } from "../detector/hash.ts";
import type { LineRule, PlacedFinding } from "../detector/line-rule.ts";
import { classify } from "./classify.ts";
import { addSightings, type Sighting } from "./enrich.ts";
import { prioritize } from "./prioritize.ts";

/** What an episode adds to its alert's counts. */
export interface EpisodeShare {
  readonly events: number;
  readonly final: boolean;
  /** Event time of its first member. */
  readonly from: number;
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
    return {
      ...session,
      episodes,
      findingCount: session.findingCount - 1,
      eventCount: session.eventCount - before.events,
    };
  }
  const share: EpisodeShare = { events: finding.eventCount, final: finding.final, from: finding.from };
  return {
    ...session,
    episodes: finding.kind === "episode" ? { ...session.episodes, [finding.id]: share } : session.episodes,
    from: Math.min(session.from, finding.from),
    to: Math.max(session.to, finding.to),
    findingCount: session.findingCount + (before === undefined ? 1 : 0),
    eventCount: session.eventCount + finding.eventCount - (before?.events ?? 0),
    sightings: addSightings(session.sightings, finding.entities, finding.from),
  };
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
    episodes: { ...survivor.episodes, ...merged.episodes },
    closedTo,
  };
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
