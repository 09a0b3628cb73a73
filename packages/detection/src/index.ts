export type { Entity, EntityKind, JsonObject, JsonValue, LogSource, SecurityEvent } from "./event.ts";
export type { Episode, Fact, Finding, RuleReference } from "./finding.ts";
export type { FieldMapping, FieldPath } from "./mapping.ts";
export type { Problem } from "./problem.ts";
