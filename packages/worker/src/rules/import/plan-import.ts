import type { ImportedFile, ImportManifest } from "./manifest.ts";

/** A rule file as its origin has it now, in the form in which it is to be written. */
export interface IncomingFile {
  /** Path below the folder, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly imported: Omit<ImportedFile, "state">;
}

/** What an import does with one file. */
export interface ImportStep {
  readonly path: string;
  /**
   * `kept`: only the user has changed it. `conflict`: the origin and the user have. `foreign`: a file of the user's own is in the way. `removed`: the origin has it no more; the file stays. `deleted`: the user has deleted it, and it stays so.
   */
  readonly what: "added" | "changed" | "unchanged" | "kept" | "conflict" | "foreign" | "removed" | "deleted";
  readonly incoming?: IncomingFile;
}

/**
 * Compares what the origin has now, what was imported, and what stands in the folder. Nothing that the user has changed, deleted or written is ever overwritten.
 *
 * @param hashHere gives the SHA-256 of a file in the folder, undefined where there is none.
 * @param whole whether `incoming` is all that the origin has: only then can something be missing from it.
 */
export function planImport(
  incoming: readonly IncomingFile[],
  manifest: ImportManifest | undefined,
  hashHere: (path: string) => string | undefined,
  whole: boolean,
): readonly ImportStep[] {
  const before = new Map(Object.entries(manifest?.files ?? {}));
  const steps = incoming.map((file): ImportStep => {
    const { path } = file;
    const known = before.get(path);
    const here = hashHere(path);
    const next = file.imported.writtenHash;
    const step = (what: ImportStep["what"]): ImportStep => ({ path, what, incoming: file });
    if (known === undefined) return step(here === undefined || here === next ? "added" : "foreign");
    if (here === undefined) return step("deleted");
    if (here === next) return step("unchanged");
    const theirs = known.writtenHash !== next;
    if (here === known.writtenHash) return step("changed");
    return step(theirs ? "conflict" : "kept");
  });
  const seen = new Set(incoming.map(({ path }) => path));
  const gone = whole ? [...before.keys()].filter((path) => !seen.has(path)) : [];
  return [...steps, ...gone.map((path): ImportStep => ({ path, what: "removed" }))];
}

/** The manifest after the steps were done: what is new starts in `shadow`, everything else keeps its state. */
export function manifestAfter(
  steps: readonly ImportStep[],
  before: ImportManifest | undefined,
  origin: ImportManifest["origin"],
): ImportManifest {
  const files: Record<string, ImportedFile> = { ...before?.files };
  for (const { path, what, incoming } of steps) {
    if (incoming === undefined) continue;
    const known = files[path];
    if (what === "added" || what === "changed" || what === "unchanged")
      files[path] = { state: known?.state ?? "shadow", ...incoming.imported };
  }
  return { version: 1, origin, files };
}
