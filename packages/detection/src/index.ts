export {
  createCorrelator,
  type Correlator,
  type CorrelatorChanges,
  type CorrelatorOptions,
  type StoredState,
} from "./correlation/correlator.ts";
export type { OwnsGroup } from "./correlation/ownership.ts";
export type { CorrelatorCounters, CorrelatorLimits } from "./correlation/limits.ts";
export { ERROR_CODES, type ErrorCode, type ErrorCodeEntry } from "./errors.ts";
export type { Entity, EntityKind, JsonObject, JsonValue, LogSource, SecurityEvent } from "./event.ts";
export { explain, type ExplainOptions } from "./explain/explain.ts";
export type {
  CorrelatedRule,
  CorrelationExplanation,
  Decision,
  ExceptionExplanation,
  Explanation,
  FieldDecision,
  Outcome,
  WantedValue,
} from "./explain/explanation.ts";
export { explanationLines } from "./explain/explanation-lines.ts";
export {
  outlineLines,
  outlineOf,
  type OutlineItem,
  type OutlineSearch,
  type RuleOutline,
} from "./explain/rule-outline.ts";
export { correlationText } from "./explain/correlation-text.ts";
export { testRule, type ExampleResult } from "./examples/test-rule.ts";
export type { Episode, Fact, Finding, RuleReference } from "./finding.ts";
export { factId } from "./hash.ts";
export { DEFAULT_MAPPINGS } from "./mappings/default-mappings.ts";
export { toMilliseconds } from "./mappings/document-time.ts";
export { ANY_KEY, type FieldMapping, type FieldPath } from "./mapping.ts";
export { createDetector, type Detector, type DetectorOptions, type Judgement } from "./match/detector.ts";
export type { ExceptedEvent } from "./match/exceptions.ts";
export { loadPipeline, loadPipelines, type PipelineSet } from "./pipeline/load-pipeline.ts";
export type { Pipeline, PipelineFile } from "./pipeline/pipeline.ts";
export { packRules, type PackedRules, unpackRules } from "./packed-rules.ts";
export {
  candidateGroups,
  type CandidateBucket,
  type CandidateOptions,
  correlationCandidates,
  type CorrelationCandidates,
} from "./pushdown/correlation-candidates.ts";
export {
  describeCapabilities,
  describeIndex,
  type FieldCapabilities,
  type IndexDescription,
  mergeIndexFields,
} from "./pushdown/describe-index.ts";
export type { IndexField, IndexFieldKind, IndexFields } from "./pushdown/index-fields.ts";
export {
  IndexPushDown,
  PushDown,
  pushDown,
  type PushDownOptions,
  type PushedDown,
  timeRange,
} from "./pushdown/push-down.ts";
export type { Query } from "./pushdown/query.ts";
export type { Problem } from "./problem.ts";
export { looksEverywhere } from "./rule.ts";
export type {
  Correlation,
  CorrelationComparison,
  CorrelationType,
  EntityField,
  ExampleEvent,
  RelatedRule,
  ResponseHint,
  Rule,
  RuleExample,
  RuleException,
  RuleExtension,
  RuleFile,
  RuleFilter,
  RuleKind,
  RuleSet,
} from "./rule.ts";
export { loadRules, type LoadOptions } from "./sigma/load-rules.ts";
export { parseDuration } from "./sigma/duration.ts";
export { editDistance } from "./sigma/nearest.ts";
