import type { Alert } from "@vedette/api";
import type { SeverityLevel } from "@vedette/semconv";

/** What a priority is made of. */
export interface PriorityInput {
  readonly severity: SeverityLevel;
  /** Sigma status of the rule. */
  readonly ruleStatus: string;
  /** How many different users, hosts, services, sessions, keys, agents and addresses are in it. */
  readonly entityCount: number;
  readonly findingCount: number;
}

const SEVERITY_POINTS: Readonly<Record<SeverityLevel, number>> = {
  informational: 10,
  low: 25,
  medium: 45,
  high: 70,
  critical: 85,
};

const CONFIDENCE: Readonly<Record<string, number>> = {
  stable: 1,
  test: 0.95,
  experimental: 0.8,
  deprecated: 0.6,
  unsupported: 0.5,
};
const UNKNOWN_STATUS = 0.8;

const breadthOf = (entityCount: number): number => (entityCount >= 20 ? 1.2 : entityCount >= 8 ? 1.1 : 1);

/**
 * Severity × confidence × breadth as 0–100. The factors' points add up to the score: severity gives the base, the others what they
 * add or take away.
 */
export function prioritize({ severity, ruleStatus, entityCount, findingCount }: PriorityInput): Alert["priority"] {
  const base = SEVERITY_POINTS[severity];
  const confidence = CONFIDENCE[ruleStatus] ?? UNKNOWN_STATUS;
  const breadth = breadthOf(entityCount);
  const afterConfidence = Math.round(base * confidence);
  const score = Math.min(100, Math.round(afterConfidence * breadth));
  const findings = findingCount === 1 ? "one finding" : `${findingCount} findings`;
  return {
    score,
    factors: [
      { name: "severity", points: base, reason: `The rule's level is ${severity}.` },
      {
        name: "confidence",
        points: afterConfidence - base,
        reason: `The rule's status is ${ruleStatus}: its findings count ${confidence} times.`,
      },
      {
        name: "breadth",
        points: score - afterConfidence,
        reason: `${entityCount === 1 ? "One entity" : `${entityCount} entities`} in ${findings}: counts ${breadth} times.`,
      },
    ],
  };
}
