import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { SeverityLevel } from "@vedette/semconv";
import type { ImportLogSource } from "../../rules/import/elastalert/convert-rule.ts";
import { type ImportManifest, MANIFEST_FILE, readManifest, writeManifest } from "../../rules/import/manifest.ts";
import { type ImportStep, manifestAfter, planImport } from "../../rules/import/plan-import.ts";
import { commitOf, readOrigin, SIGMAHQ_LICENCE, textHash } from "../../rules/import/read-origin.ts";
import type { CommandOutput } from "../command-output.ts";
import { formatProblem } from "../problems.ts";
import { printable } from "../text-table.ts";
import { counted } from "./loaded-rules.ts";

/** What `rules import` is told. */
export interface ImportOptions {
  readonly to: string;
  readonly from?: string;
  readonly dryRun?: boolean;
  readonly all?: boolean;
  readonly level?: SeverityLevel;
  readonly product?: string;
  readonly logsource?: ImportLogSource;
  readonly format: "table" | "json";
}

const WHAT: Readonly<Record<ImportStep["what"], string>> = {
  added: "new, in shadow",
  changed: "changed by its origin, taken over",
  unchanged: "as it was",
  kept: "changed by you, kept",
  conflict: "changed by its origin and by you, yours kept: compare them",
  foreign: "a file of yours is in the way, kept",
  removed: "gone from its origin, kept",
  deleted: "deleted by you, not brought back",
};
const LISTED = 20;

function hashOfFile(path: string): string | undefined {
  try {
    return textHash(readFileSync(path, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Copies or converts rules into a folder, each in shadow at first, and says what came of it. */
export function importRules(what: string, options: ImportOptions, output: CommandOutput, now: Date): void {
  const fail = (message: string): void => {
    output.complain(`vedette rules import: ${message}`);
    output.exit(2);
  };
  const kind = what === "sigmahq" || what === "elastalert" ? what : "folder";
  const from = options.from ?? (kind === "folder" ? what : undefined);
  if (from === undefined)
    return fail(
      `nothing is fetched from the network. Get the rules (${kind === "sigmahq" ? "git clone https://github.com/SigmaHQ/sigma" : "ElastAlert's rules_folder"}) and name their folder, or a .jsonl or .jsonl.gz file, with --from.`,
    );
  if (kind === "folder" && options.from !== undefined)
    return fail("--from goes with sigmahq or elastalert; a folder is named by itself.");
  let before: ImportManifest | undefined;
  try {
    before = readManifest(options.to);
  } catch (error) {
    return fail(`${join(options.to, MANIFEST_FILE)} cannot be read: ${(error as Error).message}`);
  }
  if (before !== undefined && before.origin.kind !== kind)
    return fail(`${options.to} holds rules imported from ${before.origin.kind}; name another folder with --to.`);

  const read = readOrigin(
    { kind, from },
    {
      all: options.all === true,
      level: options.level,
      product: options.product?.toLowerCase(),
      logSource: options.logsource,
    },
  );
  for (const problem of read.unreadable) output.complain(formatProblem(problem));
  if (read.files.length === 0 && read.refused.length === 0 && read.unreadable.length > 0) return output.exit(2);

  // Only a whole origin shows what is missing from it.
  const whole = options.level === undefined && options.product === undefined && read.unreadable.length === 0;
  const refusedPaths = new Set(read.refused.map(({ path }) => path));
  let steps: readonly ImportStep[];
  try {
    steps = planImport(read.files, before, (path) => hashOfFile(join(options.to, path)), whole).filter(
      ({ path, what: outcome }) => outcome !== "removed" || !refusedPaths.has(path),
    );
    if (options.dryRun !== true) {
      mkdirSync(options.to, { recursive: true });
      const commit = isFolder(from) ? commitOf(from) : undefined;
      const origin: ImportManifest["origin"] = {
        kind,
        from,
        ...(commit === undefined ? {} : { commit }),
        imported: now.toISOString(),
        ...(kind === "sigmahq" ? { licence: SIGMAHQ_LICENCE } : {}),
      };
      // The manifest is first: a rule that stood without it for a moment would alert.
      writeManifest(options.to, manifestAfter(steps, before, origin));
      for (const { path, what: outcome, incoming } of steps)
        if (incoming !== undefined && (outcome === "added" || outcome === "changed"))
          writeWhole(join(options.to, path), incoming.text);
    }
  } catch (error) {
    return fail(`writing to ${options.to} failed: ${(error as Error).message}`);
  }
  report(steps, read.refused, read.leftOut, kind, options, output);
  output.exit(
    read.unreadable.length > 0 ? 2 : steps.some(({ what: one }) => one === "conflict" || one === "foreign") ? 1 : 0,
  );
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

function report(
  steps: readonly ImportStep[],
  refused: ReturnType<typeof readOrigin>["refused"],
  leftOut: number,
  kind: string,
  { format, dryRun, to }: ImportOptions,
  output: CommandOutput,
): void {
  const groups = Map.groupBy(steps, (step) => step.what);
  if (format === "json") {
    const counts = Object.fromEntries([...groups].map(([what, list]) => [what, list.length]));
    output.print(
      JSON.stringify({
        dryRun: dryRun === true,
        counts: { ...counts, refused: refused.length, leftOut },
        files: steps.map(({ path, what, incoming }) => ({
          path,
          what,
          rules: incoming?.imported.rules ?? [],
          notes: incoming?.imported.notes ?? [],
        })),
        refused,
      }),
    );
    return;
  }
  for (const [what, list] of groups) {
    output.print(`${String(list.length).padStart(6)}  ${WHAT[what]}`);
    if (what === "added" || what === "unchanged") continue;
    for (const { path } of list.slice(0, LISTED)) output.print(`          ${printable(path)}`);
    if (list.length > LISTED)
      output.print(`          … and ${list.length - LISTED} more: --format json lists them all`);
  }
  output.print(
    `${String(leftOut).padStart(6)}  left out: not asked for${kind === "sigmahq" ? ", or deprecated, unsupported, a placeholder (--all takes them)" : ""}`,
  );
  output.print(`${String(refused.length).padStart(6)}  refused`);
  for (const { path, line, reason } of refused.slice(0, LISTED))
    output.print(`          ${printable(line === undefined ? path : `${path}:${line}`)}: ${printable(reason)}`);
  if (refused.length > LISTED)
    output.print(`          … and ${refused.length - LISTED} more: --format json lists them all`);
  const noted = new Set(steps.flatMap(({ incoming }) => incoming?.imported.notes ?? []));
  if (noted.size > 0) {
    output.print("In what converted rules differ (each says it in its first lines):");
    for (const note of noted) output.print(`  - ${printable(note)}`);
  }
  if (kind === "sigmahq") output.print(`Licence: ${SIGMAHQ_LICENCE}; the authors stand in the rules.`);
  output.print(
    dryRun === true
      ? "Nothing was written (--dry-run)."
      : `${counted(steps.length, "file")} in ${printable(to)}. Name the folder in rules.paths of vedette.yaml; "vedette rules promote ID --in ${printable(to)}" lets a rule alert.`,
  );
}
