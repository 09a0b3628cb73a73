export {
  createCorrelator,
  type Correlator,
  type CorrelatorCounters,
  type CorrelatorLimits,
} from "./correlation/correlator.ts";
export { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from "./errors.ts";
export type { Entity, EntityKind, JsonObject, JsonValue, LogSource, SecurityEvent } from "./event.ts";
export { testRule, type ExampleResult } from "./examples/test-rule.ts";
export type { Episode, Fact, Finding, RuleReference } from "./finding.ts";
export { factId } from "./hash.ts";
export { DEFAULT_MAPPINGS } from "./mappings/default-mappings.ts";
export { toMilliseconds } from "./mappings/document-time.ts";
export { ANY_KEY, type FieldMapping, type FieldPath } from "./mapping.ts";
export { createDetector, type Detector, type DetectorOptions, type Judgement } from "./match/detector.ts";
export type { Problem } from "./problem.ts";
export type {
  Correlation,
  CorrelationComparison,
  CorrelationType,
  ExampleEvent,
  ResponseHint,
  Rule,
  RuleExample,
  RuleExtension,
  RuleFile,
  RuleKind,
  RuleSet,
} from "./rule.ts";
export { loadRules, type LoadOptions } from "./sigma/load-rules.ts";
export { parseDuration } from "./sigma/duration.ts";
export { editDistance } from "./sigma/nearest.ts";
