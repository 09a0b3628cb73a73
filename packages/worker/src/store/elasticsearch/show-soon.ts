import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Log, Timers } from "../../ports.ts";

/** Lets searches see what was written sooner than at the index's own next refresh. It promises nothing: a refresh that fails is left to the index. */
export interface ShowSoon extends AsyncDisposable {
  /** Something was written into an index, and is worth being seen at once. */
  wrote(index: string): void;
}

/** Makes what shows written documents: one refresh at a time, of all indices written into since the last one, and a pause before the next. */
export function createShowSoon(options: {
  readonly client: Pick<Cluster["client"], "indices">;
  readonly ports: { readonly timers: Timers; readonly log: Log };
  /** Milliseconds of the pause; by default 200. A refresh costs the cluster some milliseconds. */
  readonly pause?: number;
}): ShowSoon {
  const { client, ports, pause = 200 } = options;
  const closing = new AbortController();
  const written = new Set<string>();
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (written.size > 0 && !closing.signal.aborted) {
      const index = [...written];
      written.clear();
      try {
        await client.indices.refresh({ index, ignore_unavailable: true }, { signal: closing.signal });
      } catch (error) {
        ports.log.debug({ index, error: String(error) }, "what was written is shown when its index refreshes itself");
      }
      await ports.timers.sleep(pause, closing.signal);
    }
    running = undefined;
  };

  return {
    wrote(index) {
      written.add(index);
      if (!closing.signal.aborted) running ??= run();
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await running;
    },
  };
}
