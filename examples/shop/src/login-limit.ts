/** Says whether one more attempt of an address is allowed now. */
export type LoginLimit = (address: string) => boolean;

const WINDOW = 60_000;
const MAX_ADDRESSES = 10_000;

/**
 * Allows each address a number of attempts in each minute. The oldest address is forgotten beyond 10,000 of them.
 *
 * @param now Unix milliseconds.
 */
export function createLoginLimit(attemptsPerMinute: number, now: () => number): LoginLimit {
  const windows = new Map<string, { start: number; count: number }>();
  return (address) => {
    const time = now();
    const window = windows.get(address);
    if (window !== undefined && time - window.start < WINDOW) {
      window.count += 1;
      return window.count <= attemptsPerMinute;
    }
    windows.delete(address);
    windows.set(address, { start: time, count: 1 });
    if (windows.size > MAX_ADDRESSES) {
      const oldest = windows.keys().next();
      if (oldest.done !== true) windows.delete(oldest.value);
    }
    return attemptsPerMinute >= 1;
  };
}
