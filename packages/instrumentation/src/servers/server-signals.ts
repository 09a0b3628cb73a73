import { ATTR, EVENT, type RequestAnomaly } from "@vedette/semconv";
import { ROOT_CONTEXT } from "@opentelemetry/api";
import { normaliseAddress } from "../client-address.ts";
import type { RequestState } from "../current-request.ts";
import { processPrivacy } from "../privacy.ts";
import type { Reporter } from "../reporter.ts";
import type { Security } from "../security.ts";
import type { Settings } from "../settings.ts";
import { watchClientErrors, type ClientError } from "./client-errors.ts";
import { watchOpenConnections } from "./open-connections.ts";
import { reportRateLimit } from "./rate-limits.ts";
import { createRequestAnomalies } from "./request-anomalies.ts";
import type { SentResponse } from "./response-headers.ts";
import { createResponseWeaknesses } from "./response-weaknesses.ts";
import { watchServiceHealth } from "./service-health.ts";

/** What is told about a server beside attacks and refusals. */
export interface ServerSignals {
  arrived(state: RequestState): void;
  answered(state: RequestState, response: SentResponse): void;
  stop(): void;
}

/** Starts to look for anomalies of requests, weaknesses of answers and degradation of the service. */
export function startServerSignals(
  reporter: Reporter,
  security: Security,
  settings: Pick<Settings, "floodRequests" | "stallMilliseconds">,
): ServerSignals {
  const anomalies = createRequestAnomalies(reporter, settings.floodRequests);
  const weaknesses = createResponseWeaknesses(reporter);
  const health = watchServiceHealth(reporter, settings.stallMilliseconds);

  /** Tells of a client of which no request could be read. */
  function reportConnection(address: string | undefined, anomaly: RequestAnomaly, reason: string): void {
    const client = address === undefined ? undefined : normaliseAddress(address);
    const written = client === undefined ? undefined : processPrivacy().address(client);
    reporter.count("requestAnomalies", { [ATTR.requestAnomaly]: anomaly });
    const attributes = {
      [ATTR.clientAddress]: written,
      [ATTR.networkPeerAddress]: written,
      [ATTR.requestAnomaly]: anomaly,
      [ATTR.requestAnomalyReason]: reason,
    };
    reporter.event(EVENT.requestAnomaly, "warn", attributes, ROOT_CONTEXT);
  }

  const quietly = (work: () => void): void => {
    try {
      work();
    } catch (cause) {
      reporter.error(cause);
    }
  };
  const connections = watchOpenConnections((address) =>
    quietly(() => reportConnection(address, "slow_request", "waiting_connections")),
  );
  const stopErrors = watchClientErrors(({ code, socket }) =>
    quietly(() => {
      const anomaly = anomalyOf(code);
      if (anomaly !== undefined) reportConnection(socket.remoteAddress, anomaly, code);
    }),
  );
  return {
    arrived(state) {
      connections.arrived(state.request.socket);
      health.arrived(state);
      anomalies.arrived(state);
    },
    answered(state, response) {
      health.answered(state);
      anomalies.answered(state, response);
      weaknesses.answered(state, response);
      reportRateLimit(state, response, security);
    },
    stop() {
      health.stop();
      connections.stop();
      stopErrors();
    },
  };
}

/** What an error of a connection says about its client; a connection that was merely cut says nothing. */
function anomalyOf(code: ClientError["code"]): RequestAnomaly | undefined {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "slow_request";
  if (code === "HPE_HEADER_OVERFLOW" || code === "HPE_CHUNK_EXTENSIONS_OVERFLOW") return "oversized";
  if (code === "HPE_INVALID_EOF_STATE" || code === "HPE_CLOSED_CONNECTION") return undefined;
  return code.startsWith("HPE_") ? "malformed" : undefined;
}
