import type { ProblemDetails } from "@vedette/api";
import { StoreError } from "../errors.ts";
import { OperationError } from "../responder/operations.ts";
import { SERVER_ERROR_CODES, type ServerErrorCode } from "./error-codes.ts";

const STATUS: Readonly<Record<Exclude<ServerErrorCode, "api-listen-failed" | "api-tokens-missing">, number>> = {
  "request-invalid": 400,
  "body-not-json": 400,
  "idempotency-key-missing": 400,
  unauthenticated: 401,
  "role-too-small": 403,
  "origin-refused": 403,
  "host-refused": 403,
  "login-link-invalid": 403,
  "not-found": 404,
  "coverage-not-kept": 404,
  "method-not-allowed": 405,
  "stale-revision": 409,
  "already-ended": 409,
  "body-too-large": 413,
  "media-type-unsupported": 415,
  "operation-invalid": 422,
  "idempotency-key-reused": 422,
  "internal-error": 500,
  "store-unavailable": 503,
  "too-many-streams": 503,
  "not-ready": 503,
};

/** A code that a request can be answered with. */
export type ProblemCode = keyof typeof STATUS;

/** The server cannot be started as configured. */
export class ServerError extends Error {
  override readonly name = "ServerError";
  readonly code: "api-listen-failed" | "api-tokens-missing";
  constructor(code: ServerError["code"], detail: string, options: { cause?: unknown } = {}) {
    super(`${detail} ${SERVER_ERROR_CODES[code].cure}`, options);
    this.code = code;
  }
}

/** A request is answered with a problem. */
export class RequestProblem extends Error {
  override readonly name = "RequestProblem";
  readonly problem: ProblemDetails;
  constructor(code: ProblemCode, detail: string, more: Pick<ProblemDetails, "errors" | "current"> = {}) {
    super(detail);
    const { summary, cure } = SERVER_ERROR_CODES[code];
    const title = summary.replace(/ \(status \d+.*$/, "").replace(/\.$/, "");
    this.problem = { type: "about:blank", title, status: STATUS[code], code, detail, cure, ...more };
  }
}

const OPERATION_CODES = {
  not_found: "not-found",
  conflict: "stale-revision",
  ended: "already-ended",
  invalid: "operation-invalid",
  key_reused: "idempotency-key-reused",
} as const satisfies Record<OperationError["code"], ProblemCode>;

/** What fastify's own errors are called here. */
const FRAMEWORK_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media-type-unsupported",
  FST_ERR_CTP_EMPTY_JSON_BODY: "body-not-json",
  FST_ERR_CTP_INVALID_JSON_BODY: "body-not-json",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "request-invalid",
  FST_ERR_BAD_URL: "request-invalid",
  FST_ERR_MAX_PARAM_LENGTH: "not-found",
};

/** The problem that an error of whatever origin is answered with. Nothing of an unexpected error's text leaves the worker. */
export function problemOf(error: unknown): ProblemDetails {
  if (error instanceof RequestProblem) return error.problem;
  if (error instanceof OperationError) {
    return new RequestProblem(OPERATION_CODES[error.code], error.message).problem;
  }
  if (error instanceof StoreError) {
    if (error.code === "cursor-invalid") {
      return new RequestProblem("request-invalid", error.message, {
        errors: [{ path: "query.cursor", message: error.message }],
      }).problem;
    }
    return new RequestProblem("store-unavailable", `The store cannot answer now: ${error.code}.`).problem;
  }
  const { code, message, statusCode } = (error ?? {}) as { code?: unknown; message?: unknown; statusCode?: unknown };
  const known = FRAMEWORK_CODES[String(code)] ?? (statusCode === 400 ? "request-invalid" : undefined);
  if (known !== undefined) return new RequestProblem(known, String(message)).problem;
  return new RequestProblem("internal-error", "The worker's log says more.").problem;
}
