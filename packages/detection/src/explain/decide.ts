import { rereadCondition } from "../sigma/condition.ts";
import type { Condition, ValueTest } from "../signature.ts";
import type { WrittenDetection, WrittenItem, WrittenSearch } from "../written.ts";
import type { Decision, FieldDecision } from "./explanation.ts";
import { hintFor } from "./hint.ts";
import { itemValues, joinKeywords, testsIn, wordValue } from "./item-values.ts";
import type { FieldReader } from "./read-field.ts";
import { conditionHolds, valueTester } from "./value-holds.ts";
import { placeOf, shortened } from "./wording.ts";

/** Values of the event that are told. */
const FOUND = 5;
/** Characters of each. */
const FOUND_LENGTH = 160;
/** Names of search identifiers that a filter added to a rule. */
const OF_FILTER = /^_filter\d+_/;

/** What decided a rule's condition, with the names its author gave. */
export function decideDetection(written: WrittenDetection, read: FieldReader): Decision {
  const known = new Map<string, Decision>();
  const search = (name: string): Decision => {
    let decision = known.get(name);
    if (decision === undefined) {
      decision = decideSearch(name, written.searches.get(name) ?? [], read);
      known.set(name, decision);
    }
    return decision;
  };
  return decideAny(
    written.conditions.map((text) =>
      rereadCondition<Decision>(text, written.searches, {
        search,
        not: (item) => ({ kind: "not", held: !item.held, item }),
        join: (op, items) => (op === "and" ? decideAll(items) : decideAny(items)),
        of: (quantity, pattern, items) => {
          const holding = items.filter(({ held }) => held).length;
          const held = holding >= (quantity === "all" ? items.length : quantity);
          return {
            kind: "of",
            held,
            quantity,
            pattern,
            of: items.length,
            holding,
            items: items.filter((item) => item.held === held),
          };
        },
      }),
    ),
  );
}

/** What decided a condition that has no names. */
export function decideCondition(condition: Condition, read: FieldReader): Decision {
  switch (condition.op) {
    case "and":
    case "or": {
      const merged = valuesOfOneField(condition);
      if (merged !== undefined) return decideItem(merged, read);
      const items = condition.items.map((item) => decideCondition(item, read));
      return condition.op === "and" ? decideAll(items) : decideAny(items);
    }
    case "atleast": {
      const items = condition.items.map((item) => decideCondition(item, read));
      const holding = items.filter(({ held }) => held).length;
      const held = holding >= condition.count;
      const decisive = items.filter((item) => item.held === held);
      return { kind: "of", held, quantity: condition.count, pattern: "", of: items.length, holding, items: decisive };
    }
    case "not": {
      const item = decideCondition(condition.item, read);
      return item.kind === "field" && !item.negated
        ? { ...item, held: !item.held, negated: true }
        : { kind: "not", held: !item.held, item };
    }
    case "test":
      return decideItem({ key: condition.field ?? "", line: 0, column: 0, condition }, read);
  }
}

/** All must hold: those that failed decide a miss. */
function decideAll(items: readonly Decision[]): Decision {
  return decideOf("all", items);
}

/** One must hold: those that held decide a match. */
function decideAny(items: readonly Decision[]): Decision {
  return decideOf("any", items);
}

function decideOf(kind: "all" | "any", items: readonly Decision[]): Decision {
  const [only] = items;
  if (items.length === 1 && only !== undefined) return only;
  const held = kind === "all" ? items.every((item) => item.held) : items.some((item) => item.held);
  return { kind, held, of: items.length, items: items.filter((item) => item.held === held) };
}

function decideSearch(name: string, search: WrittenSearch, read: FieldReader): Decision {
  // A filter's places are in the filter's file, not in the rule's.
  const placed = (item: WrittenItem): WrittenItem => (OF_FILTER.test(name) ? { ...item, line: 0, column: 0 } : item);
  const alternatives = joinKeywords(search).map((items) =>
    decideAll(items.map((item) => decideItem(placed(item), read))),
  );
  const held = alternatives.some((item) => item.held);
  const decisive = alternatives.filter((item) => item.held === held);
  return { kind: "search", held, name, of: alternatives.length, items: decisive };
}

/** A condition as an item, when it is no more than values of one field. */
function valuesOfOneField(condition: Condition): WrittenItem | undefined {
  const fields = new Set<string | undefined>();
  const visit = (part: Condition): boolean => {
    if (part.op === "test") fields.add(part.field);
    return part.op === "test" || ((part.op === "or" || part.op === "and") && part.items.every(visit));
  };
  if (!visit(condition) || fields.size !== 1) return undefined;
  const [field = ""] = fields;
  return { key: field, line: 0, column: 0, condition };
}

interface Value {
  readonly condition: Condition;
  readonly held: boolean;
}

function decideItem(item: WrittenItem, read: FieldReader): FieldDecision {
  const { field, compiledField, modifiers, negated, needs, values: asked } = itemValues(item);
  const reading = read(compiledField);
  const held = conditionHolds(item.condition, read);
  const values: readonly Value[] = asked.map((condition) => ({ condition, held: conditionHolds(condition, read) }));
  const wanted = values.map((value) => ({ ...wordValue(value.condition, modifiers), held: value.held }));
  return {
    kind: "field",
    held,
    field: field ?? null,
    modifiers,
    line: item.line,
    column: item.column,
    place: reading.place ?? null,
    places: reading.places,
    found: foundValues(reading.texts, values, read),
    count: reading.texts.length,
    needs,
    negated,
    wanted,
    hint: held ? null : hintFor({ asked, needs, negated, reading, wanted, read }),
  };
}

/** The event's values, those first that fulfil a test, each cut around what was looked for. */
function foundValues(texts: readonly string[], values: readonly Value[], read: FieldReader): readonly string[] {
  const tests = values.filter(({ held }) => held).flatMap(({ condition }) => testsIn(condition));
  const rank = texts.map((text) => ({ text, by: tests.find((test) => valueTester(test, read)(text)) }));
  return [...rank.filter(({ by }) => by !== undefined), ...rank.filter(({ by }) => by === undefined)]
    .slice(0, FOUND)
    .map(({ text, by }) => shortened(text, by === undefined ? 0 : placeIn(text, by), FOUND_LENGTH));
}

/** About where in a text a pattern is. */
function placeIn(text: string, test: ValueTest): number {
  if (test.kind !== "pattern") return 0;
  const { position, inner } = placeOf(test.pattern);
  if (position === "end") return text.length;
  return position === "anywhere" ? Math.max(0, text.toLowerCase().indexOf(inner.toLowerCase())) : 0;
}
