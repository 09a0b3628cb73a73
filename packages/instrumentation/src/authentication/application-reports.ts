import type { Outcome } from "@vedette/semconv";
import type { RequestState } from "../current-request.ts";

const reports = new WeakMap<RequestState, Outcome>();
let reportingOwn = false;

/** Remembers that the application itself said how an authentication ended in a request: what it says counts, not what was observed. */
export function noteApplicationReport(state: RequestState, outcome: Outcome): void {
  if (reportingOwn) return;
  // A success is what a login is recognised by; a failure before or after it changes nothing about that.
  if (reports.get(state) !== "success") reports.set(state, outcome);
}

/** What the application said in a request, a success before anything else; undefined when it said nothing. */
export function applicationReport(state: RequestState): Outcome | undefined {
  return reports.get(state);
}

/** Runs a report of what was observed, which goes through the same interface and is not the application's. */
export function reportOwn(report: () => void): void {
  reportingOwn = true;
  try {
    report();
  } finally {
    reportingOwn = false;
  }
}
