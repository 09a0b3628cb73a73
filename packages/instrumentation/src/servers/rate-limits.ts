import type { RequestState } from "../current-request.ts";
import type { Security } from "../security.ts";
import { type SentResponse, sentHeaders } from "./response-headers.ts";

/**
 * Tells of requests that a rate limiter refused. express-rate-limit leaves its count on the request; it, @fastify/rate-limit and others
 * say in headers what is left (draft-ietf-httpapi-ratelimit-headers and its forerunners) or when to come again.
 */
export function reportRateLimit(state: RequestState, response: SentResponse, security: Security): void {
  if (response.statusCode !== 429) return;
  const { rateLimit }: { rateLimit?: { used?: number; limit?: number } } = state.request as object;
  const counted = typeof rateLimit?.used === "number" && rateLimit.used > (rateLimit.limit ?? 0);
  const headers = sentHeaders(response);
  const said =
    headers.get("retry-after") ??
    headers.get("ratelimit") ??
    headers.get("ratelimit-remaining") ??
    headers.get("x-ratelimit-remaining");
  if (counted || said !== undefined) security.rateLimited({ request: state.request });
}
