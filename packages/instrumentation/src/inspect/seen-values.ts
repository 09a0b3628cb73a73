/** Remembers values that were found to be harmless, so that what a client sends with every request is inspected once. */
export interface SeenValues {
  has(value: string): boolean;
  add(value: string): void;
}

const MAX_LENGTH = 512;

/**
 * Makes an empty memory of two generations: the older one is forgotten when the younger one is full, and a value that is asked for again
 * moves on to the younger. Nobody can make it grow, only make it forget.
 *
 * @param size Values in one generation.
 */
export function createSeenValues(size: number): SeenValues {
  let young = new Set<string>();
  let old = new Set<string>();
  const seen: SeenValues = {
    has(value) {
      if (young.has(value)) return true;
      if (!old.has(value)) return false;
      seen.add(value);
      return true;
    },
    add(value) {
      if (value.length > MAX_LENGTH) return;
      if (young.size >= size) {
        old = young;
        young = new Set();
      }
      young.add(value);
    },
  };
  return seen;
}
