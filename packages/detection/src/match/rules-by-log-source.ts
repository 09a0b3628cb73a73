import type { LogSource } from "../event.ts";
import { type Rule, looksEverywhere } from "../rule.ts";
import type { Assignment } from "./program.ts";

/** What a log source says. */
export const LOG_SOURCE_KEYS = ["product", "category", "service"] as const;

interface Group {
  readonly wanted: LogSource;
  readonly members: { readonly rule: Rule; readonly order: number }[];
}

/** Rules grouped by the log source they are for. */
export class RulesByLogSource {
  readonly #groups = new Map<string, Group>();
  readonly #asked = new Set<string>();

  constructor(rules: readonly Rule[]) {
    for (const [order, rule] of rules.entries()) {
      const key = JSON.stringify(LOG_SOURCE_KEYS.map((name) => rule.logSource[name]));
      let group = this.#groups.get(key);
      if (group === undefined) this.#groups.set(key, (group = { wanted: rule.logSource, members: [] }));
      group.members.push({ rule, order });
      for (const name of LOG_SOURCE_KEYS) this.#asked.add(`${name}=${rule.logSource[name] ?? ""}`);
    }
  }

  /**
   * Whether some rule asks for the value. Only such values tell log sources apart: documents cannot have more combinations than the rules
   * have.
   */
  asksFor(name: (typeof LOG_SOURCE_KEYS)[number], value: string): boolean {
    return this.#asked.has(`${name}=${value}`);
  }

  /** Each rule with the first of an event's log sources that it is for, in the order of the rules. */
  assign(logSources: readonly LogSource[]): readonly Assignment[] {
    const assigned: { readonly order: number; readonly assignment: Assignment }[] = [];
    for (const { wanted, members } of this.#groups.values()) {
      const found = logSources.find((source) =>
        LOG_SOURCE_KEYS.every((name) => wanted[name] === undefined || wanted[name] === source[name]),
      );
      for (const { rule, order } of members) {
        const logSource = found ?? (looksEverywhere(rule) ? {} : undefined);
        if (logSource === undefined) break;
        assigned.push({ order, assignment: { rule, logSource } });
      }
    }
    return assigned.sort((a, b) => a.order - b.order).map(({ assignment }) => assignment);
  }
}
