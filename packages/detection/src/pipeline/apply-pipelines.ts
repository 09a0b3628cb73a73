import type { LogSource } from "../event.ts";
import type { Reporter } from "../sigma/reporter.ts";
import { type Tree, child } from "../sigma/tree.ts";
import { applyItems } from "./apply-item.ts";
import { createContext } from "./context.ts";
import { isPutOn, readFilterDraft } from "./filter-drafts.ts";
import { type Pipeline, inOrder } from "./pipeline.ts";
import { PipelineRefusal } from "./refusal.ts";
import { type RuleDraft, readDraft } from "./rule-draft.ts";
import { addSection, exceptionSections, takeSection, withException } from "./side-sections.ts";
import { takeDown, writeDraft } from "./write-draft.ts";

/** A document of a rule file on its way to its reader. */
export interface PipelineDocument {
  readonly tree: Tree;
  readonly reporter: Reporter;
}

/** A document after the pipelines. */
export interface PreparedDocument {
  /** Undefined when a pipeline refuses the rule, which is reported. */
  readonly tree: Tree | undefined;
  /** Whether the conditions that pipelines added take the place of the log source. */
  readonly isEverywhere: boolean;
  /** The rule's log source before the pipelines, which is what filters ask for; undefined when there were none. */
  readonly logSource: LogSource | undefined;
  /** Sections of the filters on this rule as the pipelines make them for it, by the position of the filter's document. */
  readonly filters: ReadonlyMap<number, Tree>;
}

/**
 * Applies pipelines, as one, to the rules of all files. Correlations come last, because a condition may ask for the log sources of the
 * rules they refer to. Filters stay as they are; what they become depends on the rule they are put on.
 */
export function applyPipelines(
  documents: readonly PipelineDocument[],
  pipelines: readonly Pipeline[],
): readonly PreparedDocument[] {
  const results = documents.map(({ tree }): PreparedDocument => ({
    tree,
    isEverywhere: false,
    logSource: undefined,
    filters: new Map(),
  }));
  if (pipelines.length === 0) return results;
  const ordered = inOrder(pipelines);
  const items = ordered.flatMap((pipeline) => pipeline.items);
  const vars = new Map(ordered.flatMap((pipeline) => [...pipeline.vars]));
  const filters = documents.flatMap(({ tree }, position) => readFilterDraft(tree, position) ?? []);
  const guarded = <Result>(position: number, act: () => Result): Result | undefined => {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof PipelineRefusal)) throw error;
      const document = documents[position];
      const where = error.place === undefined ? undefined : `The pipeline item stands at ${error.place}.`;
      document?.reporter.error("rule-pipeline", error.message, error.at ?? document.tree.at, where);
      results[position] = { tree: undefined, isEverywhere: false, logSource: undefined, filters: new Map() };
      return undefined;
    }
  };
  const drafts = documents.map(({ tree }, position) =>
    guarded(position, () => (tree.kind === "map" && child(tree, "filter") === undefined ? readDraft(tree) : undefined)),
  );
  const find = byReference(drafts);
  for (const isCorrelation of [false, true])
    for (const [position, draft] of drafts.entries()) {
      if (draft?.isCorrelation !== isCorrelation) continue;
      guarded(position, () => {
        const { logSource } = draft;
        const own = filters.filter((filter) => isPutOn(filter, draft));
        const exceptions = exceptionSections(draft.tree);
        for (const side of [...own, ...exceptions]) addSection(side, draft);
        const before = takeDown(draft);
        applyItems(
          items,
          draft,
          createContext(vars, false, () => logSourcesOf(draft, find)),
        );
        const sections = new Map(own.map((filter) => [filter.position, takeSection(filter, draft, before)]));
        const accepted = exceptions.map((side) => ({ side, section: takeSection(side, draft, before) }));
        let tree: Tree = writeDraft(draft, before);
        for (const { side, section } of accepted)
          if (section !== side.section) tree = withException(tree, side.index, section);
        results[position] = { tree, isEverywhere: draft.isEverywhere, logSource, filters: sections };
      });
    }
  return results;
}

type Find = (reference: string) => RuleDraft | undefined;

function byReference(drafts: readonly (RuleDraft | undefined)[]): Find {
  const known = new Map<string, RuleDraft>();
  for (const key of ["name", "id"])
    for (const draft of drafts) {
      const value = child(draft?.tree, key);
      if (draft !== undefined && value?.kind === "scalar" && typeof value.value === "string")
        known.set(key === "id" ? value.value.toLowerCase() : value.value, draft);
    }
  return (reference) => known.get(reference) ?? known.get(reference.toLowerCase());
}

/** Log sources of the rules that a correlation refers to, through correlations of correlations. */
function logSourcesOf(draft: RuleDraft, find: Find, seen: Set<RuleDraft> = new Set()): readonly LogSource[] {
  if (seen.has(draft)) return [];
  seen.add(draft);
  if (!draft.isCorrelation) return [draft.logSource];
  return draft.references.flatMap((reference) => {
    const found = find(reference);
    return found === undefined ? [] : logSourcesOf(found, find, seen);
  });
}
