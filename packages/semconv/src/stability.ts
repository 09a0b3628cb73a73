import type { AttributeName } from "./attributes.ts";

/** Whose names there are: OpenTelemetry's semantic conventions, the Elastic Common Schema, or ours (`vedette.*`). */
export type NameSource = "opentelemetry" | "ecs" | "vedette";

/** How far a name can be relied on: `stable` ones stay, `development` ones may change with a minor version of whoever gives them. */
export type Stability = "stable" | "development";

/** Where a name comes from, and how far it can be relied on. */
export interface Provenance {
  readonly source: NameSource;
  readonly stability: Stability;
}

/** What is ours: events, metrics and attributes below `vedette.`; none of it is stable before version 1. */
export const OUR_PROVENANCE: Provenance = { source: "vedette", stability: "development" };

const OTEL_STABLE: Provenance = { source: "opentelemetry", stability: "stable" };
const OTEL_DEVELOPMENT: Provenance = { source: "opentelemetry", stability: "development" };
const ECS_STABLE: Provenance = { source: "ecs", stability: "stable" };

/** Names that others gave, copied here as constants: packages of conventions in development change them in minor versions. */
export const BORROWED_ATTRIBUTES: Readonly<Record<Exclude<AttributeName, `vedette.${string}`>, Provenance>> = {
  "client.address": OTEL_STABLE,
  "client.port": OTEL_STABLE,
  "enduser.pseudo.id": OTEL_DEVELOPMENT,
  "error.type": OTEL_STABLE,
  "event.outcome": ECS_STABLE,
  "gen_ai.agent.name": OTEL_DEVELOPMENT,
  "gen_ai.tool.name": OTEL_DEVELOPMENT,
  "host.name": OTEL_DEVELOPMENT,
  "http.request.method": OTEL_STABLE,
  "http.response.status_code": OTEL_STABLE,
  "http.route": OTEL_STABLE,
  "log.record.uid": OTEL_DEVELOPMENT,
  "network.peer.address": OTEL_STABLE,
  "security_rule.level": OTEL_DEVELOPMENT,
  "security_rule.name": OTEL_DEVELOPMENT,
  "security_rule.uuid": OTEL_DEVELOPMENT,
  "server.address": OTEL_STABLE,
  "service.name": OTEL_STABLE,
  "service.version": OTEL_STABLE,
  "session.id": OTEL_DEVELOPMENT,
  "session.previous_id": OTEL_DEVELOPMENT,
  "url.full": OTEL_STABLE,
  "url.path": OTEL_STABLE,
  "url.query": OTEL_STABLE,
  "user.hash": OTEL_DEVELOPMENT,
  "user.id": OTEL_DEVELOPMENT,
  "user.name": OTEL_DEVELOPMENT,
  "user.roles": OTEL_DEVELOPMENT,
  "user_agent.original": OTEL_STABLE,
};
