import { type Alert, type DenyListEntry, describeTargets, type Incident } from "@vedette/api";
import type { SeverityLevel } from "@vedette/semconv";
import colors from "picocolors";
import { printable } from "../text-table.ts";

/** Writes the demo's story for the terminal: what attacked, what alerted, which incident, who was blocked. One line a beat. */
export interface Story {
  attackBegan(attacker: string): void;
  alerted(alert: Alert): void;
  incident(incident: Incident): void;
  blocked(entry: DenyListEntry): void;
  /** Writes what is still held back. */
  flush(): void;
}

const paint: Readonly<Record<SeverityLevel, (text: string) => string>> = {
  informational: colors.dim,
  low: colors.cyan,
  medium: colors.yellow,
  high: colors.red,
  critical: (text) => colors.bold(colors.red(text)),
};

/** Milliseconds that alerts of one address wait for each other, so that a burst is one line. */
const BURST = 1_500;

const clockTime = (time: number): string => new Date(time).toTimeString().slice(0, 8);
const addressOf = (alert: Alert): string =>
  alert.entities.find(({ kind }) => kind === "address")?.value ?? alert.entities[0]?.value ?? "";

/**
 * Makes the story.
 *
 * @param options.now Unix milliseconds
 * @param options.write takes one line
 * @param options.later calls back after milliseconds
 */
export function createStory(options: {
  readonly now: () => number;
  readonly write: (line: string) => void;
  readonly later: (milliseconds: number, callback: () => void) => void;
}): Story {
  const { now, write, later } = options;
  const begun = now();
  const told = new Set<string>();
  const waiting = new Map<string, Alert[]>();
  const line = (label: string, text: string): void =>
    write(`  ${colors.dim(`+${Math.round((now() - begun) / 1000)} s`.padStart(6))}  ${label.padEnd(9)} ${text}`);
  const once = (key: string): boolean => !told.has(key) && Boolean(told.add(key));

  const tell = (address: string): void => {
    const alerts = waiting.get(address) ?? [];
    waiting.delete(address);
    if (alerts.length === 0) return;
    const names = alerts.map(({ severity, title }) => paint[severity](`${printable(title)} (${severity})`));
    line("alert", `${printable(address)}: ${names.join(", ")}`);
  };

  return {
    attackBegan(attacker) {
      if (once(`attack ${attacker}`)) line("attack", `${attacker} begins`);
    },
    alerted(alert) {
      if (alert.mergedInto !== undefined || !once(`alert ${alert.rule.id} ${alert.suppressionKey}`)) return;
      const address = addressOf(alert);
      const alerts = waiting.get(address);
      if (alerts) alerts.push(alert);
      else {
        waiting.set(address, [alert]);
        later(BURST, () => tell(address));
      }
    },
    incident(incident) {
      if (incident.mergedInto === undefined && incident.alertIds.length > 1 && once(`incident ${incident.id}`))
        line(
          "incident",
          colors.bold(`${printable(incident.title)} (${incident.severity}, ${incident.alertIds.length} alerts so far)`),
        );
    },
    blocked(entry) {
      if (once(`blocked ${entry.id}`))
        line(
          "blocked",
          `${printable(describeTargets(entry))} until ${clockTime(entry.expiresAt)}, by the shop's guard: ${printable(entry.reason)}`,
        );
    },
    flush() {
      for (const address of waiting.keys()) tell(address);
    },
  };
}
