import type { JsonValue } from "../event.ts";
import type { Fact } from "../finding.ts";
import type { RuleSet } from "../rule.ts";
import { loadRules } from "../sigma/load-rules.ts";

/** A base rule `base` and an event_count over it, with the parts a test wants to vary. */
export function correlationRules(options: {
  readonly timespan: string;
  readonly condition: string;
  readonly groupBy?: readonly string[];
  readonly generate?: boolean;
}): RuleSet {
  return loadedRules(`
title: Base
id: base
name: base_rule
logsource: { product: vedette, service: authentication }
detection: { selection: { event.outcome: failure }, condition: selection }
---
title: Counted
id: counted
level: high
correlation:
  type: event_count
  rules: [base_rule]
  group-by: [${(options.groupBy ?? ["client.address"]).join(", ")}]
  timespan: ${options.timespan}
  condition: { ${options.condition} }
  generate: ${options.generate ?? false}
`);
}

/** The rules `a`, `b` and `c`, which match single events, and correlations over them, written as the `correlation:` sections by id. */
export function rulesWith(sections: Readonly<Record<string, string>>): RuleSet {
  const signatures = ["a", "b", "c"].map(
    (id) => `title: ${id}\nid: ${id}\nlogsource: { product: x }\ndetection: { s: { f: ${id} }, condition: s }\n`,
  );
  const correlations = Object.entries(sections).map(
    ([id, section]) => `title: ${id}\nid: ${id}\ncorrelation: ${section}\n`,
  );
  return loadedRules([...signatures, ...correlations].join("---\n"));
}

function loadedRules(text: string): RuleSet {
  const set = loadRules([{ path: "correlation.yml", text }]);
  if (set.problems.some(({ severity }) => severity === "error")) throw new Error(JSON.stringify(set.problems));
  return set;
}

/** A fact of the base rule. */
export function baseFact(
  id: string,
  time: number,
  values: Readonly<Record<string, JsonValue>> = { "client.address": "192.0.2.1" },
): Fact {
  return {
    ...factOf("base", id, time, values),
    entities: [{ kind: "address", value: String(values["client.address"] ?? "") }],
  };
}

/** A fact of a rule. */
export function factOf(rule: string, id: string, time: number, values: Readonly<Record<string, JsonValue>>): Fact {
  return {
    kind: "fact",
    id,
    rule: { id: rule, title: rule, level: "medium", revision: "r" },
    eventId: `event-${id}`,
    time,
    entities: [],
    values,
    alerts: false,
  };
}
