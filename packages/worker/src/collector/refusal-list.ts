import type { Clock, Log } from "../ports.ts";
import type { RefusedInput } from "../record.ts";
import type { Store } from "../store/store.ts";
import { createAllowance } from "./allowance.ts";

/** What a list of refused input needs. */
export interface RefusalListOptions {
  readonly store: Pick<Store, "refuse">;
  readonly clock: Clock;
  readonly log: Log;
  /** Most entries of one reason in a minute. */
  readonly perMinute: number;
}

/** Lists refused input in the store, not more than so much a minute: a flood must not fill the disk. Counting is the caller's. */
export interface RefusalList {
  /** Lists what may be listed; never rejects, because the input was refused whether or not that could be written down. */
  add(inputs: readonly RefusedInput[]): Promise<void>;
}

/** Creates a list with all of this minute's places free. */
export const createRefusalList = ({ store, clock, log, perMinute }: RefusalListOptions): RefusalList => {
  const mayList = createAllowance(clock, perMinute);
  return {
    async add(inputs) {
      const wanted = inputs.filter(({ reason }) => mayList(reason));
      if (wanted.length === 0) return;
      try {
        await store.refuse(wanted);
      } catch (error) {
        log.error({ error, count: wanted.length }, "refused input could not be listed; it is counted");
      }
    },
  };
};
