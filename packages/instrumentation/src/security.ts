import type { Attributes } from "@opentelemetry/api";
import { noteApplicationReport } from "./authentication/application-reports.ts";
import { ATTR, EVENT, type EventName, type SessionAction } from "@vedette/semconv";
import { normaliseAddress } from "./client-address.ts";
import { isCommonUserName } from "./common-user-names.ts";
import {
  currentRequest,
  identify,
  identifyAndCheck,
  knownRequest,
  requestAttributes,
  type RequestState,
} from "./current-request.ts";
import { processPrivacy } from "./privacy.ts";
import { redactUrl } from "./redaction.ts";
import { reporter as processReporter, type CounterKey, type EventSeverity, type Reporter } from "./reporter.ts";
import type { EventSubject, Security } from "./security-events.ts";

export type { Security };

/** What nobody's session goes through in ordinary use. */
const SUSPICIOUS_SESSION_ACTIONS: ReadonlySet<SessionAction> = new Set(["invalid", "fixation", "hijack_suspected"]);

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
