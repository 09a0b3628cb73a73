import type { ElasticsearchStore } from "../../store/elasticsearch/open-elasticsearch-store.ts";
import type { Store } from "../../store/store.ts";
import type { CursorInbox } from "./cursor-inbox.ts";

/** A memory whose line reads an inbox that is not part of it: where reading goes on is committed with the cursor, and found again with the rest of the state. */
export function withCursorInbox(memory: ElasticsearchStore, inbox: CursorInbox): Store {
  return {
    ...memory,
    readInbox: (after, limit) => inbox.readInbox(after, limit),
    inboxEnd: () => inbox.inboxEnd(),
    async recover(horizon) {
      const recovered = await memory.recover(horizon);
      inbox.seek(recovered.cursor, recovered.inboxState);
      return recovered;
    },
    commit: (step) =>
      memory.commit(step.cursor === undefined ? step : { ...step, inboxState: inbox.stateAt(step.cursor) }),
    [Symbol.asyncDispose]: () => inbox[Symbol.asyncDispose](),
  };
}
