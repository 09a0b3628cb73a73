import type { RawRecord } from "../../record.ts";

/** One step between a source and the store. */
export interface Processor {
  readonly name: string;
  /** The record as it goes on, or undefined to drop it. Records are never changed in place. */
  apply(record: RawRecord): RawRecord | undefined;
  /** The record as it goes on when `apply` threw; without this it goes on as it was. */
  whenFailed?(record: RawRecord): RawRecord;
}
