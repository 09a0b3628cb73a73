import type { Log } from "../ports.ts";

/** What there is to know about who applies the deny list. */
export interface UnguardedOptions {
  readonly log: Pick<Log, "warn">;
  /** Addresses on the deny list now. */
  readonly addresses: () => number;
  /** Guards connected now. */
  readonly guards: () => number;
}

/** The sentence for a deny list that nobody applies, or undefined when a guard is connected or the list is empty. */
export function unguarded(addresses: number, guards: number): string | undefined {
  if (guards > 0 || addresses === 0) return undefined;
  const are = addresses === 1 ? "1 address is" : `${addresses} addresses are`;
  return `${are} on the deny list and no guard is connected to apply it.`;
}

/** Makes the check to do after each publication: it warns once until a guard has been seen again. */
export function createUnguardedWarning({ log, addresses, guards }: UnguardedOptions): () => void {
  let warned = false;
  return () => {
    const sentence = unguarded(addresses(), guards());
    if (sentence === undefined) {
      if (guards() > 0) warned = false;
      return;
    }
    if (warned) return;
    warned = true;
    log.warn({ addresses: addresses() }, sentence);
  };
}
