import type { IncomingMessage } from "node:http";
import type { Outcome, SessionAction } from "@vedette/semconv";
import type { RequestIdentity } from "./current-request.ts";

/** A request of node:http, or of a framework that keeps it as `raw` (fastify) or `req` (koa, hono). */
export type RequestLike = IncomingMessage | { readonly raw: IncomingMessage } | { readonly req: IncomingMessage };

/** What every event may say: who did it, and in which request (the one being served when left out). */
export interface EventSubject {
  /** Emitted as `user.hash`; in clear only with `VEDETTE_USERS=clear`. */
  readonly userId?: string | undefined;
  /** What `user.hash` is made of where there is no id; in clear only with `VEDETTE_USERS=clear`. */
  readonly userName?: string | undefined;
  readonly userRoles?: readonly string[] | undefined;
  /** The session's id; only a pseudonym of it is emitted. */
  readonly sessionId?: string | undefined;
  /** Needed only where the running code does not serve the request it speaks about, e.g. in a queue. */
  readonly request?: RequestLike | undefined;
  /** Address of the client where there is no request, e.g. over a message broker. */
  readonly clientAddress?: string | undefined;
}

/** Somebody tried to prove who they are. */
export interface Authentication extends EventSubject {
  readonly outcome: Outcome;
  /** password, token, mfa, oidc … */
  readonly method?: string | undefined;
  /** bad_password, unknown_user, expired, bad_signature, locked …: few different values. */
  readonly failureReason?: string | undefined;
  /** Failures on this account since its last success, as the application counts them; said with a success. */
  readonly priorFailures?: number | undefined;
}

/** A known user asked for an operation. */
export interface Authorization extends EventSubject {
  /** The application's own name of the permission or operation. */
  readonly action: string;
  /** Only refusals are events; an allowed operation is not reported. */
  readonly denied: boolean;
}

/** The application's own validation refused an input. */
export interface InputRejection extends EventSubject {
  readonly rule: string;
  readonly field?: string | undefined;
}

/** A rate limit was hit. */
export interface RateLimit extends EventSubject {
  /** What was limited: the application's own name of the operation. */
  readonly action?: string | undefined;
}

/** Something happened to a session. */
export interface SessionEvent extends EventSubject {
  readonly action: SessionAction;
  /** Id that the session had before it was renewed. */
  readonly previousSessionId?: string | undefined;
  /** What is another about its client: address, user_agent. */
  readonly changed?: readonly string[] | undefined;
}

/** Data was read or exported in an amount or by a person that matters. */
export interface DataAccess extends EventSubject {
  readonly dataSet: string;
  readonly recordCount?: number | undefined;
  readonly action?: string | undefined;
}

/** An administrator changed something. */
export interface AdminAction extends EventSubject {
  readonly action: string;
  readonly outcome?: Outcome | undefined;
}

/** A rule of the business was broken. */
export interface BusinessRuleViolation extends EventSubject {
  readonly rule: string;
}

/** A honeytoken was touched. */
export interface HoneytokenUse extends EventSubject {
  readonly name: string;
}

/** The application made, or was asked to make, a request to an address that a user handed it. */
export interface OutboundRequest extends EventSubject {
  readonly url: string;
  /** Where the address points. */
  readonly addressClass: "metadata" | "loopback" | "private" | "public";
  readonly outcome?: Outcome | undefined;
}

/** An AI agent called a tool. */
export interface AgentToolCall extends EventSubject {
  readonly agent: string;
  readonly tool: string;
  /** Tools that the agent declared it needs; decides `vedette.agent.tool.in_scope`. */
  readonly declaredTools?: readonly string[] | undefined;
}

/** The manual API: what only the application knows, one call an event. None of them throws. */
export interface Security {
  /**
   * Somebody tried to prove who they are. A success also tells who sends the request (see `identify`).
   *
   * @example
   * security.authentication({ outcome: "failure", method: "password", userName: "ada", failureReason: "bad_password" });
   */
  authentication(event: Authentication): void;
  /**
   * A known user asked for an operation; only refusals are reported.
   *
   * @example
   * security.authorization({ action: "orders.read_any", denied: order.accountId !== account.id, userId: account.id });
   */
  authorization(event: Authorization): void;
  /**
   * The application's own validation refused an input. The input itself is not reported.
   *
   * @example
   * security.inputRejected({ rule: "quantity_range", field: "quantity" });
   */
  inputRejected(event: InputRejection): void;
  /**
   * A rate limit of the application was hit.
   *
   * @example
   * security.rateLimited({ action: "log_in" });
   */
  rateLimited(event: RateLimit): void;
  /**
   * Something happened to a session.
   *
   * @example
   * security.sessionEvent({ action: "renewed", sessionId: request.session.id, previousSessionId, userId: account.id });
   */
  sessionEvent(event: SessionEvent): void;
  /**
   * Data was read or exported in an amount or by a person that matters.
   *
   * @example
   * security.dataAccess({ dataSet: "customers", recordCount: rows.length, action: "customers.export" });
   */
  dataAccess(event: DataAccess): void;
  /**
   * An administrator changed something.
   *
   * @example
   * security.adminAction({ action: "role.grant.editor", userId: administrator.id });
   */
  adminAction(event: AdminAction): void;
  /**
   * A rule of the business was broken in a way that the pages do not offer.
   *
   * @example
   * if (shownTotal !== total) security.businessRule({ rule: "price_mismatch", userId: account.id });
   */
  businessRule(event: BusinessRuleViolation): void;
  /**
   * Something that exists only to be found was touched: a decoy page, key, account or record.
   *
   * @example
   * if (key === DECOY_API_KEY) security.honeytoken({ name: "decoy_api_key" });
   */
  honeytoken(event: HoneytokenUse): void;
  /**
   * The application made, or refused to make, a request to an address that a user handed it.
   *
   * @example
   * security.outboundRequest({ url: imageUrl, addressClass: "metadata", outcome: "failure" });
   */
  outboundRequest(event: OutboundRequest): void;
  /**
   * An AI agent called a tool, or asked for it.
   *
   * @example
   * security.agentToolCall({ agent: "support", tool: "issue_refund", declaredTools: ["search_orders"] });
   */
  agentToolCall(event: AgentToolCall): void;
  /**
   * Tells who sends the request being served, for the guard and for every event about it from here on. To be called before the request is worked on.
   *
   * @returns True when the guard has answered the request because of that: return, and do not call `next()`. fastify looks by itself.
   * @example
   * if (security.identify({ userId: token.sub, sessionId: token.sid })) return;
   */
  identify(person: RequestIdentity): boolean;
  /**
   * Tells the route pattern of the request being served, where no framework does.
   *
   * @example
   * security.route("/users/:id");
   */
  route(pattern: string): void;
}
