import type { Clock } from "../ports.ts";
import type { DocumentVersion, LeaseDocument, StoredDocument, VersionedDocuments } from "./lease-documents.ts";

/** What was seen of a resource that this worker does not hold. */
export interface Observation {
  /** Undefined when nobody has it. */
  readonly owner: string | undefined;
  /** Nobody has it, or its owner has not renewed it for so long that it has stopped by its own clock. */
  readonly isFree: boolean;
  /** Of the document that was seen; undefined when there is none. */
  readonly version: DocumentVersion | undefined;
}

const WATCHED = ["owner", "epoch", "beat"] as const;

/** Watches leases of others. One has expired when its document has not changed for a time on this process's own clock; clocks are never compared. */
export class ObservedLeases {
  readonly #documents: Pick<VersionedDocuments<LeaseDocument>, "read">;
  readonly #steady: Clock;
  readonly #ttl: number;
  readonly #seen = new Map<string, { mark: string; changedAt: number }>();

  constructor(documents: Pick<VersionedDocuments<LeaseDocument>, "read">, steady: Clock, ttl: number) {
    this.#documents = documents;
    this.#steady = steady;
    this.#ttl = ttl;
  }

  /** Looks at resources; what is not asked for is forgotten. Rejects when it cannot be known. */
  async look(worker: string, resources: readonly string[]): Promise<ReadonlyMap<string, Observation>> {
    const begun = this.#steady.now();
    const found = resources.length === 0 ? [] : await this.#documents.read(resources, WATCHED);
    const ended = this.#steady.now();
    const asked = new Set(resources);
    for (const resource of this.#seen.keys()) if (!asked.has(resource)) this.#seen.delete(resource);
    return new Map(
      resources.map((resource, index) => [resource, this.#observe(worker, resource, found[index], begun, ended)]),
    );
  }

  #observe(
    worker: string,
    resource: string,
    stored: StoredDocument<LeaseDocument> | undefined,
    begun: number,
    ended: number,
  ): Observation {
    const owner = stored?.document.owner ?? undefined;
    if (stored === undefined || owner === undefined) {
      this.#seen.delete(resource);
      return { owner: undefined, isFree: true, version: stored?.version };
    }
    // This worker's own, but not held: it ran out here, or the write that took it arrived late.
    const { version } = stored;
    if (owner === worker) return { owner, isFree: true, version };
    const mark = `${version.primaryTerm}:${version.seqNo}`;
    const seen = this.#seen.get(resource);
    if (seen === undefined || seen.mark !== mark) {
      this.#seen.set(resource, { mark, changedAt: ended });
      return { owner, isFree: false, version };
    }
    return { owner, isFree: begun - seen.changedAt >= this.#ttl, version };
  }
}
