export { startVedette, type StartOptions, type Vedette } from "./start.ts";
export { security } from "./security.ts";
export type {
  AdminAction,
  AgentToolCall,
  Authentication,
  Authorization,
  BusinessRuleViolation,
  DataAccess,
  EventSubject,
  HoneytokenUse,
  InputRejection,
  OutboundRequest,
  RateLimit,
  RequestLike,
  Security,
  SessionEvent,
} from "./security-events.ts";
export type { RequestIdentity } from "./current-request.ts";
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
export { INSTRUMENTED_LIBRARIES, type InstrumentedLibrary } from "./instrumentations.ts";
export type { LibraryInstrumentationConfig } from "./library-instrumentation.ts";
