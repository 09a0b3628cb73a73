import type { ErrorCode } from "../errors.ts";
import type { Problem } from "../problem.ts";
import { nearest } from "../sigma/nearest.ts";
import { type Reporter, createReporter } from "../sigma/reporter.ts";
import { type Tree, child, parseTrees } from "../sigma/tree.ts";
import { Parameters } from "./parameters.ts";
import type { Pipeline, PipelineFile, PipelineItem } from "./pipeline.ts";
import { FIELD_CONDITIONS, ITEM_CONDITIONS, RULE_CONDITIONS, readConditionGroup } from "./read-conditions.ts";
import { REFUSED_TRANSFORMATIONS, TRANSFORMATIONS } from "./read-transformation.ts";
import type { PipelineReading } from "./reading.ts";

/** The name under which a pipeline may list this engine in `allowed_backends`. */
const BACKEND = "vedette";
const LIMITS = { items: 10_000, nesting: 16 } as const;

/** Codes of what is wrong with a file as such, as they are for pipelines. */
const CODES: Partial<Record<ErrorCode, ErrorCode>> = {
  "rule-yaml-syntax": "pipeline-yaml-syntax",
  "rule-too-large": "pipeline-too-large",
  "rule-wrong-type": "pipeline-wrong-type",
};

/** Pipelines that could be read, and what is wrong with the others. */
export interface PipelineSet {
  readonly pipelines: readonly Pipeline[];
  readonly problems: readonly Problem[];
}

/**
 * Loads one processing pipeline. A pipeline with an error is not loaded at all.
 *
 * @example
 * const { pipeline, problems } = loadPipeline({ path: "ecs.yml", text });
 */
export function loadPipeline(file: PipelineFile): {
  readonly pipeline?: Pipeline;
  readonly problems: readonly Problem[];
} {
  const { pipelines, problems } = loadPipelines([file]);
  const [pipeline] = pipelines;
  return pipeline === undefined ? { problems } : { pipeline, problems };
}

/** Loads processing pipelines that are used together: a condition of one may refer to an item of another. */
export function loadPipelines(files: readonly PipelineFile[]): PipelineSet {
  const read = files.map((file) => readPipeline(file));
  const ids = new Set(read.flatMap(({ reading }) => [...reading.ids]));
  const pipelines: Pipeline[] = [];
  for (const { pipeline, reading } of read) {
    for (const { id, at } of reading.references) {
      if (ids.has(id)) continue;
      const guess = nearest(id, ids);
      reading.reporter.error(
        "pipeline-unknown-id",
        `No pipeline item has the id "${id}".`,
        at,
        guess === undefined ? undefined : `Did you mean "${guess}"?`,
      );
    }
    if (pipeline !== undefined && reading.reporter.errorCount() === 0) pipelines.push(pipeline);
  }
  return { pipelines, problems: read.flatMap(({ reading }) => reading.reporter.problems) };
}

function readPipeline(file: PipelineFile): { readonly pipeline?: Pipeline; readonly reading: PipelineReading } {
  const reporter = withPipelineCodes(createReporter(file.path));
  const reading: PipelineReading = {
    reporter,
    text: file.text,
    placeOf: (at) => {
      const { line, column } = reporter.placeOf(at);
      return `${file.path}:${line}:${column}`;
    },
    ids: new Set(),
    references: [],
  };
  const [document, second] = parseTrees(file.text, reporter);
  if (second !== undefined)
    reporter.error("pipeline-wrong-type", "A pipeline file holds one document.", second.tree.at);
  if (document?.tree.kind !== "map") {
    if (reporter.errorCount() === 0)
      reporter.error("pipeline-wrong-type", "The file is not a map with `transformations:`.", document?.tree.at);
    return { reading };
  }
  const from = new Parameters(document.tree, "the pipeline", reporter, file.text);
  const name = from.text("name", true) ?? file.path;
  const priority = readPriority(from);
  checkBackends(from);
  const vars = readVars(from.get("vars"), from);
  const items = readItems(from.get("transformations"), "transformations", reading, 0);
  const postprocessing = from.get("postprocessing");
  if (postprocessing !== undefined && !isEmpty(postprocessing))
    reporter.error(
      "pipeline-unsupported",
      '"postprocessing" changes the text of queries, and no query is made here.',
      postprocessing.at,
      "Remove it if it only shapes a query; write what it adds to the meaning as transformations.",
    );
  const finalizers = from.get("finalizers");
  if (finalizers !== undefined && !isEmpty(finalizers))
    reporter.warning(
      "pipeline-unsupported",
      '"finalizers" put the queries of many rules into one text; no query is made here, and they are left out.',
      finalizers.at,
    );
  from.finish();
  return { pipeline: { name, path: file.path, priority, vars, items }, reading };
}

const isEmpty = (tree: Tree): boolean =>
  tree.kind === "scalar" ? tree.value === null : tree.kind === "list" && tree.items.length === 0;

function withPipelineCodes(reporter: Reporter): Reporter {
  return {
    ...reporter,
    error: (code, ...rest) => reporter.error(CODES[code] ?? code, ...rest),
    warning: (code, ...rest) => reporter.warning(CODES[code] ?? code, ...rest),
  };
}

function readPriority(from: Parameters): number {
  const value = from.get("priority");
  if (value === undefined) return 0;
  if (value.kind === "scalar" && typeof value.value === "number" && Number.isFinite(value.value)) return value.value;
  from.wrong("priority", "a number");
  return 0;
}

function checkBackends(from: Parameters): void {
  const backends = from.texts("allowed_backends", true) ?? [];
  if (backends.length > 0 && !backends.includes(BACKEND))
    from.report(
      "pipeline-unsupported",
      `The pipeline is allowed for ${backends.join(", ")} only.`,
      from.get("allowed_backends")?.at,
      `Add ${BACKEND} to allowed_backends if it is right for your events.`,
    );
}

function readVars(tree: Tree | undefined, from: Parameters): ReadonlyMap<string, readonly string[]> {
  const vars = new Map<string, readonly string[]>();
  if (tree === undefined || isEmpty(tree)) return vars;
  if (tree.kind !== "map") {
    from.wrong("vars", "a map from names to values");
    return vars;
  }
  for (const { key, value } of tree.entries) {
    const items = value.kind === "list" ? value.items : [value];
    const texts = items.flatMap((item) => (item.kind === "scalar" && item.value !== null ? [String(item.value)] : []));
    if (texts.length === items.length && texts.length > 0) vars.set(key, texts);
    else from.wrong(`vars.${key}`, "a text, a number or a list of them", value.at);
  }
  return vars;
}

function readItems(
  tree: Tree | undefined,
  what: string,
  reading: PipelineReading,
  depth: number,
): readonly PipelineItem[] {
  const { reporter } = reading;
  if (tree === undefined || isEmpty(tree)) return [];
  if (tree.kind !== "list") {
    reporter.error("pipeline-wrong-type", `"${what}" must be a list of pipeline items.`, tree.at);
    return [];
  }
  if (tree.items.length > LIMITS.items || depth > LIMITS.nesting) {
    const limit = depth > LIMITS.nesting ? `${LIMITS.nesting} levels of nesting` : `${LIMITS.items} items`;
    reporter.error("pipeline-too-large", `"${what}" has more than ${limit}.`, tree.at);
    return [];
  }
  return tree.items.flatMap((item) => readItem(item, reading, depth) ?? []);
}

function readItem(tree: Tree, reading: PipelineReading, depth: number): PipelineItem | undefined {
  const { reporter } = reading;
  if (tree.kind !== "map") {
    reporter.error("pipeline-wrong-type", "A pipeline item must be a map with a type.", tree.at);
    return undefined;
  }
  const from = new Parameters(tree, "the pipeline item", reporter, reading.text);
  const id = from.text("id", true);
  if (id !== undefined) reading.ids.add(id);
  const type = child(tree, "type");
  const written = type?.kind === "scalar" ? String(type.value) : "";
  if (Object.hasOwn(REFUSED_TRANSFORMATIONS, written)) {
    const reason = REFUSED_TRANSFORMATIONS[written] ?? "";
    reporter.error("pipeline-unsupported", `"${written}" is not supported. ${reason}.`, type?.at);
    return undefined;
  }
  const known = from.choice("type", Object.keys(TRANSFORMATIONS) as (keyof typeof TRANSFORMATIONS)[]);
  const ruleConditions = readConditionGroup(from, "rule", RULE_CONDITIONS, reading);
  const itemConditions = readConditionGroup(from, "detection_item", ITEM_CONDITIONS, reading);
  const fieldConditions = readConditionGroup(from, "field_name", FIELD_CONDITIONS, reading);
  if (known === undefined) return undefined;
  const transformation = TRANSFORMATIONS[known](from, (nested) => readItems(nested, "items", reading, depth + 1));
  from.finish();
  if (
    transformation === undefined ||
    ruleConditions === undefined ||
    itemConditions === undefined ||
    fieldConditions === undefined
  )
    return undefined;
  return { id, place: reading.placeOf(tree.at), transformation, ruleConditions, itemConditions, fieldConditions };
}
