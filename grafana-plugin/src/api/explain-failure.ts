import { ApiError } from "@vedette/api";

/** A failure in words: what happened, and what to do about it. */
export interface Explanation {
  readonly title: string;
  readonly detail?: string;
  readonly cure?: string;
  /** The worker's stable code, listed in docs/errors.md. */
  readonly code?: string;
  readonly severity: "error" | "warning" | "info";
}

/** What to do when nobody is signed in. */
const signIn = {
  standalone:
    "Open the link that the worker printed in its terminal when it started; it works once. Or sign in with a token: the admin token is in the file admin-token of the worker's data folder.",
  grafana:
    "The worker refused the app's token. An administrator of Grafana sets the tokens on the app's configuration page.",
} as const;

const unreachable = {
  standalone: "Start it with npm start in its folder. This page goes on by itself as soon as the worker answers.",
  grafana:
    "See that the worker runs, and that the worker's address on the app's configuration page can be reached from Grafana's server.",
} as const;

/**
 * Says what a failed request means and what to do next.
 * @param where Whether the pages run inside Grafana or in the standalone console.
 */
export function explainFailure(error: unknown, where: "grafana" | "standalone"): Explanation {
  if (!(error instanceof ApiError)) {
    return {
      title: "The worker cannot be reached",
      ...(error instanceof TypeError ? {} : { detail: String(error) }),
      cure: unreachable[where],
      severity: "error",
    };
  }
  const { status, problem } = error;
  const said = {
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.cure === undefined ? {} : { cure: problem.cure }),
    ...(problem.code === "not-the-api" ? {} : { code: problem.code }),
  };
  switch (status) {
    case 401:
      return { title: "You are not signed in", cure: signIn[where], severity: "warning" };
    case 403:
      return { title: "You may not do this", ...said, severity: "warning" };
    case 404:
      if (problem.code === "not-the-api") return { title: "Not found", ...said, severity: "info" };
      return {
        title: problem.title,
        ...said,
        // The worker's own cure is for who writes a client.
        cure: "Its address may be mistyped, or it belongs to a worker with other data. Look for it in its list.",
        severity: "info",
      };
    case 409:
      return {
        title: "Somebody has changed it in the meantime",
        ...said,
        cure: "What you see now is the present state. Look at it, then decide again.",
        severity: "warning",
      };
    case 502:
    case 503:
    case 504:
      return {
        title: problem.code === "not-the-api" ? "The worker cannot be reached" : problem.title,
        cure: unreachable[where],
        ...(problem.code === "not-the-api" ? {} : said),
        severity: "error",
      };
    default:
      return { title: problem.title, ...said, severity: "error" };
  }
}
