import type { Indicator } from "@vedette/semconv";
import type { LabelledRequest } from "./labelled-data.ts";

/** Detection in one set of labelled requests. */
export interface QualityRow {
  /** File and set within it. */
  readonly set: string;
  readonly label: string;
  /** Requests that reached the application. */
  readonly requests: number;
  /** Those in which the class of the label was seen; for sets without attacks, in which anything was. */
  readonly detected: number;
  /** Those in which anything was seen. */
  readonly reported: number;
  /** Requests that Node itself answered, so that no application saw them. */
  readonly refused: number;
  /** Requests that were judged the other way than labelled. */
  readonly wrong: readonly string[];
}

interface Tally {
  readonly set: string;
  readonly label: string;
  requests: number;
  detected: number;
  reported: number;
  refused: number;
  readonly wrong: string[];
}

/** Adds up what was seen in labelled requests. */
export class QualityTallies {
  private readonly tallies = new Map<string, Tally>();

  /** @param seen What was seen; undefined when the request never reached the application. */
  count(request: LabelledRequest, seen: ReadonlySet<Indicator> | undefined): void {
    const key = `${request.set} ${request.label}`;
    const tally = this.tallies.get(key) ?? {
      set: request.set,
      label: request.label,
      requests: 0,
      detected: 0,
      reported: 0,
      refused: 0,
      wrong: [],
    };
    this.tallies.set(key, tally);
    if (seen === undefined) {
      tally.refused++;
      return;
    }
    tally.requests++;
    const detected =
      request.wanted.length === 0 ? seen.size > 0 : request.wanted.some((indicator) => seen.has(indicator));
    if (seen.size > 0) tally.reported++;
    if (detected) tally.detected++;
    if (detected !== request.attack) tally.wrong.push(`${[...seen].join()} ${request.text}`);
  }

  rows(): readonly QualityRow[] {
    return [...this.tallies.values()];
  }
}
