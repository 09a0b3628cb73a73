import type { RawRecord, RefusedInput } from "../../record.ts";
import type { AppendResult, Store } from "../../store/store.ts";

/** The part of a store that sources write to, in memory: each event id once, a source's checkpoint with its records. */
export interface MemoryInbox extends Pick<Store, "append" | "appendFrom" | "checkpoint" | "refuse"> {
  readonly records: RawRecord[];
  readonly refused: RefusedInput[];
  readonly checkpoints: Map<string, string>;
  /** Set to make every write reject with it. */
  failure: Error | undefined;
  /** Called before each write; a write waits for what it returns. */
  gate: (() => Promise<void>) | undefined;
}

/** Creates an empty inbox. */
export const createMemoryInbox = (): MemoryInbox => {
  const known = new Set<string>();
  const inbox: MemoryInbox = {
    records: [],
    refused: [],
    checkpoints: new Map(),
    failure: undefined,
    gate: undefined,
    async append(records) {
      await inbox.gate?.();
      if (inbox.failure !== undefined) throw inbox.failure;
      const result: AppendResult = { appended: 0, duplicate: 0 };
      const counts = { ...result };
      for (const record of records) {
        if (known.has(record.id)) counts.duplicate += 1;
        else {
          known.add(record.id);
          inbox.records.push(record);
          counts.appended += 1;
        }
      }
      return counts;
    },
    async appendFrom(source, checkpoint, records) {
      const result = await inbox.append(records);
      inbox.checkpoints.set(source, checkpoint);
      return result;
    },
    async checkpoint(source) {
      return inbox.checkpoints.get(source);
    },
    async refuse(inputs) {
      if (inbox.failure !== undefined) throw inbox.failure;
      inbox.refused.push(...inputs);
    },
  };
  return inbox;
};
