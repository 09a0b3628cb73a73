/** A seeded source of choices: the same seed makes the same campaign. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number;
  /** A whole number, at least `low`, less than `high`. */
  between(low: number, high: number): number;
  pick<T>(list: readonly T[]): T;
  /** `count` different elements in random order; all of them when there are not so many. */
  sample<T>(list: readonly T[], count: number): readonly T[];
  /** An independent source for one client, so that clients do not disturb each other's choices. */
  fork(name: string): Random;
}

/** Makes a source of choices (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const random: Random = {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
    },
    between: (low, high) => low + Math.floor(random.next() * (high - low)),
    pick(list) {
      const element = list[random.between(0, list.length)];
      if (element === undefined) throw new RangeError("There is nothing to pick from.");
      return element;
    },
    sample(list, count) {
      const rest = [...list];
      const chosen = [];
      while (chosen.length < count && rest.length > 0) chosen.push(...rest.splice(random.between(0, rest.length), 1));
      return chosen;
    },
    fork(name) {
      let hash = seed >>> 0;
      for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
      return createRandom(hash);
    },
  };
  return random;
}
