import type { AuditEntry, AuditVerification } from "@vedette/api";
import { canonicalJson } from "./canonical-json.ts";
import { type ChainHead, type ChainRow, EMPTY_CHAIN, sha256 } from "./chain.ts";

/** Checks a chain row by row, in order of sequence; memory does not grow with the trail. */
export interface ChainVerifier {
  /** Takes the next row; false when it does not hold (then nothing more need be given). */
  take(row: ChainRow): boolean;
  /** Reports that the rows after the last one cannot be read. */
  unreadable(reason: string): void;
  /** The verdict, once the rows have ended. */
  finish(): AuditVerification;
}

/**
 * Makes a verifier of a whole chain.
 * @param head where the store says the chain ends (undefined when that record is unreadable); detects entries removed from, or put on, its end
 * @param anchors heads noted outside the database at earlier times, in any order; detect a chain that was rewritten as a whole
 * @param begin the last entry before the first one that is given: where an entry of the chain itself says that the part before was deleted (`trimOf`)
 */
export function createChainVerifier(
  head: ChainHead | undefined,
  anchors: readonly ChainHead[] = [],
  begin: ChainHead = EMPTY_CHAIN,
): ChainVerifier {
  const noted = new Map(anchors.map((anchor) => [anchor.sequence, anchor.hash]));
  const lastNoted = Math.max(0, ...noted.keys());
  let last: ChainHead = begin;
  let broken: { readonly at: number; readonly reason: string } | undefined;

  const breakAt = (at: number, reason: string): false => {
    broken ??= { at, reason };
    return false;
  };

  return {
    take(row) {
      if (broken) return false;
      const expected = last.sequence + 1;
      if (row.sequence > expected) {
        return breakAt(expected, missing(expected, row.sequence - 1));
      }
      const fault = faultOf(row, last);
      if (fault) return breakAt(expected, fault);
      if (head && row.sequence > head.sequence)
        return breakAt(row.sequence, "the store's record of the chain's end does not know this entry");
      const anchor = noted.get(row.sequence);
      if (anchor !== undefined && anchor !== row.hash)
        return breakAt(row.sequence, "an anchor outside the database names another hash for this entry");
      last = { sequence: row.sequence, hash: row.hash };
      return true;
    },
    unreadable(reason) {
      breakAt(last.sequence + 1, reason);
    },
    finish() {
      if (!broken) {
        const end = Math.max(head?.sequence ?? 0, lastNoted);
        if (last.sequence < end) breakAt(last.sequence + 1, missing(last.sequence + 1, end));
        else if (!head) breakAt(last.sequence + 1, "the store's record of the chain's end is damaged");
        else if (last.hash !== head.hash)
          breakAt(last.sequence, "the store's record of the chain's end names another hash");
      }
      return broken
        ? { ok: false, entries: last.sequence - begin.sequence, brokenAt: broken.at, reason: broken.reason }
        : { ok: true, entries: last.sequence - begin.sequence };
    },
  };
}

const missing = (from: number, to: number): string =>
  from === to ? `entry ${from} is missing` : `entries ${from} to ${to} are missing`;

/** Why a row does not hold after `last`, or undefined when it does. */
function faultOf(row: ChainRow, last: ChainHead): string | undefined {
  // The hash first: it covers every byte, what follows only what the bytes mean.
  if (sha256(row.entry) !== row.hash) return "its hash does not fit its content";
  let entry: Omit<AuditEntry, "hash">;
  try {
    entry = JSON.parse(row.entry) as Omit<AuditEntry, "hash">;
  } catch {
    return "it is not an entry";
  }
  if (typeof entry !== "object" || entry === null || canonicalJson(entry) !== row.entry)
    return "it is not in canonical form";
  if (entry.sequence !== row.sequence || row.sequence !== last.sequence + 1) return "it is out of place";
  if (entry.previousHash !== last.hash) return "it does not link to the entry before it";
  return undefined;
}
