import { rereadCondition } from "../sigma/condition.ts";
import type { Condition, ValueTest } from "../signature.ts";
import type { WrittenDetection, WrittenItem, WrittenSearch } from "../written.ts";
import type { Decision, FieldDecision, WantedValue } from "./explanation.ts";
import { hintFor } from "./hint.ts";
import type { FieldReader } from "./read-field.ts";
import { conditionHolds, valueTester } from "./value-holds.ts";
import { placeOf, shortened, wordTest } from "./wording.ts";

/** Values of the event that are told. */
const FOUND = 5;
/** Characters of each. */
const FOUND_LENGTH = 160;

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
  const alternatives = joinKeywords(search).map((items) => decideAll(items.map((item) => decideItem(item, read))));
  const held = alternatives.some((item) => item.held);
  const decisive = alternatives.filter((item) => item.held === held);
  return { kind: "search", held, name, of: alternatives.length, items: decisive };
}

/** Keywords that follow each other are one item with several values. */
function joinKeywords(search: WrittenSearch): WrittenSearch {
  const result: (readonly WrittenItem[])[] = [];
  let keywords: Condition[] = [];
  for (const items of search) {
    const [first] = items;
    if (first?.key !== "" || items.length > 1) {
      result.push(items);
      keywords = [];
      continue;
    }
    keywords.push(first.condition);
    if (keywords.length === 1) result.push([{ ...first, condition: { op: "or", items: keywords } }]);
  }
  return result;
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

function decideItem({ key, line, column, condition }: WrittenItem, read: FieldReader): FieldDecision {
  const [name = "", ...modifiers] = key.split("|");
  const field = name === "" ? undefined : name;
  const reading = read(fieldIn(condition) ?? field);
  const negated = condition.op === "not";
  const asked = negated ? condition.item : condition;
  const held = conditionHolds(condition, read);
  const needs = asked.op === "and" ? "all" : "any";
  const conditions = asked.op === "and" || asked.op === "or" ? byEncodedText(asked.items) : [asked];
  const values: readonly Value[] = conditions.map((value) => ({
    condition: value,
    held: conditionHolds(value, read),
  }));
  const wanted = values.map((value) => wordValue(value, modifiers));
  return {
    kind: "field",
    held,
    field: field ?? null,
    modifiers,
    line,
    column,
    place: reading.place ?? null,
    places: reading.places,
    found: foundValues(reading.texts, values, read),
    count: reading.texts.length,
    needs,
    negated,
    wanted,
    hint: held ? null : hintFor({ asked: conditions, needs, negated, reading, wanted, read }),
  };
}

/** The field that a compiled item reads: a pipeline may have given it another name than the one written. */
function fieldIn(condition: Condition): string | undefined {
  if (condition.op === "test") return condition.field;
  if (condition.op === "not") return fieldIn(condition.item);
  const [first] = condition.items;
  return first === undefined ? undefined : fieldIn(first);
}

/** Several encodings of one text, such as the three of base64offset, are one value. */
function byEncodedText(items: readonly Condition[]): readonly Condition[] {
  const result: Condition[] = [];
  const groups = new Map<string, Condition[]>();
  for (const item of items) {
    const text = item.op === "test" && item.test.kind === "pattern" ? item.test.encodes : undefined;
    const group = text === undefined ? undefined : groups.get(text);
    if (group !== undefined) {
      group.push(item);
      continue;
    }
    if (text === undefined) {
      result.push(item);
      continue;
    }
    const made = [item];
    groups.set(text, made);
    result.push({ op: "or", items: made });
  }
  return result;
}

function wordValue({ condition, held }: Value, modifiers: readonly string[]): WantedValue {
  const inner = condition.op === "not" ? condition.item : condition;
  const tests = testsIn(inner);
  const [first] = tests;
  if (first === undefined) return { relation: "is", denial: "is not", value: "", held };
  const { relation, denial, value } = wordTest(first, modifiers);
  const others = tests
    .slice(1)
    .filter((test) => !(test.kind === "pattern" && test.encodes !== undefined))
    .map((test) => wordTest(test, modifiers).value);
  const text = [value, ...others].join(" or ");
  return condition.op === "not"
    ? { relation: denial, denial: relation, value: text, held }
    : { relation, denial, value: text, held };
}

function testsIn(condition: Condition): readonly ValueTest[] {
  if (condition.op === "test") return [condition.test];
  return condition.op === "not" ? testsIn(condition.item) : condition.items.flatMap(testsIn);
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
