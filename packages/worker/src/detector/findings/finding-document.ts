import type { Episode, Fact } from "@vedette/detection";

/** Where in Elasticsearch the event of a fact stands, so that it can be fetched again; alerts hold no copy of it. */
export interface EventPosition {
  readonly index: string;
  readonly id: string;
}

/**
 * A finding as it stands in the findings indices: written once, never changed. A fact is one document; each revision of an episode is one. The indices are plain ones, named by
 * the month of the finding's event time, so that the same finding made again meets itself.
 */
export interface FindingDocument {
  readonly "@timestamp": string;
  readonly event: { readonly kind: "signal"; readonly id?: string };
  readonly rule: { readonly id: string; readonly name: string; readonly version: string };
  readonly vedette: {
    readonly finding: {
      readonly id: string;
      readonly kind: "fact" | "episode";
      /** 0 for a fact. */
      readonly revision: number;
      readonly level: string;
      /** False when the rule only feeds correlations. */
      readonly alerts: boolean;
      /** The rule is on trial: recorded, never alerting. */
      readonly shadow: boolean;
      /**
       * Hash of `body` without its id, and without its time where the event has none of its own: two findings with one id and different hashes are two
       * judgements of an event that was changed in between.
       */
      readonly content_hash: string;
      readonly source: string;
      /** When the event was read, Unix milliseconds: whether it is dated in the future is judged by this. Absent for an episode. */
      readonly received?: number;
      /** Absent for an episode. */
      readonly position?: EventPosition;
      /** The whole finding, not indexed. */
      readonly body: Fact | Episode;
    };
  };
}

/** What stage one has come to on one shard; the payload of its lease. */
export interface ShardProgress {
  readonly position: { readonly historyUuid: string; readonly checkpoint: number };
  /** Name of the partition that the watermark is kept for: the shard. */
  readonly partition: string;
  /** Highest event time seen, those dated in the future left out, and when the last event was read. Unix milliseconds; null before the first. */
  readonly newest: number | null;
  readonly lastReceived: number | null;
  readonly counters: Readonly<Record<string, number>>;
  /** Sequence numbers that were judged, and with which set of rules (hash of their ids and revisions), oldest first. */
  readonly judged: readonly { readonly from: number; readonly to: number; readonly ruleSet: string }[];
  /** Sequence number after which reading began, when the shard was first read. */
  readonly began?: number;
  /** Nothing was known to be left when this was saved. */
  readonly caughtUp?: boolean;
}
