import type { Episode } from "@vedette/detection";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import type { JournalOptions } from "./journal.ts";
import { openJournal } from "./journal.ts";
import { blobPuts, episodePut } from "./resolve-step.ts";
import { readBlobs } from "./stored-blobs.ts";

/** What a line without alerts of its own commits in one step: whole or not at all. */
export interface LineStep {
  /** Names this step and no other; a repeated one is not made again. */
  readonly id: string;
  /** Everything that the line reads is dealt with up to here. Never taken back. */
  readonly cursor?: number | undefined;
  /** Text that belongs to the cursor. */
  readonly inboxState?: string | undefined;
  /** Blobs of the line's fold by key; null removes one. */
  readonly blobs?: readonly { readonly key: string; readonly value: string | null }[];
  /** Newest revisions of episodes. */
  readonly episodes?: readonly Episode[];
  /** Whatever else is to be written, e.g. findings: creates, or puts whose versions only grow. It is done again after a crash. */
  readonly operations?: readonly WriteOperation[];
}

/** What a line needs to go on. */
export interface RecoveredLine {
  /** Number of the last step, 0 before the first. */
  readonly step: number;
  readonly cursor: number;
  readonly inboxState?: string | undefined;
  readonly blobs: ReadonlyMap<string, string>;
}

/** The journal of a line whose state is blobs, e.g. a partition of the correlations. */
export interface LineJournal extends AsyncDisposable {
  /** Finds where the line stands, whoever made its last step, and finishes that. Clears what was fenced. @throws StoreError */
  recover(): Promise<RecoveredLine>;
  /** @throws StoreError `store-fenced` when another worker went on: throw the state away and `recover`. A retryable one: commit the same step again. */
  commit(step: LineStep): Promise<void>;
}

type Carry = { readonly cursor: number; readonly inboxState: string | null };

/** Opens the journal of a line; nothing is asked of the cluster before the first call. */
export function openLineJournal(options: JournalOptions): LineJournal {
  const { cluster, prefix, line, ports } = options;
  const journal = openJournal<Carry>(options);
  return {
    async recover() {
      const { step, carry } = await journal.recover();
      const blobs = await readBlobs(cluster.client, prefix, line);
      const { cursor = 0, inboxState = null } = carry ?? {};
      return { step, cursor, ...(inboxState === null ? {} : { inboxState }), blobs };
    },
    async commit({ id, cursor, inboxState, blobs = [], episodes = [], operations = [] }) {
      await journal.commit(id, async (step, before = { cursor: 0, inboxState: null }) => {
        const moves = inboxState !== undefined && cursor !== undefined && cursor >= before.cursor;
        return {
          operations: [
            ...operations,
            ...episodes.map((episode) => episodePut(episode, { prefix, line })),
            ...blobPuts(blobs, { prefix, line, step, now: ports.clock.now() }),
          ],
          carry: {
            cursor: Math.max(before.cursor, cursor ?? 0),
            inboxState: moves ? inboxState : before.inboxState,
          },
          changes: [],
        };
      });
    },
    [Symbol.asyncDispose]: () => journal.close(),
  };
}
