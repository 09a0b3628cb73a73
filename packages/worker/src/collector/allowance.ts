import type { Clock } from "../ports.ts";

/** Makes a function that says yes so many times a minute for each name, and no beyond that. */
export const createAllowance = (clock: Clock, perMinute: number): ((name: string) => boolean) => {
  let minute = 0;
  const used = new Map<string, number>();
  return (name) => {
    const now = Math.floor(clock.now() / 60_000);
    if (now !== minute) {
      minute = now;
      used.clear();
    }
    const count = (used.get(name) ?? 0) + 1;
    used.set(name, count);
    return count <= perMinute;
  };
};
