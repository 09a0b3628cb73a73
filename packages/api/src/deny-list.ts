import type { GuardRate, GuardTarget } from "@vedette/semconv";
import type { DenyListEntry } from "./schemas.ts";

/** What a guard does, or `off`. */
export type DenyAction = NonNullable<DenyListEntry["action"]>;

/** The parts of an entry that say what is done to whom. */
export interface Denied {
  readonly action?: DenyAction | undefined;
  readonly address?: string | undefined;
  readonly targets?: readonly GuardTarget[] | undefined;
  readonly rate?: GuardRate | undefined;
  readonly label?: string | undefined;
}

/** What is done: a block where the entry does not say. */
export const actionOf = ({ action }: Denied): DenyAction => action ?? "block";

/** What a request must be about for it to be done. */
export const targetsOf = ({ address, targets }: Denied): readonly GuardTarget[] =>
  targets ?? (address === undefined ? [] : [{ kind: "client.address", value: address }]);

const NOUNS: Readonly<Record<GuardTarget["kind"], string>> = {
  "client.address": "",
  "user.hash": "user ",
  "session.id": "session ",
  "vedette.api_key.hash": "API key ",
  "http.route": "",
};

/** Hex digits of a pseudonym that people are shown where they know the name. */
const SHORT = 8;

/** Whom or what an entry is about, in words: `203.0.113.7 on /login`, `user ada (3f2a91c0)`. */
export function describeTargets(entry: Denied): string {
  const targets = targetsOf(entry);
  if (targets.length === 0) return "all guards";
  const route = targets.find(({ kind }) => kind === "http.route");
  const named = targets
    .filter((target) => target !== route)
    .map(({ kind, value }, index) => {
      if (entry.label === undefined || index > 0 || kind === "client.address") return `${NOUNS[kind]}${value}`;
      return `${NOUNS[kind]}${entry.label} (${value.slice(0, SHORT)})`;
    });
  if (route === undefined) return named.join(", ");
  return named.length === 0 ? `everybody on ${route.value}` : `${named.join(", ")} on ${route.value}`;
}

const NAMES: Readonly<Record<DenyAction, string>> = {
  block: "block",
  end_session: "end",
  step_up: "step-up",
  throttle: "throttle",
  observe: "observation",
  off: "switching off",
};

/** What an entry is, in words: `block of 203.0.113.7`. */
export const nameEntry = (entry: Denied): string => `${NAMES[actionOf(entry)]} of ${describeTargets(entry)}`;

/** What an entry does, in words: `Blocked 203.0.113.7`, `Throttled 203.0.113.7 on /login to 10 requests in 60 s`. */
export function describeEntry(entry: Denied): string {
  const whom = describeTargets(entry);
  switch (actionOf(entry)) {
    case "block":
      return `Blocked ${whom}`;
    case "end_session":
      return `Ended ${whom}`;
    case "step_up":
      return `Asked ${whom} for a step-up`;
    case "throttle":
      return `Throttled ${whom}${entry.rate === undefined ? "" : ` to ${describeRate(entry.rate)}`}`;
    case "observe":
      return `Observed ${whom}`;
    case "off":
      return "Switched all guards off";
  }
}

const describeRate = ({ limit, seconds }: GuardRate): string => `${limit} requests in ${seconds} s`;
