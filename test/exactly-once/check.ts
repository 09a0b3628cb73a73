import {
  type ComparedAlert,
  type ComparedEpisode,
  describeAlert,
  describeEpisode,
  type Expectation,
  isOfChanging,
  judgementName,
} from "./oracle.ts";
import { RULE_ID } from "./rules.ts";

/** A fact as it stands in the findings indices. */
export interface FoundFact {
  /** Index and document id. */
  readonly place: string;
  readonly rule: string;
  /** Id of the event's document. */
  readonly document: string;
  /** Value of the field that tells which version was judged. */
  readonly subject: string;
}

/** An incident that is not part of another one. */
export interface FoundIncident {
  readonly id: string;
  /** Ids of its alerts. */
  readonly alerts: readonly string[];
}

/** What stage two left behind. */
export interface SecondOutcome {
  readonly episodes: readonly ComparedEpisode[];
  readonly alerts: readonly ComparedAlert[];
  readonly incidents: readonly FoundIncident[];
}

/** What a run left behind. */
export interface Outcome {
  readonly facts: readonly FoundFact[];
  /** Undefined where only stage one was run. */
  readonly second: SecondOutcome | undefined;
}

/** What is wrong with an outcome. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** What was never to be there. */
  readonly strange: readonly string[];
}

/** Holds an outcome against what must be there. */
export function check(expectation: Expectation, outcome: Outcome): Verdict {
  const lost: string[] = [];
  const doubled: string[] = [];
  const strange: string[] = [];
  const places = new Map<string, string[]>();
  for (const { place, rule, document, subject } of outcome.facts) {
    const name = judgementName(rule, document, subject);
    places.set(name, [...(places.get(name) ?? []), place]);
  }
  for (const [name, where] of places) {
    if (where.length > 1) doubled.push(`fact ${name} stands at ${where.join(" and ")}`);
    if (!expectation.facts.has(name) && !expectation.lastFacts.has(name) && !expectation.passingFacts.has(name))
      strange.push(`fact ${name} at ${where[0]}`);
  }
  for (const name of [...expectation.facts.keys(), ...expectation.lastFacts.keys()])
    if (!places.has(name)) lost.push(`fact ${name}`);
  if (outcome.second) {
    const { alerts, episodes, incidents } = outcome.second;
    const compare = (what: string, found: readonly string[], expected: readonly string[]): void => {
      const { missing, surplus } = differences(found, expected);
      lost.push(...missing.map((one) => `${what} ${one}`));
      strange.push(...surplus.map((one) => `${what} ${one}`));
    };
    compare("alert", alerts.filter(({ key }) => !isOfChanging(key)).map(describeAlert), expectation.alerts);
    compare("episode", episodes.map(describeEpisode), expectation.episodes);
    lost.push(...changingAlerts(outcome.facts, alerts));
    // Both sides are written at different moments, and must tell the same in the end.
    compare(
      "membership",
      incidents.flatMap(({ id, alerts: ids }) => ids.map((alert) => `${alert} in incident ${id}`)),
      alerts.flatMap(({ id, incident }) => (incident === undefined ? [] : [`${id} in incident ${incident}`])),
    );
  }
  return { lost, doubled, strange };
}

/** Which of the passing judgements were made is chance; but each that was made counts in exactly one alert. */
function changingAlerts(facts: readonly FoundFact[], alerts: readonly ComparedAlert[]): string[] {
  const counted = new Map<string, number>();
  for (const { rule, key, findings } of alerts)
    counted.set(`${rule} ${key}`, (counted.get(`${rule} ${key}`) ?? 0) + findings);
  return facts
    .filter(({ rule, subject }) => isOfChanging(subject) && rule !== RULE_ID.failure)
    .filter(({ rule, subject }) => counted.get(`${rule} ${subject}`) !== 1)
    .map(
      ({ rule, subject }) =>
        `alert of ${rule} ${subject}: counts ${counted.get(`${rule} ${subject}`) ?? 0} findings instead of 1`,
    );
}

/** Compares two collections as bags. */
function differences(found: readonly string[], expected: readonly string[]): { missing: string[]; surplus: string[] } {
  const counts = new Map<string, number>();
  for (const one of found) counts.set(one, (counts.get(one) ?? 0) + 1);
  for (const one of expected) counts.set(one, (counts.get(one) ?? 0) - 1);
  return {
    missing: [...counts].flatMap(([one, count]) => (count < 0 ? [one] : [])),
    surplus: [...counts].flatMap(([one, count]) => (count > 0 ? [one] : [])),
  };
}
