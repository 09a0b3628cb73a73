import { ATTR, EVENT, type Indicator } from "@vedette/semconv";
import { currentRequest, requestAttributes, requestText, type RequestState, type Routing } from "../current-request.ts";
import { inspectValue } from "../inspect/inspect-value.ts";
import { LibraryInstrumentation } from "../library-instrumentation.ts";
import { isSecretName, REDACTED, sampleOf } from "../redaction.ts";

const MAX_PARAMETERS = 32;

/** What frameworks' instrumentations have in common: they tell the route of a request, and have its path parameters inspected. */
export abstract class RouterInstrumentation extends LibraryInstrumentation {
  /** The request that the running code serves, marked as one that a router looks at. */
  protected routedRequest(): RequestState | undefined {
    const state = currentRequest.getStore();
    if (state !== undefined) this.routingOf(state);
    return state;
  }

  /** What routers told about a request so far. */
  protected routingOf(state: RequestState): Routing {
    return (state.routing ??= { mounts: new Map(), inspected: new Set() });
  }

  /**
   * Inspects path parameters as the framework decoded them, for what the raw path did not show.
   *
   * @param parameters Names and values; values that are no strings are left out.
   */
  protected inspectParameters(state: RequestState, parameters: unknown): void {
    const limits = this.settings.inspection;
    if (!limits.enabled || typeof parameters !== "object" || parameters === null) return;
    const { inspected } = this.routingOf(state);
    const found: { indicator: Indicator; name: string; value: string }[] = [];
    for (const name in parameters) {
      if (inspected.size >= MAX_PARAMETERS) {
        this.reporter.count("inspectionsTruncated", { [ATTR.inspectionLimit]: "parameters" });
        break;
      }
      const raw: unknown = Reflect.get(parameters, name);
      if (typeof raw !== "string" || raw === "") continue;
      const value = raw.slice(0, limits.maxValueLength);
      // Routers try several routes; what one of them showed is looked at once.
      if (inspected.has(value)) continue;
      inspected.add(value);
      for (const indicator of inspectValue(value))
        if (!state.pathIndicators.includes(indicator)) found.push({ indicator, name, value });
    }
    const first = found[0];
    if (first === undefined) return;
    const indicators = found.map(({ indicator }) => indicator);
    state.pathIndicators = [...state.pathIndicators, ...indicators];
    for (const indicator of new Set(indicators))
      this.reporter.count("suspiciousRequests", { [ATTR.requestIndicators]: indicator });
    this.reporter.event(
      EVENT.requestSuspicious,
      "warn",
      {
        ...requestAttributes(state),
        [ATTR.requestIndicators]: indicators,
        [ATTR.requestLocations]: indicators.map(() => "path"),
        [ATTR.requestParameters]: found.map(({ name }) => sampleOf(name)),
        [ATTR.requestSample]: isSecretName(first.name) ? REDACTED : requestText(state, sampleOf(first.value)),
      },
      state.context,
    );
  }
}
