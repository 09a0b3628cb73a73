import { canonicalJson, hashOf } from "../hash.ts";
import { type PreparedDocument, applyPipelines } from "../pipeline/apply-pipelines.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import type { Problem } from "../problem.ts";
import type { Rule, RuleFile, RuleSet } from "../rule.ts";
import { type CommonAttributes, readAttributes } from "./attributes.ts";
import { type CollectionDocument, expandCollection } from "./collection.ts";
import { readExtension } from "./extension.ts";
import { readCorrelation } from "./load-correlation.ts";
import { type FilterParts, readFilter } from "./load-filter.ts";
import { readSignature } from "./load-signature.ts";
import type { Placeholders } from "./modifiers.ts";
import { type Reporter, createReporter } from "./reporter.ts";
import { type DraftRule, resolveCorrelations } from "./resolve-correlations.ts";
import { type DraftFilter, resolveFilters } from "./resolve-filters.ts";
import { type MapTree, type Tree, child, parseTrees, toJson } from "./tree.ts";

/** What loading may be told besides the files. */
export interface LoadOptions {
  /** Values for the modifier `expand`, by placeholder name without percent signs. */
  readonly placeholders?: Placeholders;
  /** What is done to rules before they are read (docs/pipelines.md), applied by priority, then in this order. */
  readonly pipelines?: readonly Pipeline[];
}

/**
 * Loads Sigma v2 rules and correlations. Everything that is wrong is reported with its place; a rule that cannot be honoured
 * exactly is refused, the others are loaded.
 *
 * @example
 * const { rules, problems } = loadRules([{ path: "rule.yml", text }]);
 */
export function loadRules(files: readonly RuleFile[], options: LoadOptions = {}): RuleSet {
  const placeholders = options.placeholders ?? {};
  const reporters: Reporter[] = [];
  const documents: LoadedDocument[] = [];
  for (const file of files) {
    const reporter = createReporter(file.path);
    reporters.push(reporter);
    const ids = new Set<string>();
    for (const document of expandCollection(parseTrees(file.text, reporter), reporter))
      documents.push({ ...document, reporter, ids });
  }
  const drafts: DraftRule[] = [];
  const filters: DraftFilter[] = [];
  const prepared = applyPipelines(documents, options.pipelines ?? []);
  for (const [position, document] of documents.entries()) {
    const { reporter } = document;
    const pipelined = prepared[position];
    const tree = pipelined?.tree;
    if (pipelined === undefined || tree === undefined) continue;
    const section = child(tree, "filter");
    if (tree.kind !== "map") reporter.error("rule-not-a-map", "The document is not a map.", tree.at);
    else if (section !== undefined) {
      const filter = readFilterDocument(tree, section, document, placeholders);
      if (filter !== undefined) filters.push({ ...filter, position });
    } else {
      const draft = readDocument(tree, document, placeholders, pipelined);
      if (draft !== undefined) drafts.push(draft);
    }
  }
  const filtered = resolveFilters(unique(drafts), filters);
  const rules = resolveCorrelations(filtered.drafts);
  return {
    rules,
    filters: filtered.filters,
    problems: reporters.flatMap(({ problems }): readonly Problem[] => problems),
  };
}

/** A document with its file: the reporter and the ids of the rules read from it. */
interface LoadedDocument extends CollectionDocument {
  readonly reporter: Reporter;
  readonly ids: Set<string>;
}

function readDocument(
  tree: MapTree,
  { index, sharesId, ids, reporter }: Omit<LoadedDocument, "tree">,
  placeholders: Placeholders,
  prepared: PreparedDocument,
): DraftRule | undefined {
  const errors = reporter.errorCount();
  const attributes = readAttributes(tree, reporter);
  const section = child(tree, "correlation");
  const extension = readExtension(tree, placeholders, reporter);
  const signature = section === undefined ? readSignature(tree, placeholders, reporter) : undefined;
  const correlation = section === undefined ? undefined : readCorrelation(tree, section, reporter);
  if (reporter.errorCount() > errors || (signature === undefined && correlation === undefined)) return undefined;
  let id = attributes.id ?? deriveId(attributes, index, reporter, tree.at);
  if (sharesId === true && ids.has(id)) {
    const own = derivedId(id, String(index));
    reporter.warning("rule-id-missing", `The id ${id} belongs to the rule before; this one is ${own}.`, tree.at);
    id = own;
  }
  ids.add(id);
  const rule: Rule = {
    ...attributes,
    id,
    kind: signature === undefined ? "correlation" : "signature",
    logSource: prepared.isEverywhere ? {} : (signature?.logSource ?? {}),
    path: reporter.path,
    line: reporter.placeOf(tree.at).line,
    revision: hashOf(canonicalJson(toJson(tree)), ...(prepared.isEverywhere ? ["every event"] : [])),
    extension,
    filters: [],
    condition: signature?.condition,
    written: signature?.written,
  };
  return { rule, reporter, at: tree.at, correlation, prepared };
}

function readFilterDocument(
  tree: MapTree,
  section: Tree,
  { index, reporter }: Omit<LoadedDocument, "tree">,
  placeholders: Placeholders,
): Omit<DraftFilter, "position"> | undefined {
  const errors = reporter.errorCount();
  const attributes = readAttributes(tree, reporter);
  const parts = readFilter(tree, section, placeholders, reporter);
  if (parts === undefined || reporter.errorCount() > errors) return undefined;
  const { title, description } = attributes;
  // Nothing refers to a filter: a missing id is no problem.
  const id = attributes.id ?? attributes.name ?? derivedId(reporter.path, String(index), title);
  const revision = hashOf(canonicalJson(toJson(tree)));
  const about = { id, title, description, path: reporter.path, revision };
  const reread = (other: Tree): FilterParts | undefined => readFilter(tree, other, placeholders, reporter);
  return { parts, reread, section, about, reporter, at: tree.at };
}

function deriveId(attributes: CommonAttributes, index: number, reporter: Reporter, at: number): string {
  if (attributes.name !== undefined) return attributes.name;
  reporter.warning("rule-id-missing", "The rule has no id.", at);
  return derivedId(reporter.path, String(index), attributes.title);
}

function derivedId(...parts: readonly string[]): string {
  const digits = hashOf(...parts);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Keeps the first rule of each id and of each name. */
function unique(drafts: readonly DraftRule[]): readonly DraftRule[] {
  const ids = new Map<string, DraftRule>();
  const names = new Map<string, DraftRule>();
  return drafts.filter((draft) => {
    const { rule, reporter, at } = draft;
    const twin = ids.get(rule.id);
    const namesake = rule.name === undefined ? undefined : names.get(rule.name);
    if (twin !== undefined)
      reporter.error(
        "rule-duplicate-id",
        `The id ${rule.id} is taken by "${twin.rule.title}" in ${twin.rule.path}.`,
        at,
      );
    else if (namesake !== undefined)
      reporter.error(
        "rule-duplicate-name",
        `The name "${rule.name ?? ""}" is taken by "${namesake.rule.title}" in ${namesake.rule.path}.`,
        at,
      );
    else {
      ids.set(rule.id, draft);
      if (rule.name !== undefined) names.set(rule.name, draft);
      return true;
    }
    return false;
  });
}
