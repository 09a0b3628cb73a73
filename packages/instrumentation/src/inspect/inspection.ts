import type { Indicator } from "@vedette/semconv";
import { isSecretName } from "../redaction.ts";

/** Where in a request a value stood. */
export type Location = "path" | "query" | "header" | "cookie" | "body";

/** One class of attack seen in one value. */
export interface InspectionFinding {
  readonly indicator: Indicator;
  readonly location: Location;
  /** Name of the parameter, header or cookie, or path of the field; empty for the path and for a body that is one text. */
  readonly parameter: string;
  /** The decoded reading that matched. */
  readonly value: string;
  /** True when the name says that the value is a secret. */
  readonly secret: boolean;
}

/** Which limit ended an inspection early. */
export type InspectionLimit = "bytes" | "parameters" | "time" | "findings" | "encoding";

/** What was seen in one request. */
export interface InspectionResult {
  readonly findings: readonly InspectionFinding[];
  readonly truncatedBy: InspectionLimit | undefined;
}

/** How much one inspection may look at. */
export interface InspectionLimits {
  readonly maxValueLength: number;
  readonly maxTotalLength: number;
  readonly maxParameters: number;
  readonly maxMilliseconds: number;
}

const MAX_FINDINGS = 16;
const MAX_NAME = 64;

/**
 * Characters that are inspected whatever the clock says. They take milliseconds at the very worst; a busy machine that takes the
 * processor away in between must not make an ordinary request go unseen.
 */
const ALWAYS_INSPECTED = 4096;

/** The findings of one inspection and what is left of its limits. */
export class Inspection implements InspectionResult {
  readonly findings: InspectionFinding[] = [];
  truncatedBy: InspectionLimit | undefined = undefined;
  private readonly limits: InspectionLimits;
  private taken = 0;
  private parameters = 0;
  private deadline: number | undefined = undefined;

  constructor(limits: InspectionLimits) {
    this.limits = limits;
  }

  /** How many of a number of characters may be looked at now; 0 when nothing more may be. */
  take(length: number): number {
    const left = this.limits.maxTotalLength - this.taken;
    if (left <= 0) return this.end("bytes");
    if (this.findings.length >= MAX_FINDINGS) return this.end("findings");
    // The clock is asked only where there is enough to lose time with.
    if (this.taken > ALWAYS_INSPECTED) {
      const now = performance.now();
      this.deadline ??= now + this.limits.maxMilliseconds;
      if (now > this.deadline) return this.end("time");
    }
    const allowed = Math.min(length, this.limits.maxValueLength, left);
    if (allowed < length) this.truncatedBy ??= "bytes";
    this.taken += allowed;
    return allowed;
  }

  /** False when a value with a name is one more than are looked at. */
  admitParameter(): boolean {
    if (this.parameters++ < this.limits.maxParameters) return true;
    this.truncatedBy ??= "parameters";
    return false;
  }

  /** Keeps what was seen; one finding for each class, place and name. */
  add(location: Location, parameter: string, value: string, indicators: readonly Indicator[]): void {
    if (indicators.length === 0) return;
    const name = parameter.length > MAX_NAME ? parameter.slice(0, MAX_NAME) : parameter;
    for (const indicator of indicators) {
      const known = this.findings.some(
        (finding) => finding.indicator === indicator && finding.location === location && finding.parameter === name,
      );
      if (!known) this.findings.push({ indicator, location, parameter: name, value, secret: isSecretName(name) });
    }
  }

  private end(limit: InspectionLimit): 0 {
    this.truncatedBy ??= limit;
    return 0;
  }
}
