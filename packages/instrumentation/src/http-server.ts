import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { EventEmitter } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { Duplex } from "node:stream";
import {
  context as contextApi,
  trace,
  type Attributes,
  type LoggerProvider,
  type MeterProvider,
} from "@opentelemetry/api";
import { InstrumentationBase, type InstrumentationConfig } from "@opentelemetry/instrumentation";
import { ATTR, EVENT } from "@vedette/semconv";
import { answerBlockedRequest, answerBlockedSocket } from "./blocked-answer.ts";
import { parseTrustedProxies, type TrustedProxies } from "./client-address.ts";
import {
  currentRequest,
  knownRequest,
  observeRequest,
  requestAttributes,
  type RequestState,
} from "./current-request.ts";
import type { GuardDecisions } from "./guard/decisions.ts";
import { inspectRequest, warmUpInspection } from "./inspect/inspect-request.ts";
import { sampleOf } from "./redaction.ts";
import { reporter as processReporter, type Reporter } from "./reporter.ts";
import { readSettings, type Settings } from "./settings.ts";
import { SCOPE_NAME, SCOPE_VERSION } from "./version.ts";

/** Configuration of {@link HttpServerSecurityInstrumentation}. */
export interface HttpServerSecurityConfig extends InstrumentationConfig {
  /** Default: read from the environment. */
  readonly settings?: Settings;
  /** Decisions to enforce; none are when left out. */
  readonly decisions?: GuardDecisions;
  /** Default: the process's reporter. */
  readonly reporter?: Reporter;
}

const RESPONSE_FINISH = "http.server.response.finish";
const FASTIFY_HANDLER_START = "tracing:fastify.request.handler:start";

/** Server events that carry a request; the second argument is a response or, for the last two, the socket. */
const REQUEST_EVENTS: ReadonlySet<unknown> = new Set([
  "request",
  "checkContinue",
  "checkExpectation",
  "upgrade",
  "connect",
]);

type Emit = (this: EventEmitter, event: string | symbol, ...args: unknown[]) => boolean;

/**
 * Instruments the servers of node:http and node:https: inspects requests, reports refused ones, and applies the guard's decisions.
 * It wraps `Server.prototype.emit`, so that it needs no module hook and works for servers that exist already.
 */
export class HttpServerSecurityInstrumentation extends InstrumentationBase<HttpServerSecurityConfig> {
  // `declare`: the base class enables itself in its constructor, and initialisers of fields would run after that.
  declare private active: boolean | undefined;
  declare private undo: (() => void)[] | undefined;
  declare private proxies: TrustedProxies | undefined;
  declare private current: Settings | undefined;

  constructor(config: HttpServerSecurityConfig = {}) {
    super(SCOPE_NAME, SCOPE_VERSION, config);
  }

  protected override init(): void {}

  override enable(): void {
    super.enable();
    if (this.active === true) return;
    this.active = true;
    this.readConfiguration();
    this.undo ??= [wrapEmit(http.Server.prototype, this.serve), wrapEmit(https.Server.prototype, this.serve)];
    subscribe(RESPONSE_FINISH, onResponseFinish(this));
    subscribe(FASTIFY_HANDLER_START, onFastifyHandler);
  }

  override disable(): void {
    super.disable();
    if (this.active !== true) return;
    this.active = false;
    unsubscribe(RESPONSE_FINISH, onResponseFinish(this));
    unsubscribe(FASTIFY_HANDLER_START, onFastifyHandler);
    for (const undo of this.undo ?? []) undo();
    this.undo = undefined;
  }

  override setConfig(config: HttpServerSecurityConfig): void {
    super.setConfig(config);
    if (this.active === true) this.readConfiguration();
  }

  override setMeterProvider(provider: MeterProvider): void {
    super.setMeterProvider(provider);
    this.reporter().setMeterProvider(provider);
  }

  override setLoggerProvider(provider: LoggerProvider): void {
    super.setLoggerProvider(provider);
    this.reporter().setLoggerProvider(provider);
  }

  /** Reports an answer that the application gave; called for every response that was finished. */
  responseFinished(request: http.IncomingMessage, response: http.ServerResponse): void {
    if (this.active !== true) return;
    const settings = this.current;
    if (settings === undefined || !settings.refusedStatuses.has(response.statusCode)) return;
    const state = knownRequest(request);
    if (state === undefined || state.blocked) return;
    const attributes = { ...requestAttributes(state), [ATTR.httpResponseStatusCode]: response.statusCode };
    this.reporter().event(EVENT.requestRefused, "info", attributes, state.context);
  }

  private reporter(): Reporter {
    return this.getConfig().reporter ?? processReporter;
  }

  private readConfiguration(): void {
    const settings = this.getConfig().settings ?? readSettings(process.env).settings;
    this.current = settings;
    this.proxies = parseTrustedProxies(settings.trustedProxies).proxies;
    this.reporter().setEventsPerSecond(settings.eventsPerSecond);
    if (settings.inspection.enabled) warmUpInspection();
  }

  /** What happens around each event of a server; a getter, because no field may be initialised (see above). */
  private get serve(): (server: EventEmitter, original: Emit, args: unknown[]) => boolean {
    return (server, original, args) => {
      const [event, request, target] = args as [string, http.IncomingMessage, http.ServerResponse | Duplex];
      let state: RequestState | undefined;
      let captureInside = false;
      try {
        // Known already: an application or another instance handed it on.
        if (this.active !== true || knownRequest(request) !== undefined || this.proxies === undefined)
          return original.apply(server, args as never);
        state = observeRequest(request, this.proxies);
        state.context = contextApi.active();
        const decision = this.getConfig().decisions?.match(state.clientAddress);
        if (decision !== undefined) {
          state.blocked = true;
          if (target instanceof http.ServerResponse) answerBlockedRequest(request, target);
          else answerBlockedSocket(target);
          this.reporter().count("guardBlocked");
          this.reporter().event(
            EVENT.guardBlocked,
            "warn",
            { ...requestAttributes(state), [ATTR.guardDecisionId]: decision.id, [ATTR.httpResponseStatusCode]: 403 },
            state.context,
          );
          return true;
        }
        // Another instrumentation that wrapped below us starts its span inside: look once more when the application is reached.
        captureInside = event === "request" && trace.getSpan(state.context) === undefined && isWrappedBelow(original);
      } catch (cause) {
        this.reporter().error(cause);
        if (state?.blocked === true) return true;
      }
      if (state === undefined) return original.apply(server, args as never);
      const observed = state;
      return currentRequest.run(observed, () => {
        if (!captureInside) {
          this.inspect(observed);
          return original.apply(server, args as never);
        }
        const capture = (seen: unknown): void => {
          if (seen === request) observed.context = contextApi.active();
          this.inspect(observed);
        };
        server.prependOnceListener("request", capture);
        try {
          return original.apply(server, args as never);
        } finally {
          server.removeListener("request", capture);
        }
      });
    };
  }

  private inspect(state: RequestState): void {
    const settings = this.current?.inspection;
    if (settings === undefined || !settings.enabled) return;
    const reporter = this.reporter();
    try {
      const start = performance.now();
      const { findings, truncatedBy } = inspectRequest(state.path, state.query, state.request.headers, settings);
      reporter.inspectionDuration((performance.now() - start) / 1000);
      if (truncatedBy !== undefined) reporter.count("inspectionsTruncated", { [ATTR.inspectionLimit]: truncatedBy });
      const first = findings[0];
      if (first === undefined) return;
      for (const indicator of new Set(findings.map((finding) => finding.indicator))) {
        reporter.count("suspiciousRequests", { [ATTR.requestIndicators]: indicator });
      }
      const attributes: Attributes = {
        ...requestAttributes(state),
        [ATTR.requestIndicators]: findings.map((finding) => finding.indicator),
        [ATTR.requestLocations]: findings.map((finding) => finding.location),
        [ATTR.requestParameters]: findings.map((finding) => sampleOf(finding.parameter)),
        [ATTR.requestSample]: first.secret ? "REDACTED" : sampleOf(first.value),
      };
      reporter.event(EVENT.requestSuspicious, "warn", attributes, state.context);
    } catch (cause) {
      reporter.error(cause);
    }
  }
}

type FinishListener = (message: unknown) => void;
const finishListeners = new WeakMap<HttpServerSecurityInstrumentation, FinishListener>();

function onResponseFinish(instrumentation: HttpServerSecurityInstrumentation): FinishListener {
  const known = finishListeners.get(instrumentation);
  if (known !== undefined) return known;
  const listener: FinishListener = (message) => {
    try {
      const { request, response } = message as { request: http.IncomingMessage; response: http.ServerResponse };
      instrumentation.responseFinished(request, response);
    } catch (cause) {
      processReporter.error(cause);
    }
  };
  finishListeners.set(instrumentation, listener);
  return listener;
}

/** fastify (5 and later) tells the route on its own diagnostics channel. */
function onFastifyHandler(message: unknown): void {
  const { request, route } = message as { request?: { raw?: object }; route?: { url?: unknown } };
  const state = request?.raw === undefined ? undefined : knownRequest(request.raw);
  if (state !== undefined && typeof route?.url === "string") state.route = route.url;
}

const wrappers = new WeakSet<object>();

/**
 * Puts a function of ours in the place of a prototype's `emit`.
 *
 * It carries none of the marks by which OpenTelemetry's wrapping recognises its own: a later wrap would take it off again.
 */
function wrapEmit(
  prototype: object,
  serve: (server: EventEmitter, original: Emit, args: unknown[]) => boolean,
): () => void {
  const own = Object.getOwnPropertyDescriptor(prototype, "emit");
  const original = (prototype as { emit: Emit }).emit;
  let active = true;
  const wrapper: Emit = function emit(...args) {
    return active && REQUEST_EVENTS.has(args[0]) ? serve(this, original, args) : original.apply(this, args);
  };
  wrappers.add(wrapper);
  Object.defineProperty(prototype, "emit", {
    value: wrapper,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    active = false;
    // Somebody wrapped on top of us: taking ours out would take theirs along.
    if ((prototype as { emit: Emit }).emit !== wrapper) return;
    if (own === undefined) Reflect.deleteProperty(prototype, "emit");
    else Object.defineProperty(prototype, "emit", own);
  };
}

/** True when what lies below is neither node's own `emit` nor a wrapper of ours. */
function isWrappedBelow(original: object): boolean {
  return "__original" in original && !wrappers.has(original);
}
