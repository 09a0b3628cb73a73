import type { ServerResponse } from "node:http";
import { ATTR, EVENT, type RequestAnomaly } from "@vedette/semconv";
import { requestAttributes, routeOf, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import { createRequestCounts } from "./request-counts.ts";

/** What is told about requests that are out of the ordinary. */
export interface RequestAnomalies {
  /** Looks at a request before the application sees it. */
  arrived(state: RequestState): void;
  /** Looks at a request once it was answered. */
  answered(state: RequestState, response: Pick<ServerResponse, "statusCode">): void;
  /** @param reason What shows it, of few different values. */
  report(state: RequestState, anomaly: RequestAnomaly, reason: string | undefined, status?: number): void;
}

const USUAL_METHODS: ReadonlySet<unknown> = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
  "QUERY",
]);
/** Headers by which frameworks let a request ask for another method than its own. */
const OVERRIDES = ["x-http-method-override", "x-http-method", "x-method-override"] as const;
const URL_CHARACTERS = 8192;
const HEADERS = 256;
const FLOOD_WINDOW = 10_000;

/**
 * Looks for forced browsing, verb tampering, oversized requests and floods.
 *
 * @param floodRequests Requests of one client in ten seconds that are a flood.
 */
export function createRequestAnomalies(reporter: Reporter, floodRequests: number): RequestAnomalies {
  const counts = createRequestCounts(floodRequests, FLOOD_WINDOW);

  const anomalies: RequestAnomalies = {
    arrived(state) {
      const { request } = state;
      if (state.clientAddress !== undefined && counts.add(state.clientAddress, performance.now()))
        anomalies.report(state, "flood", "requests");
      // TRACE answers with the request's own headers; nobody but an attacker asks for it.
      if (request.method === "TRACE") anomalies.report(state, "unusual_method", "TRACE");
      for (const header of OVERRIDES) {
        const value = request.headers[header];
        if (typeof value === "string" && value.toUpperCase() !== request.method)
          anomalies.report(state, "method_override", header);
      }
      if (request.method === "POST" && state.query !== undefined && /(?:^|&)_method=\w/.test(state.query))
        anomalies.report(state, "method_override", "_method");
      if ((request.url?.length ?? 0) > URL_CHARACTERS) anomalies.report(state, "oversized", "url");
      if (request.rawHeaders.length > 2 * HEADERS) anomalies.report(state, "oversized", "headers");
    },
    answered(state, { statusCode }) {
      const { method, headers, httpVersionMajor, httpVersionMinor } = state.request;
      if (statusCode < 400) return;
      if (statusCode === 404 && state.routing !== undefined && routeOf(state) === undefined)
        anomalies.report(state, "forced_browsing", "no_route", statusCode);
      // A method that the application serves is its own affair.
      if (method !== "TRACE" && !USUAL_METHODS.has(method))
        anomalies.report(state, "unusual_method", method, statusCode);
      if (statusCode === 413) anomalies.report(state, "oversized", "body", statusCode);
      if (statusCode === 414) anomalies.report(state, "oversized", "url", statusCode);
      if (statusCode === 431) anomalies.report(state, "oversized", "headers", statusCode);
      if (statusCode === 400 && headers.host === undefined && httpVersionMajor === 1 && httpVersionMinor === 1)
        anomalies.report(state, "malformed", "missing_host", statusCode);
    },
    report(state, anomaly, reason, status) {
      reporter.count("requestAnomalies", { [ATTR.requestAnomaly]: anomaly });
      reporter.event(
        EVENT.requestAnomaly,
        anomaly === "forced_browsing" ? "info" : "warn",
        {
          ...requestAttributes(state),
          [ATTR.requestAnomaly]: anomaly,
          [ATTR.requestAnomalyReason]: reason,
          [ATTR.httpResponseStatusCode]: status,
        },
        state.context,
      );
    },
  };
  return anomalies;
}
