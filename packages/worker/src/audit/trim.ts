import type { AuditContent, ChainHead, ChainRow } from "./chain.ts";

/** Action of the entry that vouches for a trail whose older part was deleted. */
export const TRIM_ACTION = "audit.trimmed";

/** The entry that must stand in the trail before its part up to `through` may go: from then on the chain begins behind it. */
export const trimContent = (through: ChainHead, time: number, before: number): AuditContent => ({
  time,
  actor: "worker",
  action: TRIM_ACTION,
  subject: "audit",
  details: { through: through.sequence, hash: through.hash, before },
});

/**
 * Where the chain begins that an entry vouches for: the last entry of the part that was deleted. Undefined for any other entry. The entry is to be verified with the rest of the
 * chain; it vouches only for what stands before it.
 */
export function trimOf(row: Pick<ChainRow, "entry">): ChainHead | undefined {
  try {
    const { action, sequence, details } = JSON.parse(row.entry) as {
      readonly action?: unknown;
      readonly sequence?: unknown;
      readonly details?: { readonly through?: unknown; readonly hash?: unknown };
    };
    const { through, hash } = details ?? {};
    if (action !== TRIM_ACTION || typeof through !== "number" || typeof hash !== "string") return undefined;
    return typeof sequence === "number" && through < sequence ? { sequence: through, hash } : undefined;
  } catch {
    return undefined;
  }
}
