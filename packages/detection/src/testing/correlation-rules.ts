import type { Fact } from "../finding.ts";
import type { JsonValue } from "../event.ts";
import type { RuleSet } from "../rule.ts";
import { loadRules } from "../sigma/load-rules.ts";

/** A base rule `base` and an event_count over it, with the parts a test wants to vary. */
export function correlationRules(options: {
  readonly timespan: string;
  readonly condition: string;
  readonly groupBy?: readonly string[];
  readonly generate?: boolean;
}): RuleSet {
  const text = `
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
`;
  const set = loadRules([{ path: "correlation.yml", text }]);
  if (set.problems.length > 0) throw new Error(JSON.stringify(set.problems));
  return set;
}

/** A fact of the base rule. */
export function baseFact(
  id: string,
  time: number,
  values: Readonly<Record<string, JsonValue>> = { "client.address": "192.0.2.1" },
): Fact {
  return {
    kind: "fact",
    id,
    rule: { id: "base", title: "Base", level: "medium", revision: "r" },
    eventId: `event-${id}`,
    time,
    entities: [{ kind: "address", value: String(values["client.address"] ?? "") }],
    values,
    alerts: false,
  };
}
