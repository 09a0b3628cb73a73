import type { Examples } from "./checkout.ts";
import { type DemoChild, startChild } from "./child.ts";

/** What the demo reads of the attacker's report (its last line with `--json`). */
export interface CampaignReport {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly stages: readonly {
    readonly attacker: string;
    readonly stage: string;
    readonly requests: number;
    readonly answers: Readonly<Record<string, number>>;
  }[];
  readonly blocked: readonly { readonly attacker: string; readonly at: number; readonly requestsBefore: number }[];
  readonly ordinary: {
    readonly customers: number;
    readonly addresses: readonly string[];
    readonly requests: number;
    readonly asExpected: number;
    readonly unexpected: number;
  };
}

/** The traffic of the demo while it runs. */
export interface Campaign {
  readonly child: DemoChild;
  /** Rejects when the attacker ends without a report. */
  readonly report: Promise<CampaignReport>;
  /** Addresses that attacked so far. */
  readonly attackers: ReadonlySet<string>;
}

type Line =
  | { readonly kind: "finished"; readonly report: CampaignReport }
  | { readonly kind: "stage_started"; readonly attacker: string }
  | { readonly kind: "other" };

/** Starts ordinary customers and attackers against the shop. */
export function startCampaign(
  examples: Examples,
  options: {
    readonly target: string;
    readonly seconds: number;
    readonly seed: number;
    /** The loud and the quiet attacker. */
    readonly attackers: readonly [string, string];
    readonly onAttacker: (address: string) => void;
  },
): Campaign {
  const { promise, resolve, reject } = Promise.withResolvers<CampaignReport>();
  const attackers = new Set<string>();
  const child = startChild(examples.attacker, {
    parameters: [
      "--json",
      "--target",
      options.target,
      "--seconds",
      String(options.seconds),
      "--seed",
      String(options.seed),
      "--attackers",
      options.attackers.join(","),
    ],
    onLine(text) {
      let line: Line;
      try {
        line = JSON.parse(text) as Line;
      } catch {
        // A warning of the runtime or the like: nothing of the campaign.
        return;
      }
      if (line.kind === "finished") resolve(line.report);
      else if (line.kind === "stage_started" && !attackers.has(line.attacker)) {
        attackers.add(line.attacker);
        options.onAttacker(line.attacker);
      }
    },
  });
  void child.ended.then((code) =>
    reject(new Error(`the attacker ended with code ${code} and without a report: ${child.errors()}`)),
  );
  // Nobody may be listening yet when the child fails at once.
  promise.catch(() => {});
  return { child, report: promise, attackers };
}
