import type { Episode, Fact } from "@vedette/detection";
import type { InboxRow, Store } from "../../store/store.ts";

/** A finding that was judged before and stands in the stream of findings: a fact, or one revision of an episode. */
export interface FindingRow {
  readonly kind: "finding";
  /** 1-based, grows without bound: the order in which this reader came upon the rows. */
  readonly sequence: number;
  readonly finding: Fact | Episode;
  /** When the event of a fact was read, Unix milliseconds. */
  readonly receivedAt?: number | undefined;
  /** Name of the source of a fact. */
  readonly source: string;
  /** The rule is on trial: what it finds alerts nobody. */
  readonly shadow: boolean;
  /** The stream is read from its beginning once more: the finding may have been taken before. */
  readonly repeated?: boolean;
}

/**
 * How far a shard of a source is judged. `behind`: it holds documents that are not, or nothing is known of it. `active` and `idle`: it holds none, and its last document came
 * just now or a while ago. `stalled`: it is behind, and nobody has read it for so long that it is not waited for any more.
 */
export interface SourceShardState {
  readonly partition: string;
  readonly state: "behind" | "active" | "idle" | "stalled";
  /** Highest event time that was judged, those dated in the future left out; null before the first. Unix milliseconds. */
  readonly newest: number | null;
}

/** How far the sources are judged, read before the findings in front of this row were: no finding of what it tells is still to come. */
export interface ProgressRow {
  readonly kind: "progress";
  readonly sequence: number;
  readonly shards: readonly SourceShardState[];
}

/** What a line is fed with: records to be judged, or findings that were judged elsewhere and how far that has come. */
export type LineRow = InboxRow | FindingRow | ProgressRow;

/** A row of the stream of findings. */
export type StreamRow = FindingRow | ProgressRow;

/** The memory with the inbox that a line reads. */
export interface LineStore extends Omit<Store, "readInbox"> {
  /** Rows after a sequence in order, at most `limit`. */
  readInbox(after: number, limit: number): Promise<readonly LineRow[]>;
}

/** Whether a row holds something that was judged elsewhere. */
export const isStreamRow = (row: LineRow): row is StreamRow => "kind" in row;
