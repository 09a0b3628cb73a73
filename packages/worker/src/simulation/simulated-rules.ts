import { loadRules } from "@vedette/detection";

/** The rules of the simulation: one single-event rule that blocks, one that does not, and a correlation over a rule that only feeds it. */
const TEXT = `
title: Simulated injection
id: 00000000-0000-4000-8000-000000000001
name: simulated_injection
status: stable
description: An injection.
tags: [attack.initial-access, attack.t1190]
logsource: { product: vedette, category: application, service: request.suspicious }
detection:
  selection:
    vedette.request.indicators: sql_injection
  condition: selection
level: high
vedette:
  kind: security
  suppression: { by: [client.address], window: 30s }
  response: [ { action: block_address, field: client.address, for: 60s } ]
---
title: Simulated honeytoken
id: 00000000-0000-4000-8000-000000000002
name: simulated_honeytoken
status: test
description: A honeytoken was touched.
logsource: { product: vedette, category: application, service: honeytoken }
detection:
  selection:
    event_name: vedette.honeytoken
  condition: selection
level: low
vedette:
  kind: security
  suppression: { by: [user.name], window: 60s }
---
title: Simulated failed log-in
id: 00000000-0000-4000-8000-000000000003
name: simulated_failure
status: test
description: A log-in failed.
logsource: { product: vedette, category: application, service: authentication }
detection:
  selection:
    event.outcome: failure
  condition: selection
level: informational
vedette:
  kind: security
---
title: Simulated password guessing
id: 00000000-0000-4000-8000-000000000004
name: simulated_guessing
status: test
description: Many log-ins of one account failed.
tags: [attack.credential-access, attack.t1110]
correlation:
  type: event_count
  rules: [simulated_failure]
  group-by: [user.name]
  timespan: 20s
  condition: { gte: 3 }
level: medium
vedette:
  kind: security
  suppression: { by: [user.name], window: 25s }
`;

/** Ids of the simulation's rules. */
export const RULE_ID = {
  injection: "00000000-0000-4000-8000-000000000001",
  honeytoken: "00000000-0000-4000-8000-000000000002",
  failure: "00000000-0000-4000-8000-000000000003",
  guessing: "00000000-0000-4000-8000-000000000004",
} as const;

/** Loads the rules; throws when one of them cannot be loaded. */
export function simulatedRules(): ReturnType<typeof loadRules> {
  const rules = loadRules([{ path: "simulation.yml", text: TEXT }]);
  const problem = rules.problems.find(({ severity }) => severity === "error");
  if (problem !== undefined) throw new Error(`${problem.path}:${problem.line}: ${problem.message}`);
  return rules;
}
