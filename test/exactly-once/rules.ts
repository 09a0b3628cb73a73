/** Rules that the rig's events are judged by: two that alert, and a correlation over one that only feeds it. */
export const RULES = `
title: Injection of the rig
id: 00000000-0000-4000-9000-000000000001
name: rig_injection
status: test
description: An injection.
logsource: { product: rig }
detection:
  selection:
    event.action: injection
  condition: selection
level: high
vedette:
  kind: security
  suppression: { by: [source.ip], window: 30s }
---
title: Honeytoken of the rig
id: 00000000-0000-4000-9000-000000000002
name: rig_honeytoken
status: test
description: A honeytoken was touched.
logsource: { product: rig }
detection:
  selection:
    event.action: honeytoken
  condition: selection
level: low
vedette:
  kind: security
  suppression: { by: [user.name], window: 60s }
---
title: Failed log-in of the rig
id: 00000000-0000-4000-9000-000000000003
name: rig_failure
status: test
description: A log-in failed.
logsource: { product: rig }
detection:
  selection:
    event.action: login
    event.outcome: failure
  condition: selection
level: informational
vedette:
  kind: security
---
title: Password guessing of the rig
id: 00000000-0000-4000-9000-000000000004
name: rig_guessing
status: test
description: Many log-ins of one account failed.
correlation:
  type: event_count
  rules: [rig_failure]
  group-by: [user.name]
  timespan: 20s
  condition: { gte: 3 }
level: medium
vedette:
  kind: security
  suppression: { by: [user.name], window: 25s }
`;

/** Ids of the rules. */
export const RULE_ID = {
  injection: "00000000-0000-4000-9000-000000000001",
  honeytoken: "00000000-0000-4000-9000-000000000002",
  failure: "00000000-0000-4000-9000-000000000003",
  guessing: "00000000-0000-4000-9000-000000000004",
} as const;

/** Milliseconds; the same numbers as in the text. */
export const SUPPRESSION = {
  [RULE_ID.injection]: 30_000,
  [RULE_ID.honeytoken]: 60_000,
  [RULE_ID.guessing]: 25_000,
} as const;

/** Failures of one account within the timespan (milliseconds) that are guessing. */
export const GUESSING = { threshold: 3, timespan: 20_000 } as const;
