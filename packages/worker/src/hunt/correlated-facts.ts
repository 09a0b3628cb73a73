import { type Episode, type Fact, type JsonValue, type Rule, createCorrelator } from "@vedette/detection";
import type { JudgedDocument } from "./run-hunt.ts";

/** Facts that are kept for correlations; of more, correlations are not told of, because they could be wrong. */
const MAX_FACTS = 500_000;
/** Facts between two looks at what correlations have found, so that groups that are over need no memory. */
const FACTS_A_LOOK = 5_000;

/** What correlations would have found. */
export interface CorrelatedEpisodes {
  readonly episodes: readonly Episode[];
  /** Facts that were correlated, by the id of their rule. */
  readonly facts: ReadonlyMap<string, number>;
  /** Why episodes may be missing, or be others than live detection finds. */
  readonly doubt: string | undefined;
}

/** Keeps the facts that correlations are about, in any order, and correlates them at the end as live detection does in the order of their time. */
export class CorrelatedFacts {
  readonly #rules: readonly Rule[];
  readonly #isWanted: ReadonlySet<string>;
  readonly #facts: Fact[];
  #isFull = false;

  /** @param rules Signatures and correlations. */
  constructor(rules: readonly Rule[], state?: JsonValue) {
    this.#rules = rules;
    this.#isWanted = new Set(rules.flatMap(({ correlation }) => correlation?.ruleIds ?? []));
    const known = state as unknown as { readonly facts: readonly Fact[]; readonly isFull: boolean } | undefined;
    this.#facts = [...(known?.facts ?? [])];
    this.#isFull = known?.isFull ?? false;
  }

  add(page: readonly JudgedDocument[]): void {
    for (const { judgement } of page)
      for (const fact of judgement.facts) {
        if (!this.#isWanted.has(fact.rule.id) || this.#isFull) continue;
        this.#facts.push(fact);
        if (this.#facts.length <= MAX_FACTS) continue;
        this.#isFull = true;
        this.#facts.length = 0;
      }
  }

  /** Everything, as JSON. */
  state(): JsonValue {
    return { facts: this.#facts, isFull: this.#isFull } as unknown as JsonValue;
  }

  /** The last form of every episode that stands. */
  correlate(): CorrelatedEpisodes {
    const facts = new Map<string, number>();
    if (this.#isFull)
      return {
        episodes: [],
        facts,
        doubt: `More than ${MAX_FACTS.toLocaleString("en")} findings would have to be correlated: look at less at a time.`,
      };
    const correlator = createCorrelator(this.#rules, { lateness: 0 });
    const episodes = new Map<string, Episode>();
    const take = (): void => {
      for (const episode of correlator.takeChanges().episodes) {
        if (episode.withdrawn === true || episode.mergedInto !== undefined) episodes.delete(episode.id);
        else episodes.set(episode.id, episode);
      }
    };
    const ordered = this.#facts.toSorted((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1));
    for (const [at, fact] of ordered.entries()) {
      facts.set(fact.rule.id, (facts.get(fact.rule.id) ?? 0) + 1);
      correlator.observe(fact);
      if (at % FACTS_A_LOOK !== FACTS_A_LOOK - 1) continue;
      correlator.advance(fact.time);
      take();
    }
    correlator.advance((ordered.at(-1)?.time ?? 0) + 1);
    take();
    const { groupsEvicted, groupsEvictedForMemory, membersDropped } = correlator.counters();
    const lost = groupsEvicted + groupsEvictedForMemory + membersDropped;
    return {
      episodes: [...episodes.values()].sort((a, b) => a.from - b.from || (a.id < b.id ? -1 : 1)),
      facts,
      doubt: lost > 0 ? `${lost} groups or findings were too many to be kept while correlating.` : undefined,
    };
  }
}
