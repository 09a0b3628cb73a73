/** Bounds on the state of a correlator. */
export interface CorrelatorLimits {
  /** Groups over all correlations (100,000). */
  readonly groups: number;
  /** Bytes of all groups and their facts (256 MiB). */
  readonly bytes: number;
  /** Facts in one group (1,000, and at least four times the number of a count). */
  readonly membersPerGroup: number;
  /** Entities in one episode (100). */
  readonly entitiesPerEpisode: number;
}

/** The bounds where nobody says otherwise. */
export const DEFAULT_LIMITS: CorrelatorLimits = {
  groups: 100_000,
  bytes: 256 * 2 ** 20,
  membersPerGroup: 1_000,
  entitiesPerEpisode: 100,
};

/** Facts that cannot be taken from an episode without changing it are forgotten only from this many times the bound on. */
export const FAR_ABOVE = 10;

/** Everything that was left out or taken away, since the correlator was made. */
export interface CorrelatorCounters {
  /** Facts older than the allowed lateness. */
  readonly lateDropped: number;
  /** Facts without a value for a group-by field. */
  readonly ungrouped: number;
  /** Facts without a value, or without a number, in the field that is compared. */
  readonly unvalued: number;
  /** Facts taken before. */
  readonly duplicates: number;
  /** Groups forgotten because there were too many. */
  readonly groupsEvicted: number;
  /** Groups forgotten because all together took too much memory. */
  readonly groupsEvictedForMemory: number;
  /** Facts inside episodes that are no longer listed, because their group had more than its bound. */
  readonly membersOmitted: number;
  /** Facts that were forgotten though they can matter, because their group had far more than its bound. */
  readonly membersDropped: number;
  /** Entities left out of episodes. */
  readonly entitiesOmitted: number;
  /** Stored groups whose rule is gone or has changed. */
  readonly groupsOrphaned: number;
  /** Groups at hand. */
  readonly groups: number;
  /** Bytes of the groups at hand. */
  readonly bytes: number;
}
