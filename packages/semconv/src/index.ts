export {
  ATTR,
  INDICATOR,
  OUTCOMES,
  SESSION_ACTIONS,
  type AttributeName,
  type Indicator,
  type Outcome,
  type SessionAction,
} from "./attributes.ts";
export { EVENT, type EventName } from "./events.ts";
export {
  GUARD_ACTIONS,
  GUARD_LONGEST_WAIT,
  GUARD_PATHS,
  GUARD_TARGET_KINDS,
  type GuardAction,
  type GuardDecision,
  type GuardKey,
  type GuardRate,
  type GuardSnapshot,
  type GuardTarget,
  type GuardTargetKind,
  type SignedGuardSnapshot,
} from "./guard.ts";
export { INSTRUMENTATION_METRICS, WORKER_METRICS, type MetricDefinition } from "./metrics.ts";
export { SEVERITY_LEVELS, type SeverityLevel } from "./severity.ts";
