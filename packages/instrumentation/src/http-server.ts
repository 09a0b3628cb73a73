import type * as http from "node:http";
import { context as contextApi, type Attributes, type LoggerProvider, type MeterProvider } from "@opentelemetry/api";
import { InstrumentationBase, type InstrumentationConfig } from "@opentelemetry/instrumentation";
import { ATTR, EVENT } from "@vedette/semconv";
import { parseTrustedProxies, type TrustedProxies } from "./client-address.ts";
import { knownRequest, observeRequest, requestAttributes, type RequestState } from "./current-request.ts";
import type { RequestGuard } from "./guard/request-guard.ts";
import { inspectRequest, warmUpInspection } from "./inspect/inspect-request.ts";
import { setProcessPrivacy } from "./privacy.ts";
import { sampleOf } from "./redaction.ts";
import { reporter as processReporter, type Reporter } from "./reporter.ts";
import { readSettings, type Settings } from "./settings.ts";
import { createSecurity } from "./security.ts";
import { startServerSignals, type ServerSignals } from "./servers/server-signals.ts";
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
 * Instruments the servers of node:http and node:https: inspects requests, reports refused ones, and applies the guard's decisions.
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
    if (this.current?.serverSignals === true) {
      this.signals = startServerSignals(this.reporter(), createSecurity(this.reporter()), this.current);
    }
    this.undo = watchHttp1({
      arrive: (request, response) => this.arrive(request, response),
      finished: (request, response) => this.responseFinished(request, response),
      error: (cause) => this.reporter().error(cause),
    });
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
  private responseFinished(request: http.IncomingMessage, response: http.ServerResponse): void {
    const settings = this.current;
    const state = knownRequest(request);
    if (settings === undefined || state === undefined || state.blocked) return;
    this.signals?.answered(state, response);
    if (!settings.refusedStatuses.has(response.statusCode)) return;
    const attributes = { ...requestAttributes(state), [ATTR.httpResponseStatusCode]: response.statusCode };
    this.reporter().event(EVENT.requestRefused, "info", attributes, state.context);
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
    if (settings.inspection.enabled) warmUpInspection();
  }

  private arrive(request: http.IncomingMessage, response: http.ServerResponse | undefined): Arrival | undefined {
    // Known already: an application or another instance handed it on.
    if (this.proxies === undefined || knownRequest(request) !== undefined) return undefined;
    const state = observeRequest(request, this.proxies);
    state.context = contextApi.active();
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
        try {
          this.signals?.arrived(state);
        } catch (cause) {
          this.reporter().error(cause);
        }
      },
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
      state.pathIndicators = findings.filter(({ location }) => location === "path").map(({ indicator }) => indicator);
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
