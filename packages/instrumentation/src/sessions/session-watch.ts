import { ATTR, type SessionAction } from "@vedette/semconv";
import { hasLoggedIn } from "../authentication/observed-authentication.ts";
import { identifyAndCheck, type RequestIdentity, type RequestState } from "../current-request.ts";
import type { Reporter } from "../reporter.ts";
import { onRequestEnd } from "../request-end.ts";
import type { Security } from "../security.ts";
import { createSessionClients, type SessionClients } from "./session-clients.ts";

/** What a request presented: nothing, the id of a session in the store, a well-signed id that is no more, or one that was never issued. */
export type PresentedSession = "none" | "known" | "gone" | "tampered";

/** A session at one moment of a request. */
export interface SessionMoment {
  /** Undefined once the session was destroyed. */
  readonly id: string | undefined;
  readonly user: RequestIdentity;
}

/** A request with a session, as the library's instrumentation reads it. */
export interface WatchedSession {
  readonly presented: PresentedSession;
  readonly now: () => SessionMoment;
  /** Says, at the end, whether the answer handed the session's id to the client. */
  readonly wasHandedOut: () => boolean;
}

/** Where it is reported. */
export interface SessionReports {
  readonly security: Security;
  readonly reporter: Reporter;
}

const clients: SessionClients = createSessionClients();
const watched = new WeakSet<RequestState>();

/**
 * Watches the session of one request from the moment when it was read to the end of the answer.
 *
 * @returns True when the guard has answered the request because of whose session it is.
 */
export function watchSession(
  state: RequestState,
  session: WatchedSession,
  reports: SessionReports,
  memory: SessionClients = clients,
): boolean {
  // The library's middleware is there twice, or two libraries are: the first counts.
  if (watched.has(state)) return false;
  watched.add(state);
  const start = session.now();
  const report = (action: SessionAction, moment: SessionMoment, more: object = {}): void => {
    reports.security.sessionEvent({
      action,
      sessionId: moment.id,
      userId: moment.user.userId,
      userName: moment.user.userName,
      request: state.request,
      ...more,
    });
  };
  onRequestEnd(state, () => {
    try {
      end();
    } catch (cause) {
      reports.reporter.error(cause);
    }
  });
  if (session.presented === "tampered") report("invalid", { id: undefined, user: {} });
  if (session.presented === "gone") count("expired", reports);
  if (session.presented !== "known" || start.id === undefined) return false;
  const sight = memory.seen(start.id, state.clientAddress, state.request.headers["user-agent"]);
  if (sight !== undefined) report(sight.action, start, { changed: sight.changed });
  return identifyAndCheck(state, { ...start.user, sessionId: start.id });

  function end(): void {
    const last = session.now();
    if (session.presented !== "known") {
      if (last.id === undefined || !session.wasHandedOut()) return;
      // Whoever comes without a cookie may get a session: that is counted. It is an event once somebody is behind it.
      if (last.user.userId === undefined && !hasLoggedIn(state)) count("created", reports);
      else report("created", last);
      return;
    }
    const nobodyBefore = start.user.userId === undefined;
    if (last.id === undefined) report("revoked", start);
    else if (last.id !== start.id) {
      // Logging out gives a new, empty session: what counts is that the old one has ended.
      if (!nobodyBefore && last.user.userId === undefined) report("revoked", start);
      else report("renewed", last, { previousSessionId: start.id });
    } else if (nobodyBefore && (last.user.userId !== undefined || hasLoggedIn(state))) report("fixation", last);
  }
}

function count(action: SessionAction, { reporter }: SessionReports): void {
  reporter.count("sessionEvents", { [ATTR.sessionAction]: action });
}
