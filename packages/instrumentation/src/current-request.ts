import { AsyncLocalStorage } from "node:async_hooks";
import type { IncomingMessage, ServerResponse } from "node:http";
import { ROOT_CONTEXT, type Attributes, type Context } from "@opentelemetry/api";
import { ATTR, type Indicator } from "@vedette/semconv";
import { clientAddress, normaliseAddress, type TrustedProxies } from "./client-address.ts";
import { processPrivacy } from "./privacy.ts";
import { redactPath, redactQuery, redactUserAgent } from "./redaction.ts";

/** Who sends a request, in clear: compared in this process, never emitted as it stands. */
export interface RequestIdentity {
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  readonly userRoles?: readonly string[] | undefined;
  readonly sessionId?: string | undefined;
  readonly apiKey?: string | undefined;
}

/** What routers told about one request. */
export interface Routing {
  /** Patterns of the places where nested routers are mounted, by what the request's path has there. */
  readonly mounts: Map<string, string>;
  /** Names and values of path parameters that were inspected. */
  readonly inspected: Set<string>;
}

/** What is known about one request while it is served. */
export interface RequestState {
  readonly request: IncomingMessage;
  /** Address that the guard and the events speak of. */
  readonly clientAddress: string | undefined;
  readonly peerAddress: string | undefined;
  /** Raw path, without query. */
  readonly path: string;
  /** Raw query string, without `?`; undefined when there is none. */
  readonly query: string | undefined;
  /** OTel context of the request: the server span where there is one. */
  context: Context;
  /** Route pattern, as soon as a framework or the application told it. */
  route: string | undefined;
  /** What routers of the application did with it; undefined while none looked at it. */
  routing: Routing | undefined;
  /** Classes of attack that its path showed. */
  pathIndicators: readonly Indicator[];
  /** As far as an instrumentation or the application found out. */
  identity: RequestIdentity;
  /** True once the guard answered it, so that its 403 is not reported as the application's. */
  blocked: boolean;
  /** Where its answer goes; undefined where it asks for an upgrade or is no request of HTTP/1. */
  response: ServerResponse | undefined;
  /** The instrumentation that saw it arrive, and that alone tells how it was answered. */
  observer: object | undefined;
  /** Who wants to know once more is known about who sends it. */
  guard: IdentityListener | undefined;
}

/** Is told about who sends requests, and may answer them then. */
export interface IdentityListener {
  identified(state: RequestState): void;
  /** @returns True when the request was answered: it is not to be handed on. */
  checkAgain(state: RequestState): boolean;
}

/** The request that the running code serves. */
export const currentRequest = new AsyncLocalStorage<RequestState>();

/** Hands back what it is given, so that a class that extends it puts its private field on that. */
const Identity = function (object: object): object {
  return object;
} as unknown as new (object: object) => object;

/** Keeps the state on the request itself, where nobody else can see it; a WeakMap of as many entries costs the collector much more. */
class Stamp extends Identity {
  #state: RequestState;

  constructor(request: object, state: RequestState) {
    super(request);
    this.#state = state;
  }

  static read(request: object): RequestState | undefined {
    return #state in request ? request.#state : undefined;
  }
}

/** The state of a request that was seen before. */
export function knownRequest(request: object): RequestState | undefined {
  const state = Stamp.read(request);
  if (state !== undefined || !("stream" in request)) return state;
  // A request of node:http2's compatible API is made after its stream is known.
  const { stream } = request;
  return typeof stream === "object" && stream !== null ? Stamp.read(stream) : undefined;
}

/** Has a request found by another object as well, such as its stream. */
export function alsoKnownAs(state: RequestState, object: object): void {
  if (Stamp.read(object) === undefined) void new Stamp(object, state);
}

/** Makes and remembers the state of a request. */
export function observeRequest(request: IncomingMessage, proxies: TrustedProxies): RequestState {
  const url = request.url ?? "";
  const mark = url.indexOf("?");
  const remote = request.socket.remoteAddress;
  const peerAddress = remote === undefined ? undefined : normaliseAddress(remote);
  const forwarded = request.headers[proxies.header];
  const state: RequestState = {
    request,
    peerAddress,
    clientAddress:
      peerAddress === undefined
        ? undefined
        : clientAddress(peerAddress, Array.isArray(forwarded) ? forwarded.join(",") : forwarded, proxies),
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? undefined : url.slice(mark + 1),
    context: ROOT_CONTEXT,
    route: undefined,
    routing: undefined,
    pathIndicators: [],
    identity: {},
    blocked: false,
    response: undefined,
    observer: undefined,
    guard: undefined,
  };
  void new Stamp(request, state);
  return state;
}

/** Adds what was found out about who sends a request; where it names another user than before, nothing of the one before stays. */
export function identify(state: RequestState, identity: RequestIdentity): void {
  const { userId, userName, userRoles, sessionId, apiKey } = state.identity;
  const differs = (now: string | undefined, before: string | undefined): boolean =>
    now !== undefined && before !== undefined && now !== before;
  const another =
    differs(identity.userId, userId) || (identity.userId === undefined && differs(identity.userName, userName));
  state.identity = {
    userId: identity.userId ?? (another ? undefined : userId),
    userName: identity.userName ?? (another ? undefined : userName),
    userRoles: identity.userRoles ?? (another ? undefined : userRoles),
    sessionId: identity.sessionId ?? sessionId,
    apiKey: identity.apiKey ?? apiKey,
  };
  state.guard?.identified(state);
}

/**
 * Adds what was found out about who sends a request before the application's handler runs, and has the guard decide by it.
 *
 * @returns True when the guard has answered the request: whoever asks must not hand it on.
 */
export function identifyAndCheck(state: RequestState, identity: RequestIdentity): boolean {
  identify(state, identity);
  return state.guard?.checkAgain(state) ?? false;
}

/**
 * The attributes that every event about a request carries.
 *
 * @param person Who the event is about: whoever sends the request, unless it says somebody else.
 */
export function requestAttributes(state: RequestState, person: RequestIdentity = state.identity): Attributes {
  const route = routeOf(state);
  const attributes: Attributes = {
    [ATTR.httpRequestMethod]: state.request.method ?? "GET",
    [ATTR.urlPath]: requestText(state, redactPath(state.path, route)),
  };
  const privacy = processPrivacy();
  if (state.clientAddress !== undefined) attributes[ATTR.clientAddress] = privacy.address(state.clientAddress);
  if (state.peerAddress !== undefined) attributes[ATTR.networkPeerAddress] = privacy.address(state.peerAddress);
  if (route !== undefined) attributes[ATTR.httpRoute] = route;
  if (state.query !== undefined && state.query !== "")
    attributes[ATTR.urlQuery] = requestText(state, redactQuery(state.query));
  const userAgent = state.request.headers["user-agent"];
  if (userAgent !== undefined) attributes[ATTR.userAgentOriginal] = redactUserAgent(userAgent);
  return Object.assign(attributes, privacy.person(person));
}

/** A text of a request as it is emitted: where addresses go out truncated, the client's stands in no text whole either. */
export function requestText(state: RequestState, text: string): string {
  const privacy = processPrivacy();
  let emitted = text;
  for (const address of new Set([state.clientAddress, state.peerAddress])) {
    if (address === undefined) continue;
    const network = privacy.address(address);
    if (network !== address) emitted = emitted.replaceAll(address, network);
  }
  return emitted;
}

// The key under which @opentelemetry/core keeps what framework instrumentations found out about a request.
const RPC_METADATA = Symbol.for("OpenTelemetry SDK Context Key RPC_METADATA");

/** The route: told by the application or fastify, by an OpenTelemetry framework instrumentation, or left on the request by express. */
export function routeOf(state: RequestState): string | undefined {
  if (state.route !== undefined) return state.route;
  const metadata = state.context.getValue(RPC_METADATA);
  if (typeof metadata === "object" && metadata !== null && "route" in metadata && typeof metadata.route === "string")
    return metadata.route;
  return routeOfExpress(state);
}

/** Express leaves the route of the innermost router on the request, and in `baseUrl` what of the path the routers around it took. */
function routeOfExpress(state: RequestState): string | undefined {
  const request: { route?: { path?: unknown }; baseUrl?: unknown } = state.request as object;
  const base = typeof request.baseUrl === "string" ? request.baseUrl : "";
  const mount = state.routing?.mounts.get(base) ?? base;
  const path = request.route?.path;
  if (path === undefined) return mount === "" ? undefined : mount;
  const pattern = Array.isArray(path) ? path.map(String).join(",") : String(path);
  return pattern === "/" && mount !== "" ? mount : `${mount}${pattern}`;
}
