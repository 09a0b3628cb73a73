/** A fact as far as counting is concerned. */
export interface TimedFact {
  readonly id: string;
  readonly time: number;
}

/**
 * docs/correlation.md read word by word, in quadratic time: every window of the timespan, closed at both ends, that begins at a fact and
 * holds enough facts qualifies; windows that share a fact are one episode. Gives the fact ids of each episode in (time, id) order.
 */
export function naiveEpisodes(
  facts: readonly TimedFact[],
  timespan: number,
  threshold: number,
): readonly (readonly string[])[] {
  const distinct = [...new Map(facts.map((fact) => [fact.id, fact])).values()];
  const windows = distinct
    .map((start) => distinct.filter(({ time }) => time >= start.time && time <= start.time + timespan))
    .filter((window) => window.length >= threshold)
    .map((window) => new Set(window));
  for (let merged = true; merged;) {
    merged = false;
    for (const [index, window] of windows.entries()) {
      const other = windows.findIndex(
        (candidate, position) => position > index && [...candidate].some((fact) => window.has(fact)),
      );
      if (other < 0) continue;
      for (const fact of windows[other] ?? []) window.add(fact);
      windows.splice(other, 1);
      merged = true;
      break;
    }
  }
  return windows
    .map((window) => [...window].sort((a, b) => a.time - b.time || (a.id < b.id ? -1 : 1)).map(({ id }) => id))
    .sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}
