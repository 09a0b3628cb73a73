import type { Status } from "@vedette/api";
import { count } from "../../format/words.ts";

/** How the detector is, and why it is not well. */
export interface DetectorHealth {
  readonly state: "healthy" | "warning" | "broken";
  /** A short clause each; none when it is healthy. */
  readonly reasons: readonly string[];
}

/**
 * Says whether the worker does all that its configuration asks of it.
 * @param denied How many addresses are on the deny list now; undefined while that is not known.
 */
export function detectorHealth(status: Status, denied: number | undefined): DetectorHealth {
  const { ready, problems, sources, rules, unmatched, guardClients } = status;
  const failed = sources.filter(({ state }) => state === "failed").length;
  const broken = [
    ...(ready ? [] : ["the worker is not ready"]),
    ...(failed > 0 ? [`${count(failed, "source")} failed`] : []),
    ...(problems.length > 0 ? [count(problems.length, "problem")] : []),
  ];
  const warnings = [
    ...(rules.refused > 0 ? [`${count(rules.refused, "rule")} refused`] : []),
    ...(unmatched.count > 0 ? [`${count(unmatched.count, "event")} matched no log source`] : []),
    ...(denied !== undefined && denied > 0 && guardClients === 0
      ? [`no guard is connected to block ${count(denied, "address", "addresses")}`]
      : []),
  ];
  const state = broken.length > 0 ? "broken" : warnings.length > 0 ? "warning" : "healthy";
  return { state, reasons: [...broken, ...warnings] };
}
