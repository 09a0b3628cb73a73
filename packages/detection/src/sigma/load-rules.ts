import { canonicalJson, hashOf } from "../hash.ts";
import type { Problem } from "../problem.ts";
import type { Rule, RuleFile, RuleSet } from "../rule.ts";
import { type CommonAttributes, readAttributes } from "./attributes.ts";
import { readExtension } from "./extension.ts";
import { type CorrelationParts, readCorrelation, resolveCorrelation } from "./load-correlation.ts";
import { readSignature } from "./load-signature.ts";
import type { Placeholders } from "./modifiers.ts";
import { nearest } from "./nearest.ts";
import { type Reporter, createReporter } from "./reporter.ts";
import { type ParsedDocument, child, parseTrees, toJson } from "./tree.ts";

/** What loading may be told besides the files. */
export interface LoadOptions {
  /** Values for the modifier `expand`, by placeholder name without percent signs. */
  readonly placeholders?: Placeholders;
}

interface Draft {
  readonly rule: Rule;
  readonly reporter: Reporter;
  readonly at: number;
  readonly correlation?: CorrelationParts | undefined;
}

/**
 * Loads Sigma v2 rules and event_count correlations. Everything that is wrong is reported with its place; a rule that cannot be honoured
 * exactly is refused, the others are loaded.
 *
 * @example
 * const { rules, problems } = loadRules([{ path: "rule.yml", text }]);
 */
export function loadRules(files: readonly RuleFile[], options: LoadOptions = {}): RuleSet {
  const reporters: Reporter[] = [];
  const drafts: Draft[] = [];
  for (const file of files) {
    const reporter = createReporter(file.path);
    reporters.push(reporter);
    for (const document of parseTrees(file.text, reporter)) {
      const draft = readDocument(document, options.placeholders ?? {}, reporter);
      if (draft !== undefined) drafts.push(draft);
    }
  }
  const rules = resolve(unique(drafts));
  return { rules, problems: reporters.flatMap(({ problems }): readonly Problem[] => problems) };
}

function readDocument(
  { tree, index }: ParsedDocument,
  placeholders: Placeholders,
  reporter: Reporter,
): Draft | undefined {
  if (tree.kind !== "map") {
    reporter.error("rule-not-a-map", "The document is not a map.", tree.at);
    return undefined;
  }
  const action = child(tree, "action");
  if (action !== undefined || child(tree, "filter") !== undefined) {
    const what = action === undefined ? "A filter" : "A rule collection action";
    reporter.error("rule-kind-unsupported", `${what} is not supported.`, action?.at ?? tree.at);
    return undefined;
  }
  const errors = reporter.errorCount();
  const attributes = readAttributes(tree, reporter);
  const extension = readExtension(tree, reporter);
  const section = child(tree, "correlation");
  const signature = section === undefined ? readSignature(tree, placeholders, reporter) : undefined;
  const correlation = section === undefined ? undefined : readCorrelation(tree, section, reporter);
  if (reporter.errorCount() > errors || (signature === undefined && correlation === undefined)) return undefined;
  const rule: Rule = {
    ...attributes,
    id: attributes.id ?? deriveId(attributes, index, reporter, tree.at),
    kind: signature === undefined ? "correlation" : "signature",
    logSource: signature?.logSource ?? {},
    path: reporter.path,
    revision: hashOf(canonicalJson(toJson(tree))),
    extension,
    condition: signature?.condition,
    written: signature?.written,
  };
  return { rule, reporter, at: tree.at, correlation };
}

function deriveId(attributes: CommonAttributes, index: number, reporter: Reporter, at: number): string {
  if (attributes.name !== undefined) return attributes.name;
  reporter.warning("rule-id-missing", "The rule has no id.", at);
  const digits = hashOf(reporter.path, String(index), attributes.title);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-8${digits.slice(13, 16)}-a${digits.slice(17, 20)}-${digits.slice(20, 32)}`;
}

/** Keeps the first rule of each id and of each name. */
function unique(drafts: readonly Draft[]): readonly Draft[] {
  const ids = new Map<string, Draft>();
  const names = new Map<string, Draft>();
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

/** Finds the rules that correlations refer to; a correlation whose rules cannot be found is refused. */
function resolve(drafts: readonly Draft[]): readonly Rule[] {
  const byReference = new Map<string, Draft>();
  for (const draft of drafts) if (draft.rule.name !== undefined) byReference.set(draft.rule.name, draft);
  for (const draft of drafts) byReference.set(draft.rule.id, draft);
  const find = (text: string): Draft | undefined => byReference.get(text) ?? byReference.get(text.toLowerCase());
  return drafts.flatMap(({ rule, reporter, correlation }) => {
    if (correlation === undefined) return [rule];
    const errors = reporter.errorCount();
    const ids = new Map<string, string>();
    for (const { text, at } of correlation.references) {
      const found = find(text);
      if (found === undefined) {
        const guess = nearest(text, byReference.keys());
        reporter.error(
          "rule-correlation-reference",
          `The correlation refers to "${text}", which is not loaded.`,
          at,
          guess === undefined ? undefined : `Did you mean "${guess}"?`,
        );
      } else if (found.correlation !== undefined)
        reporter.error(
          "rule-correlation-reference",
          `"${text}" is a correlation; a correlation of correlations is not supported.`,
          at,
        );
      else ids.set(text, found.rule.id);
    }
    for (const reference of Object.values(correlation.aliases).flatMap(Object.keys)) {
      const found = find(reference);
      if (found !== undefined && [...ids.values()].includes(found.rule.id)) ids.set(reference, found.rule.id);
      else
        reporter.error(
          "rule-correlation-reference",
          `An alias names "${reference}", which the correlation does not list.`,
          correlation.at,
        );
    }
    return reporter.errorCount() > errors ? [] : [{ ...rule, correlation: resolveCorrelation(correlation, ids) }];
  });
}
