import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Problem, Rule, RuleFile } from "@vedette/detection";
import { RULE_SOURCE_ERROR_CODES, type RuleSourceErrorCode } from "./error-codes.ts";
import { type ImportManifest, MANIFEST_FILE, readManifest } from "./import/manifest.ts";

/** Texts of rules, and what of the paths could not be read. */
export interface RuleSource {
  readonly files: readonly RuleFile[];
  readonly problems: readonly Problem[];
  /** Which imported rules are on trial. */
  readonly shadow: ShadowRules;
}

/** Imported rules that are recorded only until they are promoted (docs/command.md): by the file they stand in, and by id wherever they stand. */
export interface ShadowRules {
  readonly paths: ReadonlySet<string>;
  readonly ids: ReadonlySet<string>;
}

/** The rules, with those marked that are on trial. */
export function withTrials(
  rules: readonly Rule[],
  shadow: ShadowRules,
  configured: readonly string[] = [],
): readonly Rule[] {
  const ids = shadowIds(rules, shadow, configured);
  return ids.size === 0 ? rules : rules.map((rule) => (ids.has(rule.id) ? { ...rule, trial: true } : rule));
}

/** What of a rule says whether it is on trial. */
type Placed = Pick<Rule, "id" | "name" | "path">;

/** Whether an entry of `rules.shadow` means a rule: its id or name, or a file or folder in its path. */
function isMeant({ id, name, path }: Placed, entry: string): boolean {
  if (entry === id || entry === name) return true;
  const parts = (text: string): string =>
    `/${text
      .replace(/^\.[\\/]/, "")
      .split(/[\\/]/)
      .filter(Boolean)
      .join("/")}/`;
  return entry.trim() !== "" && parts(path).includes(parts(entry));
}

/** Ids of the rules that are on trial: by their manifest, or by `rules.shadow` of the configuration. */
export function shadowIds(
  rules: readonly Placed[],
  { paths, ids }: ShadowRules,
  configured: readonly string[] = [],
): ReadonlySet<string> {
  const isShadow = (rule: Placed): boolean =>
    paths.has(rule.path) || ids.has(rule.id) || configured.some((entry) => isMeant(rule, entry));
  return new Set(rules.filter(isShadow).map(({ id }) => id));
}

/** Entries of `rules.shadow` that mean no rule: what was to be on trial may be alerting. */
export function unknownShadow(rules: readonly Placed[], configured: readonly string[]): readonly Problem[] {
  return configured
    .filter((entry) => !rules.some((rule) => isMeant(rule, entry)))
    .map((entry) => problem("rule-shadow-unknown", "rules.shadow", `"${entry}".`, undefined));
}

const MAX_BYTES = 256 * 1024 * 1024;

/** Path of the folder with the rules that come with Vedette. */
export function builtinRulesFolder(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@vedette/detection-rules/package.json")), "rules");
}

/**
 * Reads the texts of rules without judging them. A path is a YAML file, a folder (searched at any depth, in the order of names), or a `.jsonl` or `.jsonl.gz`
 * file with one `{"path","yaml"}` a line. What cannot be read is a problem; the rest goes on.
 */
export function readRuleFiles(paths: readonly string[]): RuleSource {
  const files: RuleFile[] = [];
  const problems: Problem[] = [];
  const shadow = { paths: new Set<string>(), ids: new Set<string>() };
  const reader = {
    files,
    problems,
    shadow,
    complain: (code: RuleSourceErrorCode, path: string, detail: string, line?: number) =>
      problems.push(problem(code, path, detail, line)),
  };
  for (const path of paths) readPath(path, reader);
  return { files, problems, shadow };
}

interface Reader {
  readonly files: RuleFile[];
  readonly shadow: { readonly paths: Set<string>; readonly ids: Set<string> };
  readonly complain: (code: RuleSourceErrorCode, path: string, detail: string, line?: number) => void;
}

function problem(code: RuleSourceErrorCode, path: string, detail: string, line: number | undefined): Problem {
  const { summary, cure } = RULE_SOURCE_ERROR_CODES[code];
  return {
    code,
    path,
    message: `${summary.slice(0, -1)}: ${detail}`,
    suggestion: cure,
    severity: "error",
    ...(line === undefined ? {} : { line }),
  };
}

function readPath(path: string, reader: Reader): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    reader.complain("rule-file-unreadable", path, reasonOf(error));
    return;
  }
  if (isFolder) readFolder(path, reader);
  else if (/\.ya?ml$/i.test(path)) readYaml(path, reader);
  else if (/\.jsonl(\.gz)?$/i.test(path)) readLines(path, reader);
  else reader.complain("rule-file-type", path, "the name ends neither in .yml or .yaml nor in .jsonl or .jsonl.gz.");
}

function readFolder(folder: string, reader: Reader): void {
  let names: string[];
  try {
    names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  } catch (error) {
    reader.complain("rule-file-unreadable", folder, reasonOf(error));
    return;
  }
  const manifests = names.filter((name) => name.split(sep).at(-1) === MANIFEST_FILE);
  const states = new Map<string, ImportManifest["files"][string]["state"]>();
  const damaged: string[] = [];
  for (const name of manifests) {
    const below = dirname(join(folder, name));
    try {
      readStates(below, states, reader);
    } catch (error) {
      damaged.push(below + sep);
      reader.complain("rule-manifest-damaged", join(folder, name), reasonOf(error));
    }
  }
  const rules = names
    .filter((name) => /\.ya?ml$/i.test(name) && !manifests.includes(name))
    .filter((name) => !damaged.some((below) => join(folder, name).startsWith(below)))
    .filter((name) => states.get(join(folder, name)) !== "off")
    .toSorted();
  if (rules.length === 0 && manifests.length === 0)
    reader.complain("rule-folder-empty", folder, "there is no .yml or .yaml file in it.");
  for (const name of rules) readYaml(join(folder, name), reader);
}

/** Takes over what the manifest of a folder says of its files. */
function readStates(
  folder: string,
  states: Map<string, ImportManifest["files"][string]["state"]>,
  { shadow }: Reader,
): void {
  for (const [path, { state, rules }] of Object.entries(readManifest(folder)?.files ?? {})) {
    const place = join(folder, path);
    states.set(place, state);
    if (state !== "shadow") continue;
    shadow.paths.add(place);
    for (const id of rules) shadow.ids.add(id);
  }
}

function readYaml(path: string, reader: Reader): void {
  const text = readText(path, reader);
  if (text !== undefined) reader.files.push({ path, text });
}

function readLines(path: string, reader: Reader): void {
  const text = readText(path, reader);
  if (text === undefined) return;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue;
    const rule = parseLine(line);
    if (rule === undefined) reader.complain("rule-line-malformed", path, `line ${index + 1}.`, index + 1);
    else reader.files.push(rule);
  }
}

function parseLine(line: string): RuleFile | undefined {
  try {
    const row = JSON.parse(line) as { path?: unknown; yaml?: unknown } | null;
    return typeof row?.path === "string" && typeof row.yaml === "string"
      ? { path: row.path, text: row.yaml }
      : undefined;
  } catch {
    return undefined;
  }
}

function readText(path: string, reader: Reader): string | undefined {
  let bytes: Buffer;
  try {
    if (statSync(path).size > MAX_BYTES) {
      reader.complain("rule-file-too-large", path, "it is not read.");
      return undefined;
    }
    bytes = readFileSync(path);
  } catch (error) {
    reader.complain("rule-file-unreadable", path, reasonOf(error));
    return undefined;
  }
  if (!path.toLowerCase().endsWith(".gz")) return bytes.toString("utf8");
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES }).toString("utf8");
  } catch (error) {
    const tooLarge = (error as { code?: string }).code === "ERR_BUFFER_TOO_LARGE";
    reader.complain(
      tooLarge ? "rule-file-too-large" : "rule-file-damaged",
      path,
      tooLarge ? "it is not unpacked." : reasonOf(error),
    );
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ENOENT") return "there is no such file.";
  if (code === "EACCES" || code === "EPERM") return "permission denied.";
  return `${message ?? String(error)}.`;
}
