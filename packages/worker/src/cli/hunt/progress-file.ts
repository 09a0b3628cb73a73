import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { HuntProgress, ProgressFile } from "../../hunt/hunt-progress.ts";

/** Keeps the progress of a hunt in a file, which is replaced whole, so that a crash leaves the old or the new one. */
export function progressFile(path: string): ProgressFile {
  return {
    read: (question) => {
      if (!existsSync(path)) return undefined;
      try {
        const known = JSON.parse(readFileSync(path, "utf8")) as HuntProgress;
        return known.question === question && Array.isArray(known.done) ? known : undefined;
      } catch (error) {
        // Not a file of ours, or damaged: the hunt begins anew and replaces it.
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    write: (progress) => {
      writeFileSync(`${path}.new`, JSON.stringify(progress), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    },
  };
}
