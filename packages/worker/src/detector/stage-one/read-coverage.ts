import type { JsonValue } from "@vedette/detection";
import type { ShardSight } from "../../collector/elasticsearch/shard-tail.ts";
import type { Leases } from "../../leases/lease.ts";
import type { VersionedDocuments } from "../../leases/lease-documents.ts";
import { type Coverage, coverageOf, type CoverageShard } from "./coverage.ts";
import type { FilledShardDocument } from "./filled-ranges.ts";
import { progressOf } from "./follow-shard.ts";
import { FORGOTTEN_RULES } from "./judged-ranges.ts";
import type { RuleRevision, RuleSetDocument } from "./rule-set.ts";
import { shardResource } from "./stage-one.ts";

/** A shard as whoever looks at the cluster knows it. */
export type KnownShard = Pick<CoverageShard, "resource" | "source" | "index" | "shard" | "globalCheckpoint" | "exists">;

/** Reads the ledger of coverage. */
export interface CoverageReader {
  /** Which rules looked at which events of shards, by what is saved now. Rejects when that cannot be read. */
  read(rules: readonly RuleRevision[], shards: readonly KnownShard[]): Promise<Coverage>;
}

/** Makes the reader; sets of rules never change, and are read once. */
export function createCoverageReader({
  leases,
  ruleSets,
  filledRanges,
}: {
  readonly leases: Pick<Leases, "view">;
  readonly filledRanges: Pick<VersionedDocuments<FilledShardDocument>, "read">;
  readonly ruleSets: Pick<VersionedDocuments<RuleSetDocument>, "read">;
}): CoverageReader {
  const known = new Map<string, ReadonlyMap<string, string>>();

  const learn = async (hashes: ReadonlySet<string>): Promise<void> => {
    const missing = [...hashes].filter((hash) => hash !== FORGOTTEN_RULES && !known.has(hash));
    if (missing.length === 0) return;
    for (const [at, stored] of (await ruleSets.read(missing)).entries()) {
      const hash = missing[at];
      if (stored === undefined || hash === undefined) continue;
      known.set(hash, new Map(stored.document.vedette.rule_set.rules.map(({ id, revision }) => [id, revision])));
    }
  };

  return {
    async read(rules, shards) {
      const resources = shards.map(({ resource }) => resource);
      const [views, filled] = await Promise.all([leases.view(resources), filledRanges.read(resources)]);
      const found = shards.map((shard, at): CoverageShard => {
        const view = views[at];
        return {
          ...shard,
          progress: progressOf(view?.payload),
          owner: view?.owner,
          filled: filled[at]?.document.ranges,
        };
      });
      const used = new Set(found.flatMap(ruleSetsOf));
      await learn(used);
      for (const hash of known.keys()) if (!used.has(hash)) known.delete(hash);
      return coverageOf({ rules, ruleSets: known, shards: found });
    },
  };
}

/** Names of the sets of rules that a shard's events were judged with, at once or afterwards. */
export const ruleSetsOf = ({ progress, filled }: Pick<CoverageShard, "progress" | "filled">): readonly string[] =>
  [...(progress?.judged ?? []), ...(filled ?? [])].map(({ ruleSet }) => ruleSet);

/** What a lease remembers of a shard. */
export interface RememberedShard {
  readonly resource: string;
  readonly payload: JsonValue | undefined;
}

/** The shards that are there now, and after them those that leases remember and that are gone. */
export function knownShards(
  shards: readonly { readonly source: string; readonly sight: ShardSight }[],
  remembered: readonly RememberedShard[],
): readonly KnownShard[] {
  const present = shards.map((shard): KnownShard => ({
    resource: shardResource(shard),
    source: shard.source,
    index: shard.sight.key.index,
    shard: shard.sight.key.shard,
    globalCheckpoint: shard.sight.globalCheckpoint,
    exists: true,
  }));
  const isPresent = new Set(present.map(({ resource }) => resource));
  const gone = remembered.flatMap(({ resource, payload }): readonly KnownShard[] => {
    const [, source, number] = /^[^/]+\/(.+)\/[^/]+\/(\d+)$/.exec(resource) ?? [];
    const progress = progressOf(payload);
    if (isPresent.has(resource) || source === undefined || progress === undefined) return [];
    const index = progress.partition.slice(0, progress.partition.lastIndexOf("/"));
    return [{ resource, source, index, shard: Number(number), globalCheckpoint: undefined, exists: false }];
  });
  return [...present, ...gone];
}
