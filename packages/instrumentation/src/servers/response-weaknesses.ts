import { TLSSocket } from "node:tls";
import { ATTR, EVENT, type ResponseWeakness } from "@vedette/semconv";
import { requestAttributes, routeOf, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import { sentHeaders, type SentHeaders, type SentResponse } from "./response-headers.ts";

/** What is told about answers that leave a door open. */
export interface ResponseWeaknesses {
  answered(state: RequestState, response: SentResponse): void;
}

/** Names of cookies that open a session. */
const SESSION_COOKIE = /sess|(?:^|[._-])sid$|^sid|auth|token|jwt|remember|^connect\.|^koa[.:]|identity/i;
/** Names of those that scripts have to read. */
const READ_BY_SCRIPTS = /csrf|xsrf/i;
const CHANGES: ReadonlySet<unknown> = new Set(["POST", "PUT", "PATCH", "DELETE"]);
/** Content types that a form of another site can send without asking first (Fetch, "CORS-safelisted request-header"). */
const FORM = /^(?:application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)/i;
/** Sites with credentials that an application allows on purpose are few. */
const REFLECTED_SITES = 3;
const TOLD = 2048;

/** Looks for weaknesses of answers; each kind is told once per route in a process. */
export function createResponseWeaknesses(reporter: Reporter): ResponseWeaknesses {
  const told = new Set<string>();
  const reflected = new Set<string>();

  function report(state: RequestState, weakness: ResponseWeakness, subjects: readonly string[], status: number): void {
    const key = `${weakness} ${state.request.method} ${routeOf(state) ?? state.path}`;
    if (told.has(key) || told.size >= TOLD) return;
    told.add(key);
    reporter.count("responseWeaknesses", { [ATTR.responseWeakness]: weakness });
    const attributes = {
      ...requestAttributes(state),
      [ATTR.responseWeakness]: weakness,
      [ATTR.responseWeaknessSubjects]: [...subjects],
      [ATTR.httpResponseStatusCode]: status,
    };
    reporter.event(EVENT.responseWeakness, "warn", attributes, state.context);
  }

  return {
    answered(state, response) {
      const headers = sentHeaders(response);
      const status = response.statusCode;
      const secure = isSecure(state);
      if (status < 300 && /^text\/html\b/i.test(headers.get("content-type") ?? "")) {
        const missing = missingHeaders(headers, secure);
        if (missing.length > 0) report(state, "missing_security_header", missing, status);
      }
      for (const cookie of headers.all("set-cookie")) {
        const missing = missingFlags(cookie);
        if (missing !== undefined) report(state, "insecure_cookie", missing, status);
      }
      const { origin } = state.request.headers;
      if (origin === undefined || isOwn(origin, state)) return;
      const allowed = headers.get("access-control-allow-origin") === origin;
      if (allowed && headers.get("access-control-allow-credentials") === "true") {
        if (reflected.size < REFLECTED_SITES) reflected.add(siteOf(origin));
        if (origin === "null" || reflected.size >= REFLECTED_SITES)
          report(state, "permissive_cors", ["access-control-allow-origin"], status);
      }
      if (!allowed && status < 400 && acceptsForms(state)) report(state, "missing_csrf_protection", ["origin"], status);
    },
  };
}

function isSecure(state: RequestState): boolean {
  return state.request.socket instanceof TLSSocket || state.request.headers["x-forwarded-proto"] === "https";
}

function missingHeaders(headers: SentHeaders, secure: boolean): readonly string[] {
  const policy = headers.get("content-security-policy");
  const missing: string[] = [];
  if (policy === undefined) missing.push("content-security-policy");
  if (headers.get("x-content-type-options") === undefined) missing.push("x-content-type-options");
  if (headers.get("x-frame-options") === undefined && policy?.includes("frame-ancestors") !== true)
    missing.push("x-frame-options");
  // Browsers take it over TLS only (RFC 6797, section 8.1).
  if (secure && headers.get("strict-transport-security") === undefined) missing.push("strict-transport-security");
  return missing;
}

/** The name and the missing flags of a session's cookie; undefined when it is none or has all of them. */
function missingFlags(cookie: string): readonly string[] | undefined {
  const [pair = "", ...flags] = cookie.split(";").map((part) => part.trim());
  const equals = pair.indexOf("=");
  const name = pair.slice(0, equals);
  if (equals < 1 || pair.length === equals + 1) return undefined;
  if (!SESSION_COOKIE.test(name) || READ_BY_SCRIPTS.test(name)) return undefined;
  const lower = flags.map((flag) => flag.toLowerCase());
  const missing = ["HttpOnly", "Secure"].filter((flag) => !lower.includes(flag.toLowerCase()));
  if (!lower.some((flag) => flag.startsWith("samesite="))) missing.push("SameSite");
  return missing.length === 0 ? undefined : [name.slice(0, 64), ...missing];
}

/** True for an origin of the application itself, as far as the request says what that is. */
function isOwn(origin: string, state: RequestState): boolean {
  const { host, "x-forwarded-host": forwarded } = state.request.headers;
  if (!URL.canParse(origin)) return false;
  const own = new URL(origin).host;
  return own === host || own === forwarded;
}

/** The last two labels of an origin's host: good enough to tell sites apart, where a list of public suffixes would be exact. */
function siteOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).hostname.split(".").slice(-2).join(".") : origin;
}

/** True for a request that changes something, carries a session's cookie, and could be the form of another site. */
function acceptsForms(state: RequestState): boolean {
  const { method, headers } = state.request;
  if (!CHANGES.has(method) || headers.authorization !== undefined || headers.cookie === undefined) return false;
  const type = headers["content-type"];
  if (type !== undefined && !FORM.test(type)) return false;
  if (method !== "POST") return false;
  return headers.cookie.split(";").some((pair) => SESSION_COOKIE.test(pair.slice(0, pair.indexOf("=")).trim()));
}
