import type { JsonValue } from "@vedette/detection";

/**
 * The right of one worker to work on one thing (a shard of a source, a partition of the correlations, a tenant's alerts), and what it has come to. Right and
 * progress are one document that is only ever changed by compare-and-set: who has lost the right cannot move the progress either, however late it wakes.
 */
export interface Lease {
  readonly resource: string;
  /** Grows by one with each owner. */
  readonly epoch: number;
  /** What was saved last, by whichever owner; undefined for a new resource. */
  readonly payload: JsonValue | undefined;
  /**
   * Saves progress, which also renews the lease. While the cluster cannot be reached it is tried again until the lease runs out.
   *
   * @throws LeaseLostError when another worker has taken the resource, or the lease ran out: nothing is changed by this call then
   * @throws RangeError when the payload is larger than `MAX_PAYLOAD_BYTES`
   */
  save(payload: JsonValue): Promise<void>;
  /** Aborts when the lease is lost, or was not renewed in time; what is under way is to be dropped. */
  readonly lost: AbortSignal;
  /** Aborts when another worker has too little to do: `work` should save where it is and return at its next good moment. It is stopped if it does not. */
  readonly recalled: AbortSignal;
  /** Gives it back, so that another worker need not wait for it to expire. */
  release(): Promise<void>;
}

/** What a lease document says, for `status` and for whoever has to wait for others' progress. */
export interface LeaseView {
  readonly resource: string;
  readonly owner: string | undefined;
  readonly epoch: number;
  readonly payload: JsonValue | undefined;
}

/** Shares resources out among the workers of a cluster. */
export interface Leases extends AsyncDisposable {
  /** Name of this worker, unique for each start. */
  readonly worker: string;
  /**
   * Names the resources of a kind (`source`, `correlate`, `case` …) that there are now; the set may change with each call. `work` runs for each one while this worker holds
   * it; when it rejects, or the lease is lost, the resource is given back and taken again later. A kind's resources are shared out evenly among the workers that offer it.
   */
  offer(kind: string, resources: readonly string[], work: (lease: Lease) => Promise<void>): void;
  /** Lease documents of a kind as they stand now (read by id, so never stale). */
  view(resources: readonly string[]): Promise<readonly LeaseView[]>;
}

/** Largest payload of a lease, as bytes of JSON: it is written again with every renewal. */
export const MAX_PAYLOAD_BYTES = 262_144;

/** Another worker has the resource now, or may have it. */
export class LeaseLostError extends Error {
  override readonly name = "LeaseLostError";
}
