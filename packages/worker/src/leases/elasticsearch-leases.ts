import type { JsonValue } from "@vedette/detection";
import type { Cluster } from "../elasticsearch/cluster.ts";
import { calling } from "../elasticsearch/errors.ts";
import { steadyClock } from "../ports-node.ts";
import type { Clock, Ports } from "../ports.ts";
import { createElasticsearchDocuments } from "./elasticsearch-documents.ts";
import type { Leases } from "./lease.ts";
import type { LeaseDocument, MemberDocument } from "./lease-documents.ts";
import { createLeases } from "./leases.ts";

/** What leases in a cluster need. */
export interface ElasticsearchLeasesOptions {
  readonly cluster: Pick<Cluster, "client">;
  /** Begins the names of our indices, e.g. `vedette`. */
  readonly prefix: string;
  readonly ports: Pick<Ports, "clock" | "timers" | "random" | "log">;
  /** A clock that never jumps; by default the machine's. */
  readonly steady?: Clock;
  /** Milliseconds for which a lease's document must stand unchanged before another worker takes it. By default 6,000. */
  readonly ttl?: number;
  /** Milliseconds between renewals, by default 1,500. */
  readonly renew?: number;
  /** Told of a lease that was not given back but lost, with its kind. */
  readonly onLost?: (kind: string) => void;
}

/** Name of the index of leases. */
export const leasesIndex = (prefix: string): string => `${prefix}-leases`;

/** Name of the index of workers that live. */
export const workersIndex = (prefix: string): string => `${prefix}-workers`;

/** Mapping of the index of leases; what a lease's payload holds is not indexed. */
export const LEASE_PROPERTIES = {
  "@timestamp": { type: "date" },
  resource: { type: "keyword" },
  owner: { type: "keyword" },
  epoch: { type: "long" },
  beat: { type: "long" },
  payload: { type: "object", enabled: false },
} as const;

/** Mapping of the index of workers. */
export const WORKER_PROPERTIES = {
  "@timestamp": { type: "date" },
  worker: { type: "keyword" },
  beat: { type: "long" },
  wanted: { type: "object", enabled: false },
} as const;

/** Leases kept in a cluster: one document for each resource, changed by compare-and-set alone. Both indices are made when they are missing. */
export function createElasticsearchLeases(options: ElasticsearchLeasesOptions): Leases {
  const { cluster, prefix, ports, ttl = 6_000, renew = 1_500 } = options;
  const requestTimeout = Math.max(500, Math.round(ttl / 3));
  const { client } = cluster;
  return createLeases({
    documents: createElasticsearchDocuments<LeaseDocument>({
      client,
      index: leasesIndex(prefix),
      properties: LEASE_PROPERTIES,
      requestTimeout,
    }),
    members: createElasticsearchDocuments<MemberDocument>({
      client,
      index: workersIndex(prefix),
      properties: WORKER_PROPERTIES,
      requestTimeout,
    }),
    worker: Buffer.from(ports.random.bytes(8)).toString("hex"),
    steady: options.steady ?? steadyClock,
    clock: ports.clock,
    timers: ports.timers,
    log: ports.log,
    ttl,
    renew,
    onLost: options.onLost,
  });
}

/** A resource that has, or had, a lease. */
export interface RememberedResource {
  readonly resource: string;
  readonly payload: JsonValue | undefined;
}

/** Most resources that are remembered in one answer. */
const MAX_REMEMBERED = 10_000;

/**
 * Resources of a kind that ever had a lease, those that are gone with them, the ones written last first; one that came within the last second may be missing.
 *
 * @throws ElasticsearchError
 */
export async function rememberedResources(
  cluster: Pick<Cluster, "client">,
  prefix: string,
  kind: string,
): Promise<readonly RememberedResource[]> {
  const { hits } = await calling("Listing leases", () =>
    cluster.client.search<LeaseDocument>({
      index: leasesIndex(prefix),
      ignore_unavailable: true,
      size: MAX_REMEMBERED,
      query: { prefix: { resource: `${kind}/` } },
      sort: [{ "@timestamp": { order: "desc", unmapped_type: "date" } }],
      _source: ["resource", "payload"],
    }),
  );
  return hits.hits.flatMap(({ _source }) =>
    _source === undefined ? [] : [{ resource: _source.resource, payload: _source.payload ?? undefined }],
  );
}
