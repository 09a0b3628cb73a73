import type { Attributes } from "@opentelemetry/api";
import { ATTR, EVENT } from "@vedette/semconv";
import { tapBody, type BodyOutcome, type BodyTap, type SeenBody } from "../body-tap.ts";
import { requestAttributes, requestText, type RequestState } from "../current-request.ts";
import { sampleOf } from "../redaction.ts";
import type { Reporter } from "../reporter.ts";
import type { InspectionSettings } from "../settings.ts";
import { inspectBody } from "./inspect-body.ts";
import { inspectRequest } from "./inspect-request.ts";
import type { InspectionFinding, InspectionLimit } from "./inspection.ts";

/** How long what the head of a request showed waits for its body, in milliseconds. */
const PATIENCE = 2000;
/** Every how many requests the time is taken: recording it costs more than most inspections. */
const TIMED = 16;

let inspected = 0;

/**
 * Inspects a request and reports what was seen, once: at once when it has no body that is looked at, else when the body ended, or after two
 * seconds of waiting for it (what comes in later is then reported by itself).
 */
export function inspectAndReport(state: RequestState, settings: InspectionSettings, reporter: Reporter): void {
  try {
    const timed = inspected++ % TIMED === 0;
    const start = timed ? performance.now() : 0;
    const { findings, truncatedBy } = inspectRequest(state.path, state.query, state.request.headers, settings);
    if (timed) reporter.inspectionDuration((performance.now() - start) / 1000);
    if (truncatedBy !== undefined) truncated(reporter, truncatedBy);
    if (findings.length > 0)
      state.pathIndicators = findings.filter(({ location }) => location === "path").map(({ indicator }) => indicator);
    if (settings.bodies && awaitBody(state, settings, reporter, findings)) return;
    report(state, reporter, findings);
  } catch (cause) {
    reporter.error(cause);
  }
}

/** False when there is no body to wait for. */
function awaitBody(
  state: RequestState,
  settings: InspectionSettings,
  reporter: Reporter,
  head: readonly InspectionFinding[],
): boolean {
  const told = new Set<string>();
  let waiting = head;
  let timer: NodeJS.Timeout | undefined = undefined;
  const tell = (found: readonly InspectionFinding[]): void => {
    const fresh = [...waiting, ...found].filter((finding) => !told.has(keyOf(finding)));
    waiting = [];
    for (const finding of fresh) told.add(keyOf(finding));
    report(state, reporter, fresh);
  };
  const look = (body: SeenBody | undefined): readonly InspectionFinding[] => {
    if (body === undefined) return [];
    const { findings, truncatedBy } = inspectBody(body.text, body.format, body.boundary, body.complete, settings);
    if (truncatedBy !== undefined) truncated(reporter, truncatedBy);
    return findings;
  };
  const ended = (outcome: BodyOutcome): void => {
    try {
      clearTimeout(timer);
      if (outcome.kind === "encoding") truncated(reporter, "encoding");
      tell(outcome.kind === "seen" ? look(outcome.body) : []);
    } catch (cause) {
      reporter.error(cause);
    }
  };
  const tap: BodyTap | undefined = tapBody(state.request, settings.maxBodyLength, ended);
  if (tap === undefined) return false;
  timer = setTimeout(() => {
    try {
      tell(look(tap.soFar()));
    } catch (cause) {
      reporter.error(cause);
    }
  }, PATIENCE);
  timer.unref();
  return true;
}

function keyOf({ indicator, location, parameter }: InspectionFinding): string {
  return `${indicator} ${location} ${parameter}`;
}

function truncated(reporter: Reporter, limit: InspectionLimit): void {
  reporter.count("inspectionsTruncated", { [ATTR.inspectionLimit]: limit });
}

function report(state: RequestState, reporter: Reporter, findings: readonly InspectionFinding[]): void {
  const first = findings[0];
  if (first === undefined) return;
  for (const indicator of new Set(findings.map((finding) => finding.indicator)))
    reporter.count("suspiciousRequests", { [ATTR.requestIndicators]: indicator });
  const attributes: Attributes = {
    ...requestAttributes(state),
    [ATTR.requestIndicators]: findings.map((finding) => finding.indicator),
    [ATTR.requestLocations]: findings.map((finding) => finding.location),
    [ATTR.requestParameters]: findings.map((finding) => sampleOf(finding.parameter)),
    [ATTR.requestSample]: first.secret ? "REDACTED" : requestText(state, sampleOf(first.value)),
  };
  reporter.event(EVENT.requestSuspicious, "warn", attributes, state.context);
}
