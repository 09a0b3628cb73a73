/**
 * Values of the OTel log record field `EventName` that the instrumentation emits. All are at stability "development".
 */
export const EVENT = {
  /** Somebody tried to prove who they are; `event.outcome` says how it ended. */
  authentication: "vedette.authentication",
  /** The application proves people's identity in a way that is weak, or accepted a proof that anybody could have made. */
  authenticationWeakness: "vedette.authentication.weakness",
  /** A known user was refused an operation. */
  authorizationDenied: "vedette.authorization.denied",
  /** Input was refused by the application's own validation. */
  inputRejected: "vedette.input.rejected",
  /** A rate limit was hit. */
  rateLimited: "vedette.rate.limited",
  /** A request carries what looks like an attack; `vedette.request.indicators` names the classes. */
  requestSuspicious: "vedette.request.suspicious",
  /** A request was answered; emitted for statuses that matter to security (401, 403, 404, 405, 429). */
  requestRefused: "vedette.request.refused",
  /** A request breaks the protocol or is like none that people send; `vedette.request.anomaly` says how. */
  requestAnomaly: "vedette.request.anomaly",
  /** An answer of the application has a known weakness; told once per route and kind in a process. */
  responseWeakness: "vedette.response.weakness",
  /** The process stands still or grows; names a request that it served meanwhile. */
  serviceDegraded: "vedette.service.degraded",
  /** Something happened to a session (created, renewed, revoked, invalid token presented). */
  session: "vedette.session",
  /** Data was read or exported in an amount or by a person that matters. */
  dataAccess: "vedette.data.access",
  /** An administrator changed something. */
  adminAction: "vedette.admin.action",
  /** A rule of the business was broken (negative quantity, coupon reuse …). */
  businessRule: "vedette.business.rule",
  /** A honeytoken was touched: nobody has a reason to. */
  honeytoken: "vedette.honeytoken",
  /** The application made an outbound request to an address that it was handed by a user. */
  outboundRequest: "vedette.outbound.request",
  /** An AI agent called a tool. */
  agentToolCall: "vedette.agent.tool.call",
  /** The guard stopped a request; never itself a cause for new blocks. */
  guardBlocked: "vedette.guard.blocked",
  /** A decision holds of a request that the guard let through: it only observes, or the guard only watches. */
  guardObserved: "vedette.guard.observed",
} as const;

/** An event name of the instrumentation. */
export type EventName = (typeof EVENT)[keyof typeof EVENT];
