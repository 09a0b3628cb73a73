import { createHash } from "node:crypto";
import type { OwnsGroup } from "@vedette/detection";

/** The groups of one partition of several: each group is one partition's, whichever worker asks. The number of partitions is fixed, because state does not move between them. */
export function ownerOfPartition(partition: number, partitions: number): OwnsGroup {
  return (ruleId, group) =>
    createHash("sha256").update(`${ruleId}\0${group}`).digest().readUInt32BE(0) % partitions === partition;
}
