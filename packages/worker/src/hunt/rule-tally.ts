import type { Fact, JsonValue, LogSource, Rule } from "@vedette/detection";
import type { CorrelatedEpisodes } from "./correlated-facts.ts";
import type { JudgedDocument } from "./run-hunt.ts";

const DAY = 86_400_000;
/** Entities that are counted by name of each rule; of more, those seen first. */
const MAX_ENTITIES = 500;
/** Combinations of log sources that are counted. */
const MAX_SOURCES = 4_096;

/** What a rule would have found. */
export interface RuleTally {
  readonly rule: Rule;
  /** Events of its log source. */
  readonly events: number;
  readonly facts: number;
  /** Facts by day, the day in days since 1970. */
  readonly days: ReadonlyMap<number, number>;
  /** Entities by `kind value`, the most frequent first. */
  readonly entities: readonly (readonly [string, number])[];
  /** Facts not made because of an exception. */
  readonly excepted: number;
}

interface Counts {
  facts: number;
  excepted: number;
  days: Record<string, number>;
  entities: Record<string, number>;
}

interface TallyState {
  readonly documents: number;
  readonly unread: number;
  readonly rules: Readonly<Record<string, Counts>>;
  readonly sources: Readonly<Record<string, number>>;
}

/** Counts what rules find, by rule, day and entity; its state is JSON, so that a count that was broken off goes on. */
export class Tally {
  #documents = 0;
  #unread = 0;
  readonly #rules = new Map<string, Counts>();
  readonly #sources = new Map<string, number>();
  readonly #keys = new WeakMap<readonly LogSource[], string>();

  constructor(state?: JsonValue) {
    if (state === undefined) return;
    const known = state as unknown as TallyState;
    this.#documents = known.documents;
    this.#unread = known.unread;
    for (const [id, counts] of Object.entries(known.rules)) this.#rules.set(id, structuredClone(counts));
    for (const [key, count] of Object.entries(known.sources)) this.#sources.set(key, count);
  }

  /** Documents judged, and of these the ones that belong to no log source. */
  get documents(): number {
    return this.#documents;
  }

  get unread(): number {
    return this.#unread;
  }

  get facts(): number {
    return [...this.#rules.values()].reduce((sum, { facts }) => sum + facts, 0);
  }

  add(page: readonly JudgedDocument[]): void {
    for (const { judgement } of page) {
      this.#documents++;
      if (judgement.logSources.length === 0) this.#unread++;
      else this.#countSources(judgement.logSources);
      for (const { ruleId } of judgement.excepted) this.#of(ruleId).excepted++;
      for (const fact of judgement.facts) this.#countFact(fact);
    }
  }

  #countSources(logSources: readonly LogSource[]): void {
    let key = this.#keys.get(logSources);
    if (key === undefined) {
      key = JSON.stringify(logSources);
      this.#keys.set(logSources, key);
    }
    if (this.#sources.size < MAX_SOURCES || this.#sources.has(key))
      this.#sources.set(key, (this.#sources.get(key) ?? 0) + 1);
  }

  #countFact({ rule, time, entities }: Fact): void {
    const counts = this.#of(rule.id);
    counts.facts++;
    const day = String(Math.floor(time / DAY));
    counts.days[day] = (counts.days[day] ?? 0) + 1;
    let room = MAX_ENTITIES - Object.keys(counts.entities).length;
    for (const { kind, value } of entities) {
      const key = `${kind} ${value}`;
      const known = Object.hasOwn(counts.entities, key) ? counts.entities[key] : undefined;
      if (known === undefined && room-- <= 0) continue;
      counts.entities[key] = (known ?? 0) + 1;
    }
  }

  #of(ruleId: string): Counts {
    let counts = this.#rules.get(ruleId);
    if (counts === undefined) this.#rules.set(ruleId, (counts = { facts: 0, excepted: 0, days: {}, entities: {} }));
    return counts;
  }

  /** What of the rules was found. */
  of(rules: readonly Rule[]): readonly RuleTally[] {
    const sources = [...this.#sources].map(([key, count]) => [JSON.parse(key) as readonly LogSource[], count] as const);
    const events = new Map<string, number>();
    return rules.map((rule) => {
      const counts = this.#rules.get(rule.id);
      const { product, category, service } = rule.logSource;
      const key = JSON.stringify([product, category, service]);
      let count = events.get(key);
      if (count === undefined) {
        count = sources.reduce(
          (sum, [list, number]) => sum + (list.some((one) => fits(rule.logSource, one)) ? number : 0),
          0,
        );
        events.set(key, count);
      }
      return {
        rule,
        events: count,
        facts: counts?.facts ?? 0,
        excepted: counts?.excepted ?? 0,
        days: new Map(Object.entries(counts?.days ?? {}).map(([day, number]) => [Number(day), number])),
        entities: Object.entries(counts?.entities ?? {}).sort((a, b) => b[1] - a[1]),
      };
    });
  }

  /** Everything, as JSON. */
  state(): JsonValue {
    const state: TallyState = {
      documents: this.#documents,
      unread: this.#unread,
      rules: Object.fromEntries(this.#rules),
      sources: Object.fromEntries(this.#sources),
    };
    return structuredClone(state) as unknown as JsonValue;
  }
}

/** The tallies, with those of correlations by their episodes: events are the findings that they correlate. */
export function withEpisodes(
  tallies: readonly RuleTally[],
  correlated: CorrelatedEpisodes | undefined,
): readonly RuleTally[] {
  if (correlated === undefined) return tallies;
  const byRule = Map.groupBy(correlated.episodes, ({ rule }) => rule.id);
  const counts = new Map(correlated.facts);
  return tallies.map((tally) => {
    const { correlation } = tally.rule;
    if (correlation === undefined) return tally;
    const own = byRule.get(tally.rule.id) ?? [];
    const days = new Map<number, number>();
    const entities = new Map<string, number>();
    for (const episode of own) {
      const day = Math.floor(episode.from / DAY);
      days.set(day, (days.get(day) ?? 0) + 1);
      for (const { kind, value } of episode.entities)
        entities.set(`${kind} ${value}`, (entities.get(`${kind} ${value}`) ?? 0) + 1);
    }
    // Of a correlation of correlations, what these have found.
    const events = correlation.ruleIds.reduce((sum, id) => sum + (counts.get(id) ?? byRule.get(id)?.length ?? 0), 0);
    return {
      ...tally,
      events,
      facts: own.length,
      days,
      entities: [...entities].sort((a, b) => b[1] - a[1]),
    };
  });
}

function fits(wanted: LogSource, told: LogSource): boolean {
  return (["product", "category", "service"] as const).every(
    (key) => wanted[key] === undefined || wanted[key] === told[key],
  );
}
