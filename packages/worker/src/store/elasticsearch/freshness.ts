import type { Cluster } from "../../elasticsearch/cluster.ts";
import { requireWhole } from "../../elasticsearch/errors.ts";
import { reading } from "./store-failure.ts";

/** Lets a search see what this process has written: an index is refreshed before it is searched if something was written into it since. */
export interface Freshness {
  /** Notes that something was written. */
  wrote(index: string): void;
  /** Refreshes those of the indices that were written into; `pattern` names them all. */
  before(pattern: string): Promise<void>;
}

/** Makes a record of what this process has written. */
export function createFreshness(client: Cluster["client"]): Freshness {
  const written = new Set<string>();
  return {
    wrote: (index) => void written.add(index),
    async before(pattern) {
      const matches = pattern.endsWith("*")
        ? (index: string) => index.startsWith(pattern.slice(0, -1))
        : (index: string) => index === pattern;
      const stale = [...written].filter(matches);
      if (stale.length === 0) return;
      for (const index of stale) written.delete(index);
      const doing = `Refreshing ${pattern}`;
      try {
        await reading(doing, async () =>
          requireWhole(await client.indices.refresh({ index: stale, ignore_unavailable: true }), doing),
        );
      } catch (error) {
        for (const index of stale) written.add(index);
        throw error;
      }
    },
  };
}
