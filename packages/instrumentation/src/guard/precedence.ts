import { GUARD_ACTIONS } from "@vedette/semconv";
import type { KeptDecision } from "./decision-index.ts";

/**
 * Puts the decisions that hold of one request in the order in which they count, and leaves out those that a more specific one overrides.
 *
 * One overrides another when it names all the kinds of target that the other names, an address at least as exactly, and something more: a kind of its own or a longer
 * prefix. So `observe` for one address is an exception from `block` for its network. Decisions that are not comparable in this way (a user's and
 * an address's, say) all stand. Those that stand are ordered by action, the strictest first, then by their end, the latest first, then by id.
 */
export function standing(found: readonly KeptDecision[]): readonly KeptDecision[] {
  if (found.length < 2) return found;
  return found
    .filter((one) => !found.some((other) => overrides(other, one)))
    .toSorted(
      (a, b) =>
        GUARD_ACTIONS.indexOf(a.decision.action) - GUARD_ACTIONS.indexOf(b.decision.action) ||
        b.endsAt - a.endsAt ||
        (a.decision.id < b.decision.id ? -1 : 1),
    );
}

/** Both hold of the same request, so that of one kind they name the same, and of two prefixes the longer lies in the shorter. */
function overrides(specific: KeptDecision, general: KeptDecision): boolean {
  if ((general.kinds & ~specific.kinds) !== 0 || specific.bits < general.bits) return false;
  return specific.kinds !== general.kinds || specific.bits > general.bits;
}
