import { type EntityField, RULE_KINDS, type RuleExtension, type RuleKind } from "../rule.ts";
import { readExample } from "./examples.ts";
import { readException } from "./exceptions.ts";
import { isMapOf, readChoice, readDuration, readFilledText, readList } from "./extension-values.ts";
import type { Placeholders } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import { readResponse } from "./response.ts";
import { type Tree, child } from "./tree.ts";

const DEFAULT_WINDOW = 600_000;
const DEFAULT_EXTENSION: RuleExtension = { kind: "security", response: [], examples: [], exceptions: [], entities: [] };
const KEYS = ["kind", "suppression", "response", "exceptions", "entities", "examples"];
const ENTITY_KINDS = ["address", "user", "host", "service", "session", "api_key", "agent"] as const;

/** Reads the `vedette:` key of a rule. Every unknown key and wrong value is reported. */
export function readExtension(root: Tree, placeholders: Placeholders, reporter: Reporter): RuleExtension {
  const tree = child(root, "vedette");
  if (tree === undefined) return DEFAULT_EXTENSION;
  if (!isMapOf(tree, "vedette", KEYS, reporter)) return DEFAULT_EXTENSION;
  if (child(root, "correlation") !== undefined)
    for (const key of ["exceptions", "entities"]) {
      const value = child(tree, key);
      if (value !== undefined)
        reporter.error(
          "rule-extension",
          `A correlation has no event that "${key}" could look at.`,
          value.at,
          "Write it into the rules that it correlates.",
        );
    }
  const kind = readChoice<RuleKind>(child(tree, "kind"), "kind", RULE_KINDS, "security", reporter);
  const suppression = readSuppression(child(tree, "suppression"), reporter);
  const read = <Item>(key: string, one: (item: Tree) => Item | undefined): readonly Item[] =>
    readList(child(tree, key), key, reporter).flatMap((item) => one(item) ?? []);
  const exceptions = read("exceptions", (item) => readException(item, placeholders, reporter));
  const names = exceptions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined)
    reporter.error("rule-extension", `Two exceptions are named "${twice}".`, child(tree, "exceptions")?.at);
  return {
    kind,
    ...(suppression === undefined ? {} : { suppression }),
    response: read("response", (item) => readResponse(item, reporter)),
    examples: read("examples", (item) => readExample(item, reporter)),
    exceptions,
    entities: read("entities", (item) => readEntity(item, reporter)),
  };
}

function readEntity(tree: Tree, reporter: Reporter): EntityField | undefined {
  if (!isMapOf(tree, "entities", ["kind", "field"], reporter)) return undefined;
  const kind = readChoice(child(tree, "kind"), "entities.kind", ENTITY_KINDS, undefined, reporter);
  const message = '"entities.field" must name the field that holds the entity.';
  const field = readFilledText(child(tree, "field"), message, tree, reporter);
  return kind === undefined || field === undefined ? undefined : { kind, field };
}

function readSuppression(tree: Tree | undefined, reporter: Reporter): RuleExtension["suppression"] {
  if (tree === undefined || !isMapOf(tree, "suppression", ["by", "window"], reporter)) return undefined;
  const by = child(tree, "by");
  const window = child(tree, "window");
  const names = by === undefined ? [] : by.kind === "list" ? by.items : [by];
  const fields = names.flatMap((item) =>
    item.kind === "scalar" && typeof item.value === "string" ? [item.value] : [],
  );
  if (by === undefined || fields.length !== names.length)
    reporter.error("rule-extension", '"suppression.by" must be a list of field names.', tree.at);
  return {
    by: fields,
    window: window === undefined ? DEFAULT_WINDOW : (readDuration(window, "suppression.window", reporter) ?? 0),
  };
}
