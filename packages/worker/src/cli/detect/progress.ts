import type { RunTotals } from "./detection-run.ts";

/** Where progress is shown. */
export interface ProgressTarget {
  /** Writes text as it is. */
  write(text: string): void;
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
}

/** Tells how far a run is. */
export interface Progress {
  update(totals: RunTotals): void;
  /** Takes the line away, before something else is written where it stands; it comes back with the next update. */
  hide(): void;
}

/** Milliseconds between two lines, and between two states of a line that is written over. */
const EVERY = { line: 1_000, state: 200 } as const;

/**
 * Makes a display of progress: one line that is written over on a terminal, a line a second elsewhere.
 *
 * @param size bytes of all inputs as they lie in their files; undefined when that is not known
 * @param now a clock in milliseconds that never goes back
 */
export function createProgress(target: ProgressTarget, size: number | undefined, now: () => number): Progress {
  const started = now();
  let next = started + EVERY.line;
  let shown = false;
  const hide = (): void => {
    if (shown) target.write("\r\u001B[K");
    shown = false;
  };
  return {
    hide,
    update: (totals) => {
      const time = now();
      if (time < next) return;
      next = time + (target.isTerminal ? EVERY.state : EVERY.line);
      const text = progressText(totals, size, time - started);
      hide();
      target.write(target.isTerminal ? text : `${text}\n`);
      shown = target.isTerminal;
    },
  };
}

/** How far a run is, in words. */
export function progressText(
  { events, findings, bytesRead }: Pick<RunTotals, "events" | "findings" | "bytesRead">,
  size: number | undefined,
  elapsed: number,
): string {
  const parts = [
    `${grouped(events)} events`,
    `${grouped(findings)} findings`,
    `${grouped(Math.round((events * 1_000) / Math.max(1, elapsed)))} events/s`,
  ];
  if (size === undefined || size === 0 || bytesRead === 0) return parts.join(", ");
  const share = Math.min(1, bytesRead / size);
  const left = (elapsed * (1 - share)) / share;
  return [`${Math.floor(share * 100)} %`, ...parts, `${duration(left)} left`].join(", ");
}

/** A whole number with its thousands apart. */
export const grouped = (value: number): string => String(value).replaceAll(/\B(?=(?:\d{3})+$)/g, ",");

/** Milliseconds as `12 s`, `3 min 5 s`, `3 min` or `2 h 10 min`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  const [large, small] =
    minutes < 60
      ? [`${minutes} min`, seconds % 60 === 0 ? "" : ` ${seconds % 60} s`]
      : [`${Math.floor(minutes / 60)} h`, minutes % 60 === 0 ? "" : ` ${minutes % 60} min`];
  return large + small;
}
