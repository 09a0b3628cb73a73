import { errors } from "@elastic/elasticsearch";
import type { ELASTICSEARCH_ERROR_CODES } from "./error-codes.ts";
import { RUN_PRIVILEGES, SETUP_PRIVILEGES } from "./privileges.ts";

/** A code of `ElasticsearchError`. */
export type ElasticsearchErrorCode = keyof typeof ELASTICSEARCH_ERROR_CODES;

/** A call to Elasticsearch failed. `retryable` says whether the same call can succeed later without anybody's help. */
export class ElasticsearchError extends Error {
  override readonly name = "ElasticsearchError";
  readonly code: ElasticsearchErrorCode;
  readonly retryable: boolean;
  /** HTTP status, where there was an answer. */
  readonly status: number | undefined;
  constructor(
    code: ElasticsearchErrorCode,
    message: string,
    options: { readonly retryable: boolean; readonly status?: number | undefined; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
    this.status = options.status;
  }
}

/** Type and reason of an error as Elasticsearch describes it, in an answer's body or beside an item of a bulk request. */
export interface ErrorDescription {
  readonly type: string;
  readonly reason: string;
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
const text = (value: unknown): string => (typeof value === "string" ? value : "");

const bounded = (reason: string): string => (reason.length > 1_000 ? `${reason.slice(0, 1_000)}…` : reason);

/** What an error body or an item's error says, with the reason of its innermost cause, which is the telling one. */
export const describeError = (error: unknown): ErrorDescription => {
  if (typeof error === "string") return { type: "", reason: bounded(error) };
  const outer = record(error);
  const reasons = [text(outer["reason"])];
  for (let cause = record(outer["caused_by"]), depth = 0; text(cause["reason"]) !== "" && depth < 5; depth += 1) {
    if (!reasons.some((reason) => reason.includes(text(cause["reason"])))) reasons.push(text(cause["reason"]));
    cause = record(cause["caused_by"]);
  }
  return { type: text(outer["type"]), reason: bounded(reasons.filter((reason) => reason !== "").join(": ")) };
};

const sentence = (reason: string): string => (/[.!?…]$/.test(reason) ? reason : `${reason}.`);

const OUR_PRIVILEGES = new Set([...RUN_PRIVILEGES, ...SETUP_PRIVILEGES].map(({ name }) => name));

/** The privilege that a 403 says is missing. Several would do; the one that our own roles have is told, else the first, which grants the least. */
export const missingPrivilege = (
  reason: string,
): { readonly scope: string; readonly privilege: string; readonly indices: string | undefined } | undefined => {
  const granted = /granted by the (\w+) privileges? \[([^\]]+)/.exec(reason);
  const [, scope, listed = ""] = granted ?? [];
  const names = listed.split(",");
  const privilege = names.find((name) => OUR_PRIVILEGES.has(name)) ?? names[0];
  if (scope === undefined || privilege === undefined) return undefined;
  return { scope, privilege, indices: /on indices \[([^\]]+)\]/.exec(reason)?.[1] };
};

const PASSING_STATUS: Readonly<Record<number, ElasticsearchErrorCode>> = {
  429: "elasticsearch-overloaded",
  502: "elasticsearch-unavailable",
  503: "elasticsearch-unavailable",
  504: "elasticsearch-unavailable",
};

const LASTING_STATUS: Readonly<Record<number, ElasticsearchErrorCode>> = {
  401: "elasticsearch-unauthenticated",
  403: "elasticsearch-forbidden",
  404: "elasticsearch-not-found",
};

/** The error for a status and what Elasticsearch says about it; `doing` completes "… failed", e.g. `Reading the shards of logs-*`. */
export const statusError = (
  status: number,
  { type, reason }: ErrorDescription,
  doing: string,
  cause?: unknown,
): ElasticsearchError => {
  const said = `${doing} failed: ${sentence(reason === "" ? `Elasticsearch answered ${status}` : reason)}`;
  if (type === "cluster_block_exception")
    return new ElasticsearchError("elasticsearch-blocked", said, { retryable: true, status, cause });
  const passing = PASSING_STATUS[status];
  if (passing !== undefined) return new ElasticsearchError(passing, said, { retryable: true, status, cause });
  if (status === 409)
    return new ElasticsearchError("elasticsearch-conflict", said, { retryable: false, status, cause });
  // A node that is starting or shutting down fails in many ways with 500.
  if (status >= 500)
    return new ElasticsearchError("elasticsearch-unavailable", said, { retryable: true, status, cause });
  if (status === 403) {
    const missing = missingPrivilege(reason);
    if (missing !== undefined) {
      const place = missing.indices === undefined ? "" : ` on ${missing.indices}`;
      return new ElasticsearchError(
        "elasticsearch-forbidden",
        `${doing} failed: the ${missing.scope} privilege \`${missing.privilege}\`${place} is missing.`,
        { retryable: false, status, cause },
      );
    }
  }
  return new ElasticsearchError(LASTING_STATUS[status] ?? "elasticsearch-refused", said, {
    retryable: false,
    status,
    cause,
  });
};

const CERTIFICATE =
  /self[- ]signed certificate|unable to (?:verify|get)|certificate (?:has expired|is not yet valid|unknown)|ERR_TLS_CERT|does not match certificate|CA fingerprint does not match|issuer certificate/i;

/** All messages of an error and its causes. */
const messages = (error: unknown): string => {
  const found: string[] = [];
  for (let inner: unknown = error, depth = 0; inner instanceof Error && depth < 6; inner = inner.cause, depth += 1) {
    found.push(inner.message, text(record(inner)["code"]));
  }
  return found.filter((part) => part !== "").join(" ");
};

/**
 * Turns whatever a call of the client rejected with into an `ElasticsearchError`; an error that is none of the client's is returned as it is, because it is a defect.
 * @param doing Completes "… failed", e.g. `Reading the shards of logs-*`.
 */
export const toElasticsearchError = (error: unknown, doing: string): Error => {
  if (error instanceof ElasticsearchError) return error;
  const failed = (code: ElasticsearchErrorCode, retryable: boolean, why: string): ElasticsearchError =>
    new ElasticsearchError(code, `${doing} failed: ${sentence(why)}`, { retryable, cause: error });
  if (error instanceof errors.ResponseError) {
    const status = error.statusCode ?? 0;
    const body = record(error.body);
    const described = describeError(body["error"] ?? (typeof error.body === "string" ? error.body : ""));
    return statusError(status, described, doing, error);
  }
  if (error instanceof errors.TimeoutError) return failed("elasticsearch-timeout", true, "no answer in time");
  if (error instanceof errors.RequestAbortedError) return failed("elasticsearch-unavailable", true, "it was given up");
  if (error instanceof errors.DeserializationError)
    return failed("elasticsearch-answer-damaged", true, "the answer is not whole");
  if (error instanceof errors.ConnectionError || error instanceof errors.NoLivingConnectionsError) {
    const why = messages(error);
    return CERTIFICATE.test(why)
      ? failed("elasticsearch-certificate", false, error.message)
      : failed("elasticsearch-unavailable", true, error.message);
  }
  if (error instanceof errors.ConfigurationError) return failed("elasticsearch-refused", false, error.message);
  return error instanceof Error ? error : new Error(`${doing} failed: ${String(error)}`);
};

/** Calls the client and turns what it rejects with into an `ElasticsearchError`. */
export const calling = async <T>(doing: string, call: () => Promise<T>): Promise<T> => {
  try {
    return await call();
  } catch (error) {
    throw toElasticsearchError(error, doing);
  }
};

interface ShardsAnswer {
  readonly timed_out?: boolean | undefined;
  readonly _shards?:
    | { readonly failed: number; readonly failures?: readonly unknown[] | undefined; readonly total?: number }
    | undefined;
}

/** Checks that every shard answered, in time. @throws ElasticsearchError `elasticsearch-partial-result`. */
export const requireWhole = (answer: ShardsAnswer, doing: string): void => {
  const failed = answer._shards?.failed ?? 0;
  if (answer.timed_out !== true && failed === 0) return;
  const why =
    failed === 0
      ? "not every shard answered in time"
      : `${failed} of ${answer._shards?.total ?? "its"} shards failed (${describeError(record(answer._shards?.failures?.[0])["reason"]).reason || "no reason given"})`;
  throw new ElasticsearchError("elasticsearch-partial-result", `${doing} failed: ${why}.`, { retryable: true });
};
