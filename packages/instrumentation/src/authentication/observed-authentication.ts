import { ATTR, type Outcome } from "@vedette/semconv";
import { currentRequest, identify, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import { onRequestEnd } from "../request-end.ts";
import type { Security } from "../security.ts";
import { applicationReport, reportOwn } from "./application-reports.ts";
import { FORGED, moreTelling, type FailureReason } from "./failure-reasons.ts";

/**
 * Who saw it, the one that knows most first: what decides about a login, what asks an identity provider, what verifies a token, what compares
 * a password.
 */
export const AUTHENTICATION_SOURCES = ["framework", "provider", "token", "password"] as const;

/** What an instrumentation saw of an authentication. */
export interface ObservedAuthentication {
  readonly source: (typeof AUTHENTICATION_SOURCES)[number];
  /** `vedette.auth.method`: jwt, oidc, password, or the name of a strategy. */
  readonly method: string;
  readonly outcome: Outcome;
  readonly failureReason?: FailureReason | undefined;
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  /** False for a proof that comes with every request: its success is counted, and is no event (that would be an access log). */
  readonly login: boolean;
}

/** Where it is reported. */
export interface AuthenticationReports {
  readonly security: Security;
  readonly reporter: Reporter;
}

interface Held {
  readonly observed: ObservedAuthentication;
  readonly reports: AuthenticationReports;
}

/** Observations of one request that are kept; a request that makes more is judged by its first. */
const MOST_HELD = 32;
/** Milliseconds after which an answer that does not end (a stream of events) is waited for no longer. */
const LONGEST_HOLD = 1_000;

interface Waiting {
  readonly all: Held[];
  /** Set once there is something among them that may become an event. */
  timer: NodeJS.Timeout | undefined;
}

const held = new WeakMap<RequestState, Waiting>();
const loggedIn = new WeakSet<RequestState>();

/**
 * Reports an authentication that was observed: one for each request.
 *
 * Inside a request it waits until the answer has ended, at most a second, because one login is often seen several times (a strategy of
 * passport that verifies a token or compares a password), and because the application may report it itself, which counts more. Outside of any it goes out at once.
 */
export function observeAuthentication(observed: ObservedAuthentication, reports: AuthenticationReports): void {
  const state = currentRequest.getStore();
  if (state === undefined) {
    report({ observed, reports });
    return;
  }
  if (observed.outcome === "success" && (observed.userId ?? observed.userName) !== undefined)
    identify(state, { userId: observed.userId, userName: observed.userName });
  if (
    (observed.source === "framework" || observed.source === "provider") &&
    observed.login &&
    observed.outcome === "success"
  )
    loggedIn.add(state);
  const waiting = held.get(state) ?? wait(state);
  if (waiting.all.length < MOST_HELD) waiting.all.push({ observed, reports });
  // What is only counted has time until the request ends.
  if (observed.outcome !== "success" || observed.login)
    waiting.timer ??= setTimeout(settleLate, LONGEST_HOLD, state).unref();
}

function wait(state: RequestState): Waiting {
  const waiting: Waiting = { all: [], timer: undefined };
  held.set(state, waiting);
  onRequestEnd(state, (statusCode) => settle(state, statusCode));
  return waiting;
}

/** Says whether somebody logged in during a request, as far as is known. */
export function hasLoggedIn(state: RequestState): boolean {
  const reported = applicationReport(state);
  return reported === undefined ? loggedIn.has(state) : reported === "success";
}

function settleLate(state: RequestState): void {
  try {
    settle(state, undefined);
  } catch {
    // A reporter that throws leaves nothing to tell it to.
  }
}

function settle(state: RequestState, statusCode: number | undefined): void {
  const waiting = held.get(state);
  if (waiting === undefined) return;
  held.delete(state);
  clearTimeout(waiting.timer);
  const { all } = waiting;
  if (applicationReport(state) !== undefined) return;
  try {
    for (const each of judge(all, statusCode)) report(each, state);
  } catch (cause) {
    all[0]?.reports.reporter.error(cause);
  }
}

/**
 * Decides what of one request is reported.
 *
 * The source that knows most speaks, unless it only knows that something went wrong. Of several outcomes of one source a success wins (the second key of a rotation, the refresh token after the
 * expired one), else the failure that tells most; a forged token is reported beside a success, too. Passwords speak only where exactly one was compared
 * (several are a history or a list of keys), and a match only where the application did not refuse the request all the same.
 */
function judge(all: readonly Held[], statusCode: number | undefined): readonly Held[] {
  const source =
    AUTHENTICATION_SOURCES.find((name) =>
      all.some(({ observed: { source: from, outcome } }) => from === name && outcome !== "unknown"),
    ) ?? all[0]?.observed.source;
  const speaking = all.filter(({ observed }) => observed.source === source);
  if (source === "password") {
    const [only, another] = speaking;
    if (only === undefined || another !== undefined) return [];
    return only.observed.outcome === "success" && (statusCode ?? 500) >= 400 ? [] : [only];
  }
  const success = speaking.find(({ observed }) => observed.outcome === "success");
  if (success !== undefined) {
    const forged = all.find(({ observed }) => FORGED.has(observed.failureReason ?? ""));
    return forged === undefined ? [success] : [forged, success];
  }
  const failures = speaking.filter(({ observed }) => observed.outcome === "failure");
  const telling = failures.map(reasonOf).reduce(moreTelling, "unspecified");
  const failure = failures.find((each) => reasonOf(each) === telling);
  if (failure === undefined) return speaking.slice(0, 1);
  if (reasonOf(failure) !== "unspecified") return [failure];
  // The strategy does not say why, but what it asked does.
  const reason = all
    .filter(({ observed }) => observed.outcome === "failure")
    .map(reasonOf)
    .reduce(moreTelling, "unspecified");
  return [{ ...failure, observed: { ...failure.observed, failureReason: reason } }];
}

const reasonOf = ({ observed }: Held): FailureReason => observed.failureReason ?? "unspecified";

function report({ observed, reports }: Held, state?: RequestState): void {
  const { outcome, method, failureReason, userId, userName, login } = observed;
  if (outcome === "success" && !login) {
    reports.reporter.count("authenticationAttempts", { [ATTR.eventOutcome]: outcome, [ATTR.authMethod]: method });
    return;
  }
  reportOwn(() =>
    reports.security.authentication({ outcome, method, failureReason, userId, userName, request: state?.request }),
  );
}
