export {
  ATTR,
  INDICATOR,
  OUTCOMES,
  SESSION_ACTIONS,
  type AttributeName,
  type Indicator,
  type Outcome,
  type SessionAction,
  REQUEST_ANOMALIES,
  RESPONSE_WEAKNESSES,
  SERVICE_DEGRADATIONS,
  type RequestAnomaly,
  type ResponseWeakness,
  type ServiceDegradation,
} from "./attributes.ts";
export { ECS_EVENTS, ECS_TYPES, type EcsCategory, type EcsEvent, type EcsKind, type EcsType } from "./ecs.ts";
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
export {
  OCSF_ACTIVITIES,
  OCSF_CLASS,
  OCSF_EVENTS,
  OCSF_VERSION,
  type OcsfActivity,
  type OcsfClass,
  type OcsfEvent,
} from "./ocsf.ts";
export { SEVERITY_LEVELS, type SeverityLevel } from "./severity.ts";
export { BORROWED_ATTRIBUTES, OUR_PROVENANCE, type NameSource, type Provenance, type Stability } from "./stability.ts";
