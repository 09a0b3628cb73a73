import type { LogSource } from "../event.ts";
import { type Bounds, every, not, some } from "./bounds.ts";
import { type DocumentConditions, documentConditions } from "./document-conditions.ts";
import { type ReadMapping, type SourceAlternative, fits } from "./reading.ts";

/**
 * Log sources that a mapping gives documents, in the order in which a document's are listed: of those that fit a rule, the first counts. Sources that
 * do not fit the wanted one may be left out; undefined when they are too many to name.
 */
export type CandidateSources = (
  ask: DocumentConditions,
  wanted: LogSource,
  signature: (source: LogSource) => string,
) => readonly SourceAlternative[] | undefined;

/** Reads a mapping by what it asks documents: whether it accepts them, and which log sources it gives them. */
export const readByConditions =
  (accepts: (ask: DocumentConditions) => Bounds, candidates: CandidateSources): ReadMapping =>
  (_mapping, reader) => {
    const ask = documentConditions(reader);
    return {
      accepts: accepts(ask),
      sources: (wanted, signature) => firstOfEach(candidates(ask, wanted, signature), wanted, signature),
    };
  };

function firstOfEach(
  candidates: readonly SourceAlternative[] | undefined,
  wanted: LogSource,
  signature: (source: LogSource) => string,
): readonly SourceAlternative[] | undefined {
  if (candidates === undefined) return undefined;
  const groups: { readonly by: string; readonly source: LogSource; readonly parts: Bounds[] }[] = [];
  const earlier: { readonly by: string; readonly when: Bounds }[] = [];
  for (const { source, when } of candidates) {
    if (!fits(wanted, source)) continue;
    const by = signature(source);
    const others = earlier.filter((one) => one.by !== by).map((one) => not(one.when));
    earlier.push({ by, when });
    const part = every([when, ...others]);
    const group = groups.find((one) => one.by === by);
    if (group === undefined) groups.push({ by, source, parts: [part] });
    else group.parts.push(part);
  }
  return groups.map(({ source, parts }) => ({ source, when: some(parts) }));
}
