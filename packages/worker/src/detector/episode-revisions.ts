import type { Episode } from "@vedette/detection";
import type { StepDraft } from "./step-draft.ts";

/** Begins the keys of the blobs: one for each episode that may still change. */
const REVISION_BLOB = "line/episode/";

/**
 * Knows the newest revision of each episode that others revise. Revisions stand in several shards and can be read in any order, and a takeover can let one be read twice: only a
 * higher one than any before counts.
 */
export class EpisodeRevisions {
  readonly #newest = new Map<string, { readonly revision: number; readonly to: number }>();

  /** Notes a revision; false when it is not newer than what was seen. */
  isNews({ id, revision, to, final }: Episode, draft: Pick<StepDraft, "blob">): boolean {
    const known = this.#newest.get(id);
    if (known !== undefined && known.revision >= revision) return false;
    this.#newest.set(id, { revision, to });
    draft.blob(REVISION_BLOB + id, [revision, to, Number(final)]);
    return true;
  }

  /** Forgets episodes that ended before a time at which nothing can change any more, Unix milliseconds. */
  evict(before: number, draft: Pick<StepDraft, "blob">): void {
    for (const [id, { to }] of this.#newest) {
      if (to >= before) continue;
      this.#newest.delete(id);
      draft.blob(REVISION_BLOB + id, null);
    }
  }

  restore(blobs: ReadonlyMap<string, string>): void {
    for (const [key, value] of blobs) {
      if (!key.startsWith(REVISION_BLOB)) continue;
      const [revision = 0, to = 0] = JSON.parse(value) as number[];
      this.#newest.set(key.slice(REVISION_BLOB.length), { revision, to });
    }
  }
}
