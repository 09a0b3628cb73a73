import { actionOf, type Denied, type DenyAction, type DenyListEntry, targetsOf } from "@vedette/api";
import type { GuardRate, GuardTarget, GuardTargetKind } from "@vedette/semconv";
import { canonicalNetwork } from "./address-list.ts";

/** What is to be done to whom, checked and in one spelling. */
export interface Measure {
  readonly action: DenyAction;
  readonly targets: readonly GuardTarget[];
  readonly rate?: GuardRate | undefined;
}

/** Characters of a value that guards are sent; pseudonyms have 32. */
const LONGEST_VALUE = 512;

/** One spelling for a target; undefined when its value is none. */
export function canonicalTarget({ kind, value }: GuardTarget): GuardTarget | undefined {
  if (kind === "client.address") {
    const network = canonicalNetwork(value);
    return network === undefined ? undefined : { kind, value: network };
  }
  return value.trim() === "" || value.length > LONGEST_VALUE ? undefined : { kind, value };
}

/**
 * What names a measure: the same again extends it. A block of an address alone is named by the address.
 */
export function measureKey(measure: Denied): string {
  const targets = targetsOf(measure);
  const action = actionOf(measure);
  const [first] = targets;
  if (action === "block" && targets.length === 1 && first?.kind === "client.address") return first.value;
  return [action, ...targets.map(({ kind, value }) => `${kind}=${value}`).sort()].join(" ");
}

/** How an entry writes a measure: an address alone in short. */
export function entryFields({
  action,
  targets,
  rate,
}: Measure): Pick<DenyListEntry, "action" | "address" | "targets" | "rate"> {
  const [first] = targets;
  const address = targets.length === 1 && first?.kind === "client.address" ? first.value : undefined;
  return {
    ...(action === "block" ? {} : { action }),
    ...(address === undefined ? { targets: targets.map(({ kind, value }) => ({ kind, value })) } : { address }),
    ...(rate === undefined ? {} : { rate }),
  };
}

/** The value of a measure's target of a kind. */
export const targetValue = ({ targets }: Pick<Measure, "targets">, kind: GuardTargetKind): string | undefined =>
  targets.find((target) => target.kind === kind)?.value;

/**
 * Says what is wrong with a measure; undefined when nothing is.
 */
export function whatIsWrong({ action, targets, rate }: Measure): string | undefined {
  if (action === "off")
    return targets.length === 0 ? undefined : "Switching the guards off is about nobody in particular.";
  if (targets.length === 0) return "It is about nobody: give an address or targets.";
  const kinds = targets.map(({ kind }) => kind);
  if (new Set(kinds).size < kinds.length)
    return "Of each kind there can be one target only: a request must be about all of them.";
  if (action === "end_session" && !kinds.some((kind) => kind === "session.id" || kind === "vedette.api_key.hash"))
    return "A session is ended by session.id or vedette.api_key.hash.";
  if (action === "throttle" && rate === undefined) return "A throttle needs a rate.";
  if (action !== "throttle" && rate !== undefined) return "Only a throttle has a rate.";
  return undefined;
}
