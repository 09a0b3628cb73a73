import type { IncomingMessage } from "node:http";
import type { Attributes } from "@opentelemetry/api";
import { noteApplicationReport } from "./authentication/application-reports.ts";
import { ATTR, EVENT, type EventName, type Outcome, type SessionAction } from "@vedette/semconv";
import { normaliseAddress } from "./client-address.ts";
import { isCommonUserName } from "./common-user-names.ts";
import {
  currentRequest,
  identify,
  identifyAndCheck,
  knownRequest,
  requestAttributes,
  type RequestIdentity,
  type RequestState,
} from "./current-request.ts";
import { processPrivacy } from "./privacy.ts";
import { redactUrl } from "./redaction.ts";
import { reporter as processReporter, type CounterKey, type EventSeverity, type Reporter } from "./reporter.ts";

export type { RequestIdentity };

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

/** What nobody's session goes through in ordinary use. */
const SUSPICIOUS_SESSION_ACTIONS: ReadonlySet<SessionAction> = new Set(["invalid", "fixation", "hijack_suspected"]);

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

/** Makes the manual API over a reporter. */
export function createSecurity(reporter: Reporter): Security {
  /** @param proven False when the event names whom somebody claims to be, which says nothing about who sends the request. */
  function emit(
    name: EventName,
    severity: EventSeverity,
    subject: EventSubject,
    own: Attributes,
    metric?: [CounterKey, Attributes],
    proven = true,
  ): void {
    const privacy = processPrivacy();
    const state = stateOf(subject);
    if (state !== undefined && proven) identify(state, subject);
    const person = state !== undefined && proven ? state.identity : subject;
    const attributes: Attributes = {
      ...(state === undefined ? privacy.person(person) : requestAttributes(state, person)),
      ...own,
    };
    const address = subject.clientAddress;
    if (address !== undefined) attributes[ATTR.clientAddress] = privacy.address(normaliseAddress(address) ?? address);
    // The active span is nearer to what happened than the request's; outside of any, the request's is what is known.
    if (state === undefined || state === currentRequest.getStore()) reporter.event(name, severity, attributes);
    else reporter.event(name, severity, attributes, state.context);
    if (metric !== undefined) reporter.count(metric[0], defined(metric[1]));
  }

  return withoutExceptions(reporter, {
    authentication(event) {
      const reportedIn = stateOf(event);
      if (reportedIn !== undefined) noteApplicationReport(reportedIn, event.outcome);
      const attributes = {
        [ATTR.eventOutcome]: event.outcome,
        [ATTR.authMethod]: event.method,
        [ATTR.authFailureReason]: event.outcome === "failure" ? (event.failureReason ?? "unspecified") : undefined,
        [ATTR.authPriorFailures]: event.outcome === "success" ? event.priorFailures : undefined,
        // Told here, because the name does not leave the process.
        [ATTR.authAccountCommon]: event.userName !== undefined && isCommonUserName(event.userName) ? true : undefined,
      };
      const metric = { [ATTR.eventOutcome]: event.outcome, [ATTR.authMethod]: event.method };
      emit(
        EVENT.authentication,
        event.outcome === "failure" ? "warn" : "info",
        event,
        { ...processPrivacy().account(event), ...defined(attributes) },
        ["authenticationAttempts", metric],
        event.outcome === "success",
      );
    },
    authorization(event) {
      if (!event.denied) return;
      const attributes = { [ATTR.action]: event.action, [ATTR.eventOutcome]: "failure" };
      emit(EVENT.authorizationDenied, "warn", event, attributes, [
        "authorizationDenied",
        { [ATTR.action]: event.action },
      ]);
    },
    inputRejected(event) {
      const attributes = { [ATTR.inputRule]: event.rule, [ATTR.inputField]: event.field };
      emit(EVENT.inputRejected, "info", event, defined(attributes), [
        "inputRejected",
        { [ATTR.inputRule]: event.rule },
      ]);
    },
    rateLimited(event) {
      const state = stateOf(event);
      const route = state === undefined ? undefined : requestAttributes(state)[ATTR.httpRoute];
      emit(EVENT.rateLimited, "warn", event, defined({ [ATTR.action]: event.action }), [
        "rateLimited",
        { [ATTR.httpRoute]: route },
      ]);
    },
    sessionEvent(event) {
      const attributes = {
        [ATTR.sessionAction]: event.action,
        [ATTR.sessionChanged]: event.changed === undefined ? undefined : [...event.changed],
        [ATTR.sessionPreviousId]: processPrivacy().person({ sessionId: event.previousSessionId })[ATTR.sessionId],
      };
      // A new address is what travelling looks like; another user agent is another program.
      const another = event.changed?.includes("user_agent") === true;
      const severity = another || SUSPICIOUS_SESSION_ACTIONS.has(event.action) ? "warn" : "info";
      const metric: [CounterKey, Attributes] = ["sessionEvents", { [ATTR.sessionAction]: event.action }];
      emit(EVENT.session, severity, event, defined(attributes), metric, event.action !== "invalid");
    },
    dataAccess(event) {
      const attributes = {
        [ATTR.dataSet]: event.dataSet,
        [ATTR.dataRecordCount]: event.recordCount,
        [ATTR.action]: event.action,
      };
      emit(EVENT.dataAccess, "info", event, defined(attributes));
    },
    adminAction(event) {
      emit(EVENT.adminAction, "info", event, {
        [ATTR.action]: event.action,
        [ATTR.eventOutcome]: event.outcome ?? "success",
      });
    },
    businessRule(event) {
      emit(EVENT.businessRule, "warn", event, { [ATTR.businessRuleName]: event.rule });
    },
    honeytoken(event) {
      emit(EVENT.honeytoken, "error", event, { [ATTR.honeytokenName]: event.name });
    },
    outboundRequest(event) {
      const severity = event.addressClass === "public" ? "info" : "warn";
      const attributes = {
        [ATTR.urlFull]: redactUrl(event.url),
        [ATTR.serverAddress]: URL.canParse(event.url) ? new URL(event.url).hostname : undefined,
        [ATTR.outboundAddressClass]: event.addressClass,
        [ATTR.eventOutcome]: event.outcome,
      };
      emit(EVENT.outboundRequest, severity, event, defined(attributes));
    },
    agentToolCall(event) {
      const inScope = event.declaredTools?.includes(event.tool);
      const attributes = {
        [ATTR.genAiAgentName]: event.agent,
        [ATTR.genAiToolName]: event.tool,
        [ATTR.agentDeclaredTools]: event.declaredTools === undefined ? undefined : [...event.declaredTools],
        [ATTR.agentToolInScope]: inScope,
      };
      emit(EVENT.agentToolCall, inScope === false ? "warn" : "info", event, defined(attributes));
    },
    identify(person) {
      const state = currentRequest.getStore();
      return state !== undefined && identifyAndCheck(state, person);
    },
    route(pattern) {
      const state = currentRequest.getStore();
      if (state !== undefined) state.route = pattern;
    },
  });
}

/** What an application says about security must never break it: whatever goes wrong in here is counted and ends here. */
function withoutExceptions(reporter: Reporter, security: Security): Security {
  const methods = Object.entries(security).map(([name, method]: [string, (argument: never) => unknown]) => [
    name,
    (argument: never): unknown => {
      try {
        return method(argument);
      } catch (cause) {
        reporter.error(cause);
        // Of `identify`: nobody was refused.
        return false;
      }
    },
  ]);
  return Object.fromEntries(methods) as Security;
}

function stateOf(subject: EventSubject): RequestState | undefined {
  const request = subject.request;
  if (request === undefined) return currentRequest.getStore();
  if ("raw" in request) return knownRequest(request.raw);
  if ("req" in request) return knownRequest(request.req);
  return knownRequest(request);
}

function defined(attributes: Record<string, Attributes[string]>): Attributes {
  const kept: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) kept[name] = value;
  return kept;
}

/**
 * The manual API of this process.
 *
 * @example
 * security.authentication({ outcome: "failure", userName: "ada", method: "password", failureReason: "bad_password" });
 */
export const security: Security = createSecurity(processReporter);
