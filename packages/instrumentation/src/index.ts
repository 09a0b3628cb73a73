export { startVedette, type StartOptions, type Vedette } from "./start.ts";
export {
  security,
  type AdminAction,
  type AgentToolCall,
  type Authentication,
  type Authorization,
  type BusinessRuleViolation,
  type DataAccess,
  type EventSubject,
  type HoneytokenUse,
  type InputRejection,
  type OutboundRequest,
  type RateLimit,
  type RequestIdentity,
  type RequestLike,
  type Security,
  type SessionEvent,
} from "./security.ts";
export { HttpServerSecurityInstrumentation, type HttpServerSecurityConfig } from "./http-server.ts";
export {
  ENVIRONMENT_VARIABLES,
  readSettings,
  type GuardSettings,
  type InspectionSettings,
  type Settings,
  type SettingsReading,
  type SettingsWarning,
} from "./settings.ts";
export { createGuardDecisions, type GuardDecisions, type GuardDecisionsOptions } from "./guard/decisions.ts";
export { startGuard, type Guard, type GuardOptions } from "./guard/guard.ts";
export { ERROR_CODES, type ErrorCode, type Warn } from "./errors.ts";
export { createReporter, type Reporter, type ReporterOptions } from "./reporter.ts";
export { inspectBody } from "./inspect/inspect-body.ts";
export { inspectRequest } from "./inspect/inspect-request.ts";
export { inspectValue } from "./inspect/inspect-value.ts";
export type { InspectionFinding, InspectionLimit, InspectionResult, Location } from "./inspect/inspection.ts";
export { guard, type GuardedRequest, type GuardHook, type GuardHooks } from "./guard/guard-hooks.ts";
