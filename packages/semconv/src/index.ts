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
  GUARD_PATHS,
  type GuardAction,
  type GuardDecision,
  type GuardKey,
  type GuardSnapshot,
  type GuardTarget,
  type SignedGuardSnapshot,
} from "./guard.ts";
export { INSTRUMENTATION_METRICS, WORKER_METRICS, type MetricDefinition } from "./metrics.ts";
export { SEVERITY_LEVELS, type SeverityLevel } from "./severity.ts";
