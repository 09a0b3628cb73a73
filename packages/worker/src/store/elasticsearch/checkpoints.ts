import type { Cluster } from "../../elasticsearch/cluster.ts";
import type { Clock } from "../../ports.ts";
import { readCurrent } from "./current-documents.ts";
import { aliasOf, dateOf, documentId } from "./names.ts";
import { storing } from "./store-failure.ts";

/** How far sources that this worker reads itself (files …) have been read. */
export interface Checkpoints {
  read(source: string): Promise<string | undefined>;
  save(source: string, checkpoint: string): Promise<void>;
}

/** Checkpoints in the `state` index. A source has one reader, so that the last one saved counts; saving the same again is safe. */
export function createCheckpoints(client: Cluster["client"], prefix: string, clock: Clock): Checkpoints {
  const index = aliasOf(prefix, "state");
  const idOf = (source: string): string => documentId(`checkpoint|${source}`);
  return {
    async read(source) {
      const wanted = [{ index, id: idOf(source) }];
      const [found] = await readCurrent<{ readonly body: { readonly checkpoint: string } }>(client, wanted);
      return found?.body.checkpoint;
    },
    async save(source, checkpoint) {
      const document = { "@timestamp": dateOf(clock.now()), kind: "checkpoint", body: { source, checkpoint } };
      await storing(`Saving the checkpoint of ${source}`, () => client.index({ index, id: idOf(source), document }));
    },
  };
}
