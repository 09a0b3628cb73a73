import type { Random } from "../ports.ts";
import { type GuardSigner, loadGuardSigner } from "./guard-key.ts";
import { type GuardSequence, loadGuardSequence } from "./guard-sequence.ts";

/** By what guards know an installation: whoever has both speaks for it. */
export interface GuardIdentity {
  readonly signer: GuardSigner;
  readonly sequence: GuardSequence;
  /** Whether other workers have it, too, and change the deny list. */
  readonly isShared: boolean;
}

/** The identity of a worker that is alone, kept in its data folder. Rejects with a StoreError `data-folder-damaged`. */
export async function loadGuardIdentity(dataFolder: string, random: Random): Promise<GuardIdentity> {
  return {
    signer: await loadGuardSigner(dataFolder, random),
    sequence: await loadGuardSequence(dataFolder),
    isShared: false,
  };
}
