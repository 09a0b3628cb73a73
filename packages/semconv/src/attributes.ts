/**
 * Attribute names. Names without the `vedette.` prefix are existing OpenTelemetry or ECS conventions, copied here so that
 * no incubating package is needed at run time.
 */
export const ATTR = {
  clientAddress: "client.address",
  clientPort: "client.port",
  enduserPseudoId: "enduser.pseudo.id",
  errorType: "error.type",
  /** ECS: success, failure or unknown. */
  eventOutcome: "event.outcome",
  genAiAgentName: "gen_ai.agent.name",
  genAiToolName: "gen_ai.tool.name",
  hostName: "host.name",
  httpRequestMethod: "http.request.method",
  httpResponseStatusCode: "http.response.status_code",
  httpRoute: "http.route",
  logRecordUid: "log.record.uid",
  networkPeerAddress: "network.peer.address",
  securityRuleLevel: "security_rule.level",
  securityRuleName: "security_rule.name",
  securityRuleUuid: "security_rule.uuid",
  serverAddress: "server.address",
  serviceName: "service.name",
  serviceVersion: "service.version",
  sessionId: "session.id",
  sessionPreviousId: "session.previous_id",
  urlPath: "url.path",
  urlQuery: "url.query",
  urlFull: "url.full",
  userAgentOriginal: "user_agent.original",
  userHash: "user.hash",
  userId: "user.id",
  userName: "user.name",
  userRoles: "user.roles",
  /** How somebody authenticated: password, token, mfa, oidc … */
  authMethod: "vedette.auth.method",
  /** Why it failed: bad_password, unknown_user, expired, bad_signature, locked … (low cardinality). */
  authFailureReason: "vedette.auth.failure.reason",
  /** Pseudonym of the account that somebody tried to open: of the name that was typed, else of its id. */
  authAccountHash: "vedette.auth.account.hash",
  /** What is weak about how people prove who they are: low_cost, short_salt, reused_salt, unsigned_token_accepted, algorithm_confusion_accepted. */
  authWeakness: "vedette.auth.weakness",
  /** Algorithm that a proof was verified with: bcrypt, argon2id, scrypt, HS256 … */
  authAlgorithm: "vedette.auth.algorithm",
  /** Parameters of that algorithm as they were used, e.g. `cost=4` or `m=4096,t=1,p=1`. */
  authParameters: "vedette.auth.parameters",
  /** Failed attempts on this account since its last success, as the application counts them; sent with a success. */
  authPriorFailures: "vedette.auth.prior.failures",
  /** True when the name that was typed is one of those that guessing tools try on every service (admin, root, test …). */
  authAccountCommon: "vedette.auth.account.common",
  /** `user.hash` under the coming key, while keys are changed. */
  userHashNext: "vedette.user.hash.next",
  /** `session.id` under the coming key, while keys are changed. */
  sessionIdNext: "vedette.session.id.next",
  /** Pseudonym of the API key that a request was made with. */
  apiKeyHash: "vedette.api_key.hash",
  /** What was to be done: an application's own name of the permission or operation. */
  action: "vedette.action",
  /** Class(es) of attack seen in a request: string array of {@link INDICATOR} values. */
  requestIndicators: "vedette.request.indicators",
  /** Where in the request: path, query, header, body (string array, same order as the indicators). */
  requestLocations: "vedette.request.locations",
  /** Names of the parameters or headers (string array, same order as the indicators). */
  requestParameters: "vedette.request.parameters",
  /** The first 256 characters of the value that matched, control characters escaped. */
  requestSample: "vedette.request.sample",
  /** Rule of the application that refused the input. */
  inputRule: "vedette.input.rule",
  /** Name of the field that was refused. */
  inputField: "vedette.input.field",
  /** What happened to a session: one of {@link SESSION_ACTIONS}. */
  sessionAction: "vedette.session.action",
  /** What is another about the client of a session: address, user_agent (string array). */
  sessionChanged: "vedette.session.changed",
  /** Number of records read or exported. */
  dataRecordCount: "vedette.data.record.count",
  /** Name of the data set. */
  dataSet: "vedette.data.set",
  /** Name of the honeytoken. */
  honeytokenName: "vedette.honeytoken.name",
  /** Name of the broken business rule. */
  businessRuleName: "vedette.business.rule.name",
  /** Where an outbound request that a user supplied pointed: metadata, loopback, private, public. */
  outboundAddressClass: "vedette.outbound.address.class",
  /** Tools that an agent declared it needs (string array). */
  agentDeclaredTools: "vedette.agent.declared.tools",
  /** Whether the tool called is in the declared scope. */
  agentToolInScope: "vedette.agent.tool.in_scope",
  /** Name of a security event, on metrics about events (on an event itself the name is the log record's EventName). */
  eventName: "vedette.event.name",
  /** How a request is out of the ordinary: one of {@link REQUEST_ANOMALIES}. */
  requestAnomaly: "vedette.request.anomaly",
  /** What shows it: a header's name, a parser's code, a limit (low cardinality). */
  requestAnomalyReason: "vedette.request.anomaly.reason",
  /** Weakness of an answer: one of {@link RESPONSE_WEAKNESSES}. */
  responseWeakness: "vedette.response.weakness",
  /** What is missing or too much: names of headers, a cookie's name and its missing flags (string array). */
  responseWeaknessSubjects: "vedette.response.weakness.subjects",
  /** How a service suffers: one of {@link SERVICE_DEGRADATIONS}. */
  serviceDegradation: "vedette.service.degradation",
  /** Seconds for which the event loop stood still. */
  serviceStallDuration: "vedette.service.stall.duration",
  /** Bytes by which the process's memory grew. */
  serviceMemoryGrowth: "vedette.service.memory.growth",
  /** Requests in service at that time: with more than one, the request named is the likeliest. */
  serviceActiveRequests: "vedette.service.active.requests",
  /** Limit that ended the inspection of a request early: bytes, parameters, findings, time, encoding. */
  inspectionLimit: "vedette.inspection.limit",
  /** Id of the guard's decision that stopped a request. */
  guardDecisionId: "vedette.guard.decision.id",
  /** What the guard did or, where it only watches, would have done: one of {@link GUARD_ACTIONS}, or fail_closed. */
  guardAction: "vedette.guard.action",
} as const;

/** An attribute name. */
export type AttributeName = (typeof ATTR)[keyof typeof ATTR];

/** Classes of attack that the request inspection tells apart (values of `vedette.request.indicators`). */
export const INDICATOR = {
  sqlInjection: "sql_injection",
  xss: "xss",
  pathTraversal: "path_traversal",
  commandInjection: "command_injection",
  /** Code of a server-side language: PHP, JavaScript, Java, Ruby, Perl. */
  codeInjection: "code_injection",
  /** Expressions of a template language that compute or reach objects. */
  templateInjection: "template_injection",
  /** Operators of a document database where a value is meant. */
  nosqlInjection: "nosql_injection",
  /** A URL that leads the server to itself, its neighbours or its cloud's metadata. */
  ssrf: "ssrf",
  /** A document type with entities of its own. */
  xxe: "xxe",
  /** Keys that reach the prototype of every object. */
  prototypePollution: "prototype_pollution",
  /** A lookup that Java's logging or naming would follow. */
  jndiLookup: "jndi_lookup",
  /** A serialised object that runs code when it is read. */
  unsafeDeserialization: "unsafe_deserialization",
  /** A line break followed by a header or a command of a mail protocol. */
  crlfInjection: "crlf_injection",
  scanner: "scanner",
} as const;

/** Values of `vedette.request.anomaly`. */
export const REQUEST_ANOMALIES = [
  "forced_browsing",
  "unusual_method",
  "method_override",
  "oversized",
  "malformed",
  "slow_request",
  "flood",
] as const;

/** One way in which a request is out of the ordinary. */
export type RequestAnomaly = (typeof REQUEST_ANOMALIES)[number];

/** Values of `vedette.response.weakness`. */
export const RESPONSE_WEAKNESSES = [
  "missing_security_header",
  "insecure_cookie",
  "permissive_cors",
  "missing_csrf_protection",
] as const;

/** One weakness of an answer. */
export type ResponseWeakness = (typeof RESPONSE_WEAKNESSES)[number];

/** Values of `vedette.service.degradation`. */
export const SERVICE_DEGRADATIONS = ["event_loop_stall", "memory_growth"] as const;

/** One way in which a service suffers. */
export type ServiceDegradation = (typeof SERVICE_DEGRADATIONS)[number];

/** One class of attack seen in a request. */
export type Indicator = (typeof INDICATOR)[keyof typeof INDICATOR];

/** Values of ECS `event.outcome`. */
export const OUTCOMES = ["success", "failure", "unknown"] as const;

/** How something ended. */
export type Outcome = (typeof OUTCOMES)[number];

/**
 * What happens to sessions. `invalid`: an id was presented that was never issued or has ended; `fixation`: a log-in kept the id that was known
 * before it; `client_changed`: another address or user agent than before; `concurrent`: used from two places at once; `hijack_suspected`: what the application takes for somebody else's hand.
 */
export const SESSION_ACTIONS = [
  "created",
  "renewed",
  "revoked",
  "expired",
  "invalid",
  "fixation",
  "client_changed",
  "concurrent",
  "hijack_suspected",
] as const;

/** One thing that happens to a session. */
export type SessionAction = (typeof SESSION_ACTIONS)[number];
