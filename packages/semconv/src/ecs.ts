import { ATTR, type AttributeName } from "./attributes.ts";
import { EVENT, type EventName } from "./events.ts";

/** Values of ECS `event.kind` that events of ours have. */
export type EcsKind = "event" | "alert" | "signal";

/** Values of ECS `event.category` that events of ours have. */
export type EcsCategory =
  | "api"
  | "authentication"
  | "configuration"
  | "database"
  | "host"
  | "iam"
  | "intrusion_detection"
  | "network"
  | "session"
  | "vulnerability"
  | "web";

/** Values of ECS `event.type` that events of ours have. */
export type EcsType =
  | "access"
  | "admin"
  | "allowed"
  | "change"
  | "connection"
  | "denied"
  | "end"
  | "error"
  | "info"
  | "start";

/** Types that ECS expects of a category; an event of several categories may have those of any. */
export const ECS_TYPES: Readonly<Record<EcsCategory, readonly EcsType[]>> = {
  api: ["access", "admin", "allowed", "change", "denied", "end", "info", "start"],
  authentication: ["start", "end", "info"],
  configuration: ["access", "change", "info"],
  database: ["access", "change", "info", "error"],
  host: ["access", "change", "end", "info", "start"],
  iam: ["admin", "change", "info"],
  intrusion_detection: ["allowed", "denied", "info"],
  network: ["access", "allowed", "connection", "denied", "end", "info", "start"],
  session: ["start", "end", "info"],
  vulnerability: ["info"],
  web: ["access", "error", "info"],
};

/** The categorisation fields of one of our events in ECS; `event.action` is its name. */
export interface EcsEvent {
  readonly kind: EcsKind;
  readonly category: readonly EcsCategory[];
  readonly type: readonly EcsType[];
  /** Types for the values of one attribute, in place of `type`. */
  readonly typeBy?: {
    readonly attribute: AttributeName;
    readonly values: Readonly<Record<string, readonly EcsType[]>>;
  };
  /** `event.outcome` of an event that does not carry the attribute itself. */
  readonly outcome?: "success" | "failure";
}

/**
 * What each event of ours is in the Elastic Common Schema.
 *
 * @see https://www.elastic.co/docs/reference/ecs/ecs-category-field-values-reference
 */
export const ECS_EVENTS: Readonly<Record<EventName, EcsEvent>> = {
  [EVENT.authentication]: { kind: "event", category: ["authentication"], type: ["start"] },
  [EVENT.authenticationWeakness]: { kind: "alert", category: ["authentication", "vulnerability"], type: ["info"] },
  [EVENT.authorizationDenied]: { kind: "event", category: ["api", "web"], type: ["access", "denied"] },
  [EVENT.inputRejected]: { kind: "event", category: ["web"], type: ["error"], outcome: "failure" },
  [EVENT.rateLimited]: { kind: "event", category: ["api", "web"], type: ["access", "denied"], outcome: "failure" },
  [EVENT.requestSuspicious]: { kind: "alert", category: ["intrusion_detection", "web"], type: ["info"] },
  [EVENT.requestRefused]: { kind: "event", category: ["web"], type: ["access", "error"], outcome: "failure" },
  [EVENT.requestAnomaly]: { kind: "alert", category: ["intrusion_detection", "web"], type: ["info"] },
  [EVENT.responseWeakness]: { kind: "alert", category: ["vulnerability", "web"], type: ["info"] },
  [EVENT.serviceDegraded]: { kind: "event", category: ["host"], type: ["info"] },
  [EVENT.session]: {
    kind: "event",
    category: ["session"],
    type: ["info"],
    typeBy: {
      attribute: ATTR.sessionAction,
      values: { created: ["start"], revoked: ["end"], expired: ["end"] },
    },
  },
  [EVENT.dataAccess]: { kind: "event", category: ["database"], type: ["access"] },
  [EVENT.adminAction]: { kind: "event", category: ["iam", "configuration"], type: ["admin", "change"] },
  [EVENT.businessRule]: { kind: "event", category: ["web"], type: ["error"], outcome: "failure" },
  [EVENT.honeytoken]: { kind: "alert", category: ["intrusion_detection"], type: ["info"] },
  [EVENT.outboundRequest]: { kind: "event", category: ["network"], type: ["connection"] },
  [EVENT.agentToolCall]: { kind: "event", category: ["api"], type: ["access"] },
  [EVENT.guardBlocked]: { kind: "event", category: ["intrusion_detection", "web"], type: ["denied"] },
  [EVENT.guardObserved]: { kind: "event", category: ["intrusion_detection", "web"], type: ["allowed"] },
};
