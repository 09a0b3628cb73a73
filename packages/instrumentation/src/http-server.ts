import type * as http from "node:http";
import { context as contextApi, type LoggerProvider, type MeterProvider } from "@opentelemetry/api";
import { InstrumentationBase, type InstrumentationConfig } from "@opentelemetry/instrumentation";
import { ATTR, EVENT } from "@vedette/semconv";
import { parseTrustedProxies, type TrustedProxies } from "./client-address.ts";
import { knownRequest, observeRequest, requestAttributes, type RequestState } from "./current-request.ts";
import type { RequestGuard } from "./guard/request-guard.ts";
import { warmUpInspection } from "./inspect/inspect-request.ts";
import { inspectAndReport } from "./inspect/request-report.ts";
import { setProcessPrivacy } from "./privacy.ts";
import { reporter as processReporter, type Reporter } from "./reporter.ts";
import { readSettings, type InspectionSettings, type Settings } from "./settings.ts";
import { createSecurity } from "./security.ts";
import { startServerSignals, type ServerSignals } from "./servers/server-signals.ts";
import { watchHttp2, type StreamArrival } from "./servers/http2-arrivals.ts";
import type { SentResponse } from "./servers/response-headers.ts";
import { watchHttp1, type Arrival } from "./servers/http1-arrivals.ts";
import { SCOPE_NAME, SCOPE_VERSION } from "./version.ts";

/** Configuration of {@link HttpServerSecurityInstrumentation}. */
export interface HttpServerSecurityConfig extends InstrumentationConfig {
  /** Default: read from the environment. */
  readonly settings?: Settings;
  /** Decides about requests; all pass when it is left out. */
  readonly guard?: RequestGuard | undefined;
  /** Default: the process's reporter. */
  readonly reporter?: Reporter;
}

/**
 * Instruments the servers of node:http, node:https and node:http2: inspects requests, reports refused ones, and applies the guard's decisions.
 * It needs no module hook, and works for servers that exist already.
 */
export class HttpServerSecurityInstrumentation extends InstrumentationBase<HttpServerSecurityConfig> {
  // `declare`: the base class enables itself in its constructor, and initialisers of fields would run after that.
  declare private active: boolean | undefined;
  declare private undo: (() => void) | undefined;
  declare private signals: ServerSignals | undefined;
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
    const { current } = this;
    if (current?.serverSignals === true)
      this.signals = this.quietly(() => startServerSignals(this.reporter(), createSecurity(this.reporter()), current));
    const finished = (request: http.IncomingMessage, response: SentResponse): void =>
      this.responseFinished(request, response);
    const error = (cause: unknown): void => this.reporter().error(cause);
    const watched = [
      watchHttp1({ arrive: (request, response) => this.arrive(request, response), finished, error }),
      watchHttp2({ arrive: (request) => this.arriveStream(request), finished, error }),
    ];
    this.undo = () => {
      for (const undo of watched) undo();
    };
  }

  override disable(): void {
    super.disable();
    if (this.active !== true) return;
    this.active = false;
    this.undo?.();
    this.undo = undefined;
    this.signals?.stop();
    this.signals = undefined;
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
  private responseFinished(request: http.IncomingMessage, response: SentResponse): void {
    const settings = this.current;
    const state = knownRequest(request);
    if (settings === undefined || state === undefined || state.blocked || state.observer !== this) return;
    this.quietly(() => this.signals?.answered(state, response));
    if (!settings.refusedStatuses.has(response.statusCode)) return;
    const attributes = { ...requestAttributes(state), [ATTR.httpResponseStatusCode]: response.statusCode };
    this.reporter().event(EVENT.requestRefused, "info", attributes, state.context);
  }

  /** Runs a part of ours that the others can do without: an exception in it is counted. */
  private quietly<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (cause) {
      this.reporter().error(cause);
      return undefined;
    }
  }

  private reporter(): Reporter {
    return this.getConfig().reporter ?? processReporter;
  }

  private readConfiguration(): void {
    const settings = this.getConfig().settings ?? readSettings(process.env).settings;
    this.current = settings;
    this.proxies = parseTrustedProxies(settings.trustedProxies, settings.forwardedHeader).proxies;
    setProcessPrivacy(settings);
    this.reporter().setEventsPerSecond(settings.eventsPerSecond);
    if (settings.inspection.enabled) this.quietly(warmUpInspection);
  }

  private arrive(request: http.IncomingMessage, response: http.ServerResponse | undefined): Arrival | undefined {
    // Known already: an application or another instance handed it on.
    if (this.proxies === undefined || knownRequest(request) !== undefined) return undefined;
    const state = observeRequest(request, this.proxies);
    state.context = contextApi.active();
    state.observer = this;
    const { guard } = this.getConfig();
    state.response = response;
    state.guard = guard;
    const verdict = guard?.judge(state);
    if (verdict?.kind === "tell") guard?.carryOut(state, verdict);
    return {
      state,
      answer:
        guard === undefined || verdict === undefined || verdict.kind === "tell"
          ? undefined
          : (target) => guard.carryOut(state, verdict, target),
      inspect: () => {
        state.context = contextApi.active();
        this.inspect(state);
        this.quietly(() => this.signals?.arrived(state));
      },
    };
  }

  private arriveStream(request: http.IncomingMessage): StreamArrival | undefined {
    if (this.proxies === undefined) return undefined;
    const state = observeRequest(request, this.proxies);
    state.context = contextApi.active();
    state.observer = this;
    const { guard } = this.getConfig();
    state.guard = guard;
    const verdict = guard?.judge(state);
    if (verdict?.kind === "tell") guard?.carryOut(state, verdict);
    const isStopped = guard !== undefined && verdict !== undefined && verdict.kind !== "tell";
    return {
      state,
      answer: isStopped
        ? () => {
            const answer = guard.answer(state, verdict);
            // A hook of the application has no response of HTTP/2 that it could write to.
            return answer === "answered" ? undefined : answer;
          }
        : undefined,
      inspect: () => {
        // The body of a stream is not tapped.
        this.inspect(state, { bodies: false });
        this.quietly(() => this.signals?.arrived(state));
      },
    };
  }

  private inspect(state: RequestState, replaced?: Partial<InspectionSettings>): void {
    const settings = this.current?.inspection;
    if (settings === undefined || !settings.enabled) return;
    inspectAndReport(state, replaced === undefined ? settings : { ...settings, ...replaced }, this.reporter());
  }
}
