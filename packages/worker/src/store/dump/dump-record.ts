import type { Alert, DenyListEntry, Incident, RefusedRecord } from "@vedette/api";
import type { Episode, Fact } from "@vedette/detection";
import type { ChainRow } from "../../audit/chain.ts";
import type { RawRecord } from "../../record.ts";
import type { AlertMember, HistoryEntry, OutboxRow } from "../store.ts";

/** Version of the form of a dump. */
export const DUMP_VERSION = 1;

/** What a store knows of a fact besides the fact. Absent for one that tells no more than that it is of no rule on trial. */
export interface FactOrigin {
  /** The rule was on trial. */
  readonly shadow?: true | undefined;
  /** The event has no time of its own. */
  readonly undated?: true | undefined;
  readonly source?: string | undefined;
  /** When the event was read, Unix milliseconds. */
  readonly received?: number | undefined;
  /** Where the event stands in Elasticsearch. */
  readonly position?: { readonly index: string; readonly id: string } | undefined;
}

/** One thing that a store holds. The order of kinds in a dump, and of what counts in a kind, is that of `DUMP_KINDS` and of the store. */
export type DumpRecord =
  | {
      readonly kind: "position";
      /** What the line has dealt with; it belongs to the inbox of the store that was dumped. */
      readonly cursor: number;
      readonly inboxState?: string | undefined;
      /** Number of the last change that listeners were told of. */
      readonly changes: number;
      /** Ever refused. */
      readonly refused: number;
    }
  /** A received record; with its place in the inbox where the store that was dumped has one. */
  | { readonly kind: "record"; readonly record: RawRecord; readonly sequence?: number | undefined }
  | { readonly kind: "blob"; readonly key: string; readonly value: string }
  | { readonly kind: "fact"; readonly fact: Fact; readonly origin?: FactOrigin | undefined }
  | { readonly kind: "episode"; readonly episode: Episode }
  | { readonly kind: "alert"; readonly alert: Alert }
  | { readonly kind: "member"; readonly member: AlertMember }
  | { readonly kind: "incident"; readonly incident: Incident }
  | { readonly kind: "deny"; readonly entry: DenyListEntry; readonly revision: number }
  | { readonly kind: "effect"; readonly row: OutboxRow }
  | { readonly kind: "history"; readonly entry: HistoryEntry }
  | { readonly kind: "audit"; readonly row: ChainRow; readonly time: number }
  | { readonly kind: "answer"; readonly key: string; readonly answer: string }
  | { readonly kind: "step"; readonly id: string }
  | { readonly kind: "refused"; readonly record: RefusedRecord }
  | { readonly kind: "checkpoint"; readonly source: string; readonly value: string };

/** A kind of record. */
export type DumpKind = DumpRecord["kind"];

/** A store that can be read as a whole, at one moment. */
export interface DumpSource extends AsyncDisposable {
  records(): AsyncIterable<DumpRecord>;
}

/** An empty store that a dump can be put into. */
export interface DumpTarget extends AsyncDisposable {
  /** @throws StoreError `store-not-empty` */
  requireEmpty(): Promise<void>;
  /** Takes everything. When it rejects, the store is to be thrown away. */
  take(records: AsyncIterable<DumpRecord>): Promise<void>;
}
