import { ATTR, EVENT, INSTRUMENTATION_METRICS, type AttributeName, type EventName } from "@vedette/semconv";
import { COVERED_LIBRARIES, INSTRUMENTED_LIBRARIES } from "../instrumentations.ts";
import { triedVersion } from "./matrix-app.ts";
import { ENVIRONMENT_VARIABLES } from "../settings.ts";
import { FAILURE_REASONS } from "../authentication/failure-reasons.ts";
import { detectionPointRows } from "./detection-points.ts";

/** Attributes of every event about a request, where they are known. */
const REQUEST: readonly AttributeName[] = [
  ATTR.clientAddress,
  ATTR.networkPeerAddress,
  ATTR.httpRequestMethod,
  ATTR.httpRoute,
  ATTR.urlPath,
  ATTR.urlQuery,
  ATTR.userAgentOriginal,
];
/** Who did it, as far as an instrumentation found out or the application says. */
const PERSON: readonly AttributeName[] = [ATTR.userHash, ATTR.userRoles, ATTR.sessionId, ATTR.apiKeyHash];
/** Beside those, while keys are changed. */
const COMING: readonly AttributeName[] = [ATTR.userHashNext, ATTR.sessionIdNext];
/** Beside those, with `VEDETTE_USERS=clear`. */
const CLEAR: readonly AttributeName[] = [ATTR.userId, ATTR.userName];

/** When each event is emitted, and the attributes of its own that it may carry. */
export const EVENTS: Readonly<
  Record<
    EventName,
    {
      readonly when: string;
      readonly severity: string;
      readonly attributes: readonly AttributeName[];
      readonly manual: boolean;
    }
  >
> = {
  [EVENT.requestSuspicious]: {
    when: "a request carries what looks like an attack",
    severity: "WARN",
    manual: false,
    attributes: [ATTR.requestIndicators, ATTR.requestLocations, ATTR.requestParameters, ATTR.requestSample],
  },
  [EVENT.requestRefused]: {
    when: "the application answered 401, 403, 404, 405 or 429",
    severity: "INFO",
    manual: false,
    attributes: [ATTR.httpResponseStatusCode],
  },
  [EVENT.requestAnomaly]: {
    when: "a request matches no route (`forced_browsing`), has an unusual method or asks for another one (`unusual_method`, `method_override`), is too large, malformed, too slow, or one of too many of its client (`oversized`, `malformed`, `slow_request`, `flood`)",
    severity: "WARN, `forced_browsing` INFO",
    manual: false,
    attributes: [ATTR.requestAnomaly, ATTR.requestAnomalyReason, ATTR.httpResponseStatusCode],
  },
  [EVENT.responseWeakness]: {
    when: "an answer lacks a security header, sets a session's cookie without its flags, lets any site read it with credentials, or a form of another site was accepted; once per route and kind in a process",
    severity: "WARN",
    manual: false,
    attributes: [ATTR.responseWeakness, ATTR.responseWeaknessSubjects, ATTR.httpResponseStatusCode],
  },
  [EVENT.serviceDegraded]: {
    when: "the event loop stood still or the memory grew, with the likeliest of the requests in service",
    severity: "WARN",
    manual: false,
    attributes: [
      ATTR.serviceDegradation,
      ATTR.serviceStallDuration,
      ATTR.serviceMemoryGrowth,
      ATTR.serviceActiveRequests,
    ],
  },
  [EVENT.guardBlocked]: {
    when: "the guard answered in the application's place",
    severity: "WARN",
    manual: false,
    attributes: [ATTR.guardDecisionId, ATTR.guardAction, ATTR.httpResponseStatusCode],
  },
  [EVENT.guardObserved]: {
    when: "a decision holds of a request that the guard let through: it only observes, the guard is in monitor mode, or the application's hook let it go on",
    severity: "INFO",
    manual: false,
    attributes: [ATTR.guardDecisionId, ATTR.guardAction],
  },
  [EVENT.authentication]: {
    when: "`security.authentication`",
    severity: "INFO, failures WARN",
    manual: true,
    attributes: [
      ATTR.eventOutcome,
      ATTR.authMethod,
      ATTR.authFailureReason,
      ATTR.authPriorFailures,
      ATTR.authAccountHash,
      ATTR.authAccountCommon,
    ],
  },
  [EVENT.authenticationWeakness]: {
    when: "a stored password hash is cheap to break (once for each algorithm and weakness), or a token was accepted that anybody could have made",
    severity: "WARN, accepted tokens ERROR",
    manual: false,
    attributes: [ATTR.authWeakness, ATTR.authMethod, ATTR.authAlgorithm, ATTR.authParameters],
  },
  [EVENT.authorizationDenied]: {
    when: "`security.authorization` with `denied: true`",
    severity: "WARN",
    manual: true,
    attributes: [ATTR.action, ATTR.eventOutcome],
  },
  [EVENT.inputRejected]: {
    when: "`security.inputRejected`",
    severity: "INFO",
    manual: true,
    attributes: [ATTR.inputRule, ATTR.inputField],
  },
  [EVENT.rateLimited]: { when: "`security.rateLimited`", severity: "WARN", manual: true, attributes: [ATTR.action] },
  [EVENT.session]: {
    when: "`security.sessionEvent`, and what is observed of sessions",
    severity: "INFO, `invalid`, `fixation`, `hijack_suspected` and another user agent WARN",
    manual: true,
    attributes: [ATTR.sessionAction, ATTR.sessionPreviousId, ATTR.sessionChanged],
  },
  [EVENT.dataAccess]: {
    when: "`security.dataAccess`",
    severity: "INFO",
    manual: true,
    attributes: [ATTR.dataSet, ATTR.dataRecordCount, ATTR.action],
  },
  [EVENT.adminAction]: {
    when: "`security.adminAction`",
    severity: "INFO",
    manual: true,
    attributes: [ATTR.action, ATTR.eventOutcome],
  },
  [EVENT.businessRule]: {
    when: "`security.businessRule`",
    severity: "WARN",
    manual: true,
    attributes: [ATTR.businessRuleName],
  },
  [EVENT.honeytoken]: {
    when: "`security.honeytoken`",
    severity: "ERROR",
    manual: true,
    attributes: [ATTR.honeytokenName],
  },
  [EVENT.outboundRequest]: {
    when: "`security.outboundRequest`",
    severity: "INFO, other than `public` WARN",
    manual: true,
    attributes: [ATTR.urlFull, ATTR.serverAddress, ATTR.outboundAddressClass, ATTR.eventOutcome],
  },
  [EVENT.agentToolCall]: {
    when: "`security.agentToolCall`",
    severity: "INFO, out of scope WARN",
    manual: true,
    attributes: [ATTR.genAiAgentName, ATTR.genAiToolName, ATTR.agentDeclaredTools, ATTR.agentToolInScope],
  },
};

/** Every attribute that an event may carry. */
export function attributesOf(name: EventName): ReadonlySet<string> {
  const event = EVENTS[name];
  return new Set([ATTR.logRecordUid, ...REQUEST, ...PERSON, ...COMING, ...CLEAR, ...event.attributes]);
}

const code = (text: string): string => `\`${text}\``;
const codes = (texts: readonly string[]): string => texts.map(code).join(", ");
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** The generated parts of the README, by the name of their marker. */
export function readmeTables(): Readonly<Record<string, string>> {
  return {
    libraries: table(
      ["library", "versions", "tried on", "seen through"],
      [...INSTRUMENTED_LIBRARIES, ...COVERED_LIBRARIES].map((each) => [
        code(each.library),
        each.versions === "*" ? "node's own" : code(each.versions),
        [...new Set(each.triedOn.map((folder) => triedVersion(folder, each.library)))].join(", "),
        "through" in each ? each.through : "its own instrumentation",
      ]),
    ),
    metrics: table(
      ["metric", "kind", "unit", "attributes", "description"],
      Object.values(INSTRUMENTATION_METRICS).map(({ name, kind, unit, attributes, description }) => [
        code(name),
        kind,
        code(unit),
        codes(attributes),
        description,
      ]),
    ),
    events: table(
      ["event", "when", "severity", "attributes of its own"],
      Object.entries(EVENTS).map(([name, event]) => [code(name), event.when, event.severity, codes(event.attributes)]),
    ),
    attributes: `Every event carries ${code(ATTR.logRecordUid)}; one about a request ${codes(REQUEST)}; one about somebody ${codes(PERSON)}, while keys are changed ${codes(COMING)}, and with ${code("VEDETTE_USERS=clear")} ${codes(CLEAR)}.`,
    "failure-reasons": `The reasons: ${codes(FAILURE_REASONS)}.`,
    "detection-points": table(
      ["point", "what happens", "seen by itself", "told by the application", "judged or counted", "not covered"],
      detectionPointRows(),
    ),
    environment: table(
      ["variable", "meaning"],
      Object.entries(ENVIRONMENT_VARIABLES).map(([name, meaning]) => [code(name), meaning]),
    ),
  };
}

/** Puts the generated parts between their markers. */
export function withTables(readme: string): string {
  let text = readme;
  for (const [name, content] of Object.entries(readmeTables())) {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no place for "${name}".`);
    text = `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
  }
  return text;
}
