import { ATTR, EVENT, INDICATOR, type AttributeName, type EventName, type MetricDefinition } from "@vedette/semconv";
import { INSTRUMENTATION_METRICS } from "@vedette/semconv";
import type { Security } from "../security.ts";

/** Values of attributes that an event has when it stands for a detection point. */
export type Telling = Readonly<Partial<Record<AttributeName, string | number | boolean>>>;

/** How a detection point is covered. */
export type Coverage =
  /** Without a line in the application, where the library that `by` names is used. */
  | { readonly how: "automatic"; readonly event: EventName; readonly where?: Telling; readonly by?: string }
  /** By a call of the application. */
  | { readonly how: "manual"; readonly call: keyof Security; readonly event: EventName; readonly where?: string }
  /** By a rule of the worker over events like those above. */
  | { readonly how: "rule"; readonly title: string }
  /** By a number that a rule of Prometheus can watch. */
  | { readonly how: "metric"; readonly metric: MetricDefinition; readonly where?: Telling };

/** One of AppSensor's detection points, and where it is found here. */
export interface DetectionPoint {
  readonly id: string;
  /** What happens, in few words. */
  readonly what: string;
  readonly covered: readonly Coverage[];
  /** Why it is not covered, or what of it is not. */
  readonly not?: string;
}

const automatic = (event: EventName, where?: Telling, by?: string): Coverage => ({
  how: "automatic",
  event,
  ...(where === undefined ? {} : { where }),
  ...(by === undefined ? {} : { by }),
});
const manual = (call: keyof Security, event: EventName, where?: string): Coverage => ({
  how: "manual",
  call,
  event,
  ...(where === undefined ? {} : { where }),
});
const rule = (title: string): Coverage => ({ how: "rule", title });
const refused = (status: number): Coverage =>
  automatic(EVENT.requestRefused, { [ATTR.httpResponseStatusCode]: status });
const anomaly = (kind: string): Coverage => automatic(EVENT.requestAnomaly, { [ATTR.requestAnomaly]: kind });
const suspicious = (indicator: string): Coverage =>
  automatic(EVENT.requestSuspicious, { [ATTR.requestIndicators]: indicator });
const session = (action: string, changed?: string): Coverage =>
  automatic(
    EVENT.session,
    { [ATTR.sessionAction]: action, ...(changed === undefined ? {} : { [ATTR.sessionChanged]: changed }) },
    "express-session, @fastify/session",
  );
const rejected = (reason: string): Coverage => manual("inputRejected", EVENT.inputRejected, reason);
const failed = (reason?: string): Coverage =>
  automatic(
    EVENT.authentication,
    { [ATTR.eventOutcome]: "failure", ...(reason === undefined ? {} : { [ATTR.authFailureReason]: reason }) },
    "passport",
  );
const failedByCall = manual("authentication", EVENT.authentication, "`outcome: failure`");

const DENIED = manual("authorization", EVENT.authorizationDenied, "`denied: true`");
const PROBING = rule("A user probes for rights");

/** The categories of AppSensor's detection points. */
export const CATEGORIES: Readonly<Record<string, string>> = {
  RE: "request",
  AE: "authentication",
  SE: "session",
  ACE: "access control",
  IE: "input",
  EE: "encoding",
  CIE: "command injection",
  FIO: "file input and output",
  HT: "honey trap",
  UT: "user trend",
  ST: "system trend",
  RP: "reputation",
};

/** Every detection point of OWASP AppSensor (version 2 of its guide), in its order; what each is about is said in words of ours. */
export const DETECTION_POINTS: readonly DetectionPoint[] = [
  { id: "RE1", what: "a method that is none of the web's ordinary ones", covered: [anomaly("unusual_method")] },
  { id: "RE2", what: "a method that the page does not take", covered: [refused(405), anomaly("method_override")] },
  { id: "RE3", what: "GET where the page takes POST", covered: [refused(405)] },
  { id: "RE4", what: "POST where the page takes GET", covered: [refused(405)] },
  {
    id: "RE5",
    what: "more fields than the form has, or one twice",
    covered: [rejected("`rule: unexpected_field`")],
    not: "which fields belong to a request is known to its schema alone",
  },
  {
    id: "RE6",
    what: "a field of the form is missing",
    covered: [rejected("`rule: missing_field`")],
    not: "as RE5",
  },
  {
    id: "RE7",
    what: "more characters than anybody sends",
    covered: [anomaly("oversized"), rejected("`rule: length`")],
  },
  {
    id: "RE8",
    what: "characters that do not belong there",
    covered: [anomaly("malformed"), rejected("`rule: characters`")],
  },
  {
    id: "AE1",
    what: "one client tries many user names",
    covered: [failed(), failedByCall, rule("Credential stuffing from one address")],
  },
  {
    id: "AE2",
    what: "many wrong passwords for one user",
    covered: [
      failed("bad_password"),
      failedByCall,
      rule("Password guessing against one account"),
      rule("Log-in succeeds after many failures"),
      rule("Log-in succeeds after guessing"),
    ],
  },
  {
    id: "AE3",
    what: "log-ins come faster than people type",
    covered: [
      automatic(EVENT.rateLimited, undefined, "express-rate-limit, @fastify/rate-limit"),
      manual("rateLimited", EVENT.rateLimited),
      rule("A client ignores the rate limit"),
    ],
  },
  { id: "AE4", what: "a user name of odd length", covered: [rejected("`field: name`")] },
  { id: "AE5", what: "a password of odd length", covered: [rejected("`field: password`")] },
  {
    id: "AE6",
    what: "a user name of odd characters",
    covered: [suspicious(INDICATOR.sqlInjection), rejected("`field: name`")],
  },
  { id: "AE7", what: "a password of odd characters", covered: [rejected("`field: password`")] },
  { id: "AE8", what: "a user name and no password", covered: [failed("missing_credentials"), failedByCall] },
  { id: "AE9", what: "a password and no user name", covered: [failed("missing_credentials"), failedByCall] },
  {
    id: "AE10",
    what: "the log-in form has more fields",
    covered: [rejected("`rule: unexpected_field`")],
    not: "as RE5",
  },
  { id: "AE11", what: "the log-in form has fewer fields", covered: [rejected("`rule: missing_field`")], not: "as RE5" },
  {
    id: "AE12",
    what: "user names that are tried everywhere (admin, test)",
    covered: [
      automatic(EVENT.authentication, { [ATTR.authAccountCommon]: true }, "passport"),
      manual("authentication", EVENT.authentication, "`userName`"),
    ],
  },
  {
    id: "AE13",
    what: "a log-in from where the user never is",
    covered: [],
    not: "nobody looks up where an address is; it goes out with the event for whoever does",
  },
  {
    id: "SE1",
    what: "a cookie or token of the application was changed",
    covered: [
      session("invalid"),
      automatic(
        EVENT.authentication,
        { [ATTR.eventOutcome]: "failure", [ATTR.authFailureReason]: "bad_signature" },
        "jsonwebtoken, jose",
      ),
      rule("Session tokens are guessed or forged"),
      rule("Forged token presented"),
    ],
  },
  {
    id: "SE2",
    what: "a cookie that the application never set",
    covered: [suspicious(INDICATOR.xss)],
    not: "a cookie by itself says nothing: other services of the domain and browser extensions set them too; attacks in any cookie are seen",
  },
  {
    id: "SE3",
    what: "a cookie of the application is gone",
    covered: [],
    not: "browsers and their owners delete cookies as they like",
  },
  {
    id: "SE4",
    what: "somebody else's session is used",
    covered: [
      session("concurrent"),
      manual("sessionEvent", EVENT.session, "`action: hijack_suspected`"),
      rule("One session in two hands"),
      rule("Session taken over, says the application"),
    ],
  },
  { id: "SE5", what: "the address changes within a session", covered: [session("client_changed", "address")] },
  { id: "SE6", what: "the browser changes within a session", covered: [session("client_changed", "user_agent")] },
  { id: "ACE1", what: "somebody else's record by its id in a URL", covered: [refused(403), DENIED, PROBING] },
  { id: "ACE2", what: "somebody else's record by its id in a form", covered: [refused(403), DENIED, PROBING] },
  {
    id: "ACE3",
    what: "pages that nothing links to",
    covered: [anomaly("forced_browsing"), refused(404), rule("Forced browsing from one address")],
  },
  { id: "ACE4", what: "an operation that the pages do not offer", covered: [refused(403), DENIED, PROBING] },
  {
    id: "IE1",
    what: "cross-site scripting",
    covered: [suspicious(INDICATOR.xss), rule("Cross-site scripting attempt")],
  },
  { id: "IE2", what: "a value outside what is allowed", covered: [rejected("")] },
  {
    id: "IE3",
    what: "a value that is known to be bad",
    covered: [suspicious(INDICATOR.pathTraversal), rule("One address keeps probing for weaknesses")],
  },
  {
    id: "IE4",
    what: "a value that the page had fixed was changed",
    covered: [
      manual("businessRule", EVENT.businessRule, "`rule: price_mismatch`"),
      rule("Business rules are tried out"),
    ],
  },
  {
    id: "IE5",
    what: "stored data contradicts itself",
    covered: [manual("businessRule", EVENT.businessRule)],
    not: "what fits together is known to the application alone",
  },
  {
    id: "IE6",
    what: "a log is written into or cut",
    covered: [suspicious(INDICATOR.crlfInjection)],
    not: "the worker's own trail shows a cut by `vedette audit verify`; log files of others are not watched",
  },
  {
    id: "IE7",
    what: "an answer of another form than usual",
    covered: [],
    not: "bodies of answers are not read",
  },
  {
    id: "EE1",
    what: "characters encoded twice",
    covered: [suspicious(INDICATOR.sqlInjection)],
    not: "encoding twice is what links in links look like; only what attacks behind it is told",
  },
  { id: "EE2", what: "an encoding that nobody needs", covered: [suspicious(INDICATOR.pathTraversal)], not: "as EE1" },
  {
    id: "CIE1",
    what: "SQL injection",
    covered: [suspicious(INDICATOR.sqlInjection), rule("SQL injection attempt")],
  },
  {
    id: "CIE2",
    what: "a query returns more records than it should",
    covered: [manual("dataAccess", EVENT.dataAccess, "`recordCount`"), rule("Mass data export")],
  },
  { id: "CIE3", what: "a null byte in the name of a file", covered: [suspicious(INDICATOR.pathTraversal)] },
  { id: "CIE4", what: "a line break in the name of a file", covered: [suspicious(INDICATOR.crlfInjection)] },
  { id: "FIO1", what: "a file that is too large", covered: [anomaly("oversized"), rejected("`rule: file_size`")] },
  {
    id: "FIO2",
    what: "too many files",
    covered: [manual("rateLimited", EVENT.rateLimited, "`action: upload`")],
    not: "files of one user are counted by the application",
  },
  {
    id: "HT1",
    what: "bait in a page was changed",
    covered: [manual("honeytoken", EVENT.honeytoken), rule("Honeytoken touched")],
  },
  {
    id: "HT2",
    what: "a page that is bait was asked for",
    covered: [manual("honeytoken", EVENT.honeytoken), rule("Honeytoken touched")],
  },
  {
    id: "HT3",
    what: "data that is bait was used",
    covered: [manual("honeytoken", EVENT.honeytoken), rule("Honeytoken touched")],
  },
  {
    id: "UT1",
    what: "a user skips steps or takes them out of order",
    covered: [manual("businessRule", EVENT.businessRule, "`rule: step_skipped`")],
  },
  { id: "UT2", what: "a user is faster than people are", covered: [anomaly("flood")] },
  {
    id: "UT3",
    what: "a user comes more or less often than usual",
    covered: [],
    not: "what is usual for somebody is for behaviour profiles, which the worker does not have yet",
  },
  {
    id: "UT4",
    what: "a user does one thing too often",
    covered: [
      automatic(EVENT.rateLimited, undefined, "express-rate-limit, @fastify/rate-limit"),
      manual("rateLimited", EVENT.rateLimited),
    ],
  },
  {
    id: "ST1",
    what: "many log-outs at once",
    covered: [
      { how: "metric", metric: INSTRUMENTATION_METRICS.sessionEvents, where: { [ATTR.sessionAction]: "revoked" } },
    ],
  },
  {
    id: "ST2",
    what: "many log-ins at once",
    covered: [
      {
        how: "metric",
        metric: INSTRUMENTATION_METRICS.authenticationAttempts,
        where: { [ATTR.eventOutcome]: "success" },
      },
    ],
  },
  {
    id: "ST3",
    what: "everybody suddenly does the same",
    covered: [{ how: "metric", metric: INSTRUMENTATION_METRICS.eventsEmitted }],
    not: "of ordinary requests OpenTelemetry's `http.server.request.duration` tells it by route",
  },
  {
    id: "RP1",
    what: "a client from where nobody should come",
    covered: [automatic(EVENT.guardBlocked)],
    not: "which addresses those are is decided in the worker; there is no lookup of countries",
  },
  {
    id: "RP2",
    what: "other systems warn of a client",
    covered: [],
    not: "alerts of other systems are joined by address in the worker, not here",
  },
  {
    id: "RP3",
    what: "scripts or extensions meddle with the page in the browser",
    covered: [],
    not: "nothing of ours runs in browsers",
  },
  { id: "RP4", what: "the level of threat changes", covered: [automatic(EVENT.guardBlocked)] },
];

const code = (text: string): string => `\`${text}\``;

function cellOf(coverage: Coverage): string {
  if (coverage.how === "rule") return `rule “${coverage.title}”`;
  if (coverage.how === "manual")
    return `call ${code(`security.${coverage.call}`)}${coverage.where === undefined || coverage.where === "" ? "" : ` with ${coverage.where}`}`;
  const where = Object.entries(coverage.where ?? {}).map(([name, value]) => `${code(name)} ${code(String(value))}`);
  const told = where.length === 0 ? "" : ` with ${where.join(", ")}`;
  if (coverage.how === "metric") return `metric ${code(coverage.metric.name)}${told}`;
  return `${code(coverage.event)}${told}${coverage.by === undefined ? "" : ` (${coverage.by})`}`;
}

/** The rows of the README's table: id, what, without a line of code, with one, in the worker, and what is not. */
export function detectionPointRows(): readonly (readonly string[])[] {
  return DETECTION_POINTS.map(({ id, what, covered, not }) => {
    const cells = (...hows: readonly Coverage["how"][]): string =>
      covered
        .filter(({ how }) => hows.includes(how))
        .map(cellOf)
        .join("; ");
    return [id, what, cells("automatic"), cells("manual"), cells("rule", "metric"), not ?? ""];
  });
}
