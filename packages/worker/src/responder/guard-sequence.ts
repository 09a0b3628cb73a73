import { join } from "node:path";
import { damagedFile, readPrivateFile, writePrivateFile } from "../private-file.ts";

/** Numbers of guard snapshots, each larger than any that was given before, also across restarts. */
export interface GuardSequence {
  next(): Promise<number>;
}

/** How many numbers one write to the disk reserves. A restart skips those that were reserved and not used. */
const BLOCK = 1000;

/**
 * The sequence of a data folder, kept in `guard-sequence`.
 *
 * @throws StoreError `data-folder-damaged` when the file holds something else than a number: starting again from 0 would make every guard refuse what follows.
 */
export async function loadGuardSequence(dataFolder: string): Promise<GuardSequence> {
  const path = join(dataFolder, "guard-sequence");
  const kept = (await readPrivateFile(path))?.trim() ?? "0";
  if (!/^\d{1,15}$/.test(kept)) {
    const cure =
      "Restore it from a backup, or write a number into it that is larger than that of any snapshot so far: guards refuse what is not newer.";
    throw damagedFile(path, "does not hold a number", cure);
  }
  let last = Number(kept);
  let reserved = last;
  let line: Promise<unknown> = Promise.resolve();

  const draw = async (): Promise<number> => {
    if (last >= reserved) {
      await writePrivateFile(path, `${last + BLOCK}\n`);
      reserved = last + BLOCK;
    }
    last += 1;
    return last;
  };

  return {
    next() {
      const turn = line.then(draw);
      line = turn.catch(() => {});
      return turn;
    },
  };
}
