import type { Random } from "../ports.ts";

/** Milliseconds before the second attempt … */
const FIRST = 1_000;
/** … doubling up to this. */
const CAP = 5 * 60_000;

/**
 * How long to wait after a number of attempts: exponential with a cap, and between half and the whole of it by chance, so that effects that
 * failed together do not return together.
 * @returns milliseconds
 */
export function backoff(attempts: number, random: Random): number {
  const [byte = 0, second = 0] = random.bytes(2);
  const share = 0.5 + (byte * 256 + second) / 0x1_ffff;
  return Math.round(Math.min(CAP, FIRST * 2 ** Math.max(0, attempts - 1)) * share);
}
