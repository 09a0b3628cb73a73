import type { GuardDecision } from "@vedette/semconv";
import {
  createDecisionIndex,
  type DecisionIndex,
  type GuardSubject,
  type KeptDecision,
  type Unsupported,
} from "./decision-index.ts";
import { standing } from "./precedence.ts";

/** The decisions in force, looked up for every request. */
export interface GuardDecisions {
  /** The decisions that hold of a request now and are overridden by no more specific one, the one that counts most first. */
  readonly find: (subject: GuardSubject) => readonly GuardDecision[];
  /** The first decision about an address of which nothing else is known. */
  readonly match: (address: string | undefined) => GuardDecision | undefined;
  /**
   * Puts a whole new set in force.
   *
   * @param issuedAt What the clock of the worker said when it signed them: each lasts as long from now on as it had left then. Default: now.
   */
  readonly replace: (decisions: readonly GuardDecision[], issuedAt?: number) => void;
  /** Decisions in force now. */
  readonly size: () => number;
  /** Says whether any decision is kept at all, in force or over: the cheap question before each request. */
  readonly isEmpty: () => boolean;
}

/** What decisions need from outside. */
export interface GuardDecisionsOptions {
  /** Milliseconds of a clock that nobody sets back or forth. Default: the process's monotonic clock. */
  readonly now?: () => number;
  /** Told about each decision that this guard cannot apply. */
  readonly onUnknown?: (decision: GuardDecision, why: Unsupported) => void;
  /** Told how the number of decisions in force changed. */
  readonly onChange?: (difference: number) => void;
  /** Told the ids of a set that comes into force. */
  readonly onReplace?: (ids: ReadonlySet<string>) => void;
}

/** A subject of which nothing but the address is known. */
export const onlyAddress = (address: string | undefined): GuardSubject => ({
  address,
  users: [],
  sessions: [],
  apiKeys: [],
  path: undefined,
  route: undefined,
});

/** Milliseconds since 1970 as the process's start and its monotonic clock give them: nobody who sets the machine's clock moves it. */
export const monotonicNow = (): number => performance.timeOrigin + performance.now();

const NOTHING: DecisionIndex = { find: () => [] };

/**
 * Makes an empty set of decisions. Each one leaves at its own time, whether or not the worker can be reached, and whatever happens to the clock
 * of either machine: what counts is how long it had left when it was signed.
 */
export function createGuardDecisions(options: GuardDecisionsOptions = {}): GuardDecisions {
  const now = options.now ?? monotonicNow;
  let index = NOTHING;
  /** Ends of what is kept, in order. */
  let ends = new Float64Array();
  let told = 0;

  function inForce(): number {
    const time = now();
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((ends[middle] ?? 0) > time) high = middle;
      else low = middle + 1;
    }
    return ends.length - low;
  }

  function tell(): number {
    const size = inForce();
    if (size !== told) options.onChange?.(size - told);
    told = size;
    return size;
  }

  function find(subject: GuardSubject): readonly GuardDecision[] {
    if (ends.length === 0) return [];
    const found = index.find(subject);
    if (found.length === 0) return [];
    const time = now();
    const active = found.filter(({ endsAt }) => endsAt > time);
    return standing(active).map(({ decision }: KeptDecision) => decision);
  }

  return {
    find,
    match: (address) => (ends.length === 0 ? undefined : find(onlyAddress(address))[0]),
    replace(decisions, issuedAt) {
      const time = now();
      const shift = issuedAt === undefined ? 0 : time - issuedAt;
      const made = createDecisionIndex(
        decisions.filter(({ expiresAt }) => expiresAt + shift > time),
        ({ expiresAt }) => expiresAt + shift,
        options.onUnknown ?? (() => {}),
      );
      index = made.index;
      ends = Float64Array.from(made.kept, ({ endsAt }) => endsAt).sort();
      options.onReplace?.(new Set(made.kept.map(({ decision }) => decision.id)));
      tell();
    },
    size: tell,
    isEmpty: () => ends.length === 0,
  };
}
