import { ANY_KEY, type FieldPath } from "../mapping.ts";
import { isStep } from "../mappings/path-step.ts";
import { ANY, type Pattern } from "../sigma/pattern.ts";
import type { ValueTest } from "../signature.ts";
import { type Bounds, NEVER, UNKNOWN, atLeast, atMost, every, exactly, not, some } from "./bounds.ts";
import { testBounds, valuedBounds } from "./field-bounds.ts";
import { type IndexField, type IndexFields, mayHide } from "./index-fields.ts";
import { ALL, anyOf } from "./query.ts";
import { termBounds } from "./term-patterns.ts";

/** Answers questions about fields of documents from what an index holds. */
export interface PlaceReader {
  /** Whether one of the values of the field that lies at these paths fulfils one of the tests. */
  test(paths: readonly FieldPath[], tests: readonly ValueTest[]): Bounds;
  /** Whether the field that lies at these paths has a value. */
  valued(paths: readonly FieldPath[]): Bounds;
  /** Whether there is anything at or below one of the names. */
  has(...names: readonly string[]): Bounds;
  /** Whether there is a text with characters or a number at the name. */
  text(name: string): Bounds;
  /** Whether there is a value or an object with something in it at the name. */
  defined(name: string): Bounds;
  /** Whether there is an object with something in it at the name. */
  object(name: string): Bounds;
  /** Whether one of the values of a field, which is named as the index names it, is as an expression in Lucene's form says. */
  regexp(name: string, expression: string): Bounds;
  /** Of the places those that documents of the index may have a value at; equal for lists of places that mean the same here. */
  known(paths: readonly FieldPath[]): string;
  /** Every field that can be asked below the roots of a keyword search; undefined when there are too many or some cannot be. */
  keywords(roots: readonly FieldPath[], tests: readonly ValueTest[]): Bounds;
}

/** One place that a field may lie at: what a test of it gives, and whether it has a value. */
interface Place {
  readonly test: (tests: readonly ValueTest[]) => Bounds;
  readonly valued: Bounds;
}

const EMPTY: ValueTest = { kind: "pattern", pattern: [], cased: true, dashes: false };

/** Fields that a keyword is looked for in one by one. */
const MAX_KEYWORD_FIELDS = 48;

/** Inputs of steps that are taken from the root: the value is there only if one of them is. */
const ROOT_INPUTS: Readonly<Record<string, (argument: string) => readonly string[]>> = {
  windowsAccount: (root) => [`${root}.name`],
  sysmonHashes: (root) => [`${root}.hash`, `${root}.pe`],
  numberedData: () => ["winlog.event_data.param1"],
  sysmonRegistryData: () => ["registry.data"],
  sysmonRegistryChange: () => ["event.action"],
  powershellContext: () => ["powershell", "log.level", "process", "file.path", "user.name"],
  urlTarget: () => ["url.path"],
  w3cTarget: () => ["cs-uri-stem"],
  auditTypes: () => ["auditd.message_type", "auditd.log.record_type"],
  coalescedTypes: () => ["record_type"],
};

/** Reads the places of fields in one index, or in several that are alike. */
export function createPlaceReader(index: IndexFields, onReason: (reason: string) => void): PlaceReader {
  let noted: Set<string> | undefined;
  const tell = (reason: string): void => {
    noted?.add(reason);
    onReason(reason);
  };
  const parents = new Set<string>();
  for (const name of index.fields.keys()) {
    for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) parents.add(name.slice(0, dot));
  }
  const memory = new Map<string, { readonly places: readonly Place[]; readonly reasons: ReadonlySet<string> }>();

  const fieldAt = (name: string): { readonly name: string; readonly field: IndexField } | undefined => {
    const own = index.fields.get(name);
    if (own !== undefined) return { name, field: own };
    for (let dot = name.lastIndexOf("."); dot > 0; dot = name.lastIndexOf(".", dot - 1)) {
      const above = index.fields.get(name.slice(0, dot));
      if (above?.kind === "flattened" || (above?.kind === "opaque" && !parents.has(name.slice(0, dot))))
        return { name, field: above };
    }
    return undefined;
  };

  const has = (...names: readonly string[]): Bounds => {
    const found: Bounds[] = [];
    for (const name of names) {
      const own = fieldAt(name);
      if (own !== undefined && own.field.kind !== "object") found.push(valuedBounds({ ...own, tell }));
      else if (own !== undefined || parents.has(name)) found.push(atLeast({ exists: { field: name } }));
      if (own === undefined && mayHide(index, name)) found.push(UNKNOWN);
    }
    return some(found);
  };

  const plain = (name: string): Place | undefined => {
    const own = fieldAt(name);
    const isHidden = own === undefined && mayHide(index, name);
    if (own !== undefined && own.field.kind !== "object") {
      // Objects may lie there too where dots are part of names.
      const valued = valuedBounds({ ...own, tell });
      const both = parents.has(name) ? some([valued, atLeast({ exists: { field: name } })]) : valued;
      return { test: (tests) => testBounds({ ...own, tell }, tests), valued: both };
    }
    if (isHidden) tell(`${name}: the index may keep it without making it searchable`);
    if (isHidden) return { test: () => UNKNOWN, valued: UNKNOWN };
    if (own === undefined && !parents.has(name)) return undefined;
    return { test: () => NEVER, valued: atLeast({ exists: { field: name } }) };
  };

  const computed = (path: FieldPath, at: number): Place | undefined => {
    const key = path[at] ?? "";
    const [stepName = "", ...rest] = key.slice(1).split(" ");
    const argument = rest.join(" ");
    const inputs = at > 0 ? [path.slice(0, at).join(".")] : ROOT_INPUTS[stepName]?.(argument);
    const there = inputs === undefined ? UNKNOWN : has(...inputs);
    if (there === NEVER || there.upper === NEVER.upper) return undefined;
    const [input = ""] = inputs ?? [];
    const source = at > 0 && at === path.length - 1 ? fieldAt(input) : undefined;
    return {
      valued: atMost(there.upper),
      test: (tests) => {
        tell(`${path.filter((part) => !isStep(part)).join(".") || stepName}: the value is computed (${stepName})`);
        // A hash is a part of the text that lists hashes: what is in it is in that.
        if (stepName === "hash" && source?.field.kind === "keyword" && source.field.normalizer === undefined) {
          const patterns = tests.filter((test) => test.kind === "pattern");
          const parts = patterns.map((test) => ({ ...test, pattern: surround(test.pattern) }));
          if (patterns.length === tests.length && parts.every(({ pattern }) => pattern.length > 1))
            return atMost(
              source.field.ignorable
                ? anyOf([termBounds(input, parts).upper, { term: { _ignored: input } }])
                : termBounds(input, parts).upper,
            );
        }
        return atMost(there.upper);
      },
    };
  };

  const anyKey = (path: FieldPath): readonly Place[] => {
    const at = path.indexOf(ANY_KEY);
    const prefix = path.slice(0, at).join(".");
    const suffix = path.slice(at + 1).join(".");
    const names = [...index.fields.keys()].filter(
      (name) =>
        name.startsWith(`${prefix}.`) && name.endsWith(`.${suffix}`) && name.length > prefix.length + suffix.length + 2,
    );
    const places = names.flatMap((name) => plain(name) ?? []);
    const hidden = mayHide(index, prefix);
    if (places.length === 0 && !hidden) return [];
    const open = hidden ? [UNKNOWN] : [];
    // One object after another is looked into, so a value of any of them counts.
    return [
      {
        valued: some([...places.map(({ valued }) => valued), ...open]),
        test: (tests) => some([...places.map((place) => place.test(tests)), ...open]),
      },
    ];
  };

  const placesOf = (paths: readonly FieldPath[]): readonly Place[] => {
    const key = JSON.stringify(paths);
    const known = memory.get(key);
    if (known !== undefined) {
      for (const reason of known.reasons) onReason(reason);
      return known.places;
    }
    const reasons = new Set<string>();
    noted = reasons;
    const seen = new Set<string>();
    const places: Place[] = [];
    for (const path of paths) {
      const name = path.join(".");
      // Elasticsearch writes `a.b` and `a` → `b` to one field.
      if (seen.has(name)) continue;
      seen.add(name);
      const at = path.findIndex((part) => isStep(part) && part !== ANY_KEY);
      if (path.includes(ANY_KEY)) places.push(...(at < 0 ? anyKey(path) : [{ test: () => UNKNOWN, valued: UNKNOWN }]));
      else {
        const place = at < 0 ? plain(name) : computed(path, at);
        if (place !== undefined) places.push(place);
      }
    }
    noted = undefined;
    memory.set(key, { places, reasons });
    return places;
  };

  const object = (name: string): Bounds => {
    if (mayHide(index, name)) return UNKNOWN;
    return parents.has(name) || fieldAt(name)?.field.kind === "flattened"
      ? exactly({ exists: { field: name } })
      : NEVER;
  };

  const text = (name: string): Bounds => {
    const own = fieldAt(name);
    if (own === undefined) return mayHide(index, name) ? UNKNOWN : NEVER;
    if (own.field.kind === "object") return NEVER;
    return every([valuedBounds({ ...own, tell }), not(testBounds({ ...own, tell }, [EMPTY]))]);
  };

  const defined = (name: string): Bounds => {
    const own = fieldAt(name);
    return own === undefined || own.field.kind === "object"
      ? object(name)
      : some([valuedBounds({ ...own, tell }), ...(parents.has(name) ? [object(name)] : [])]);
  };

  const regexp = (name: string, expression: string): Bounds => {
    const own = fieldAt(name);
    if (own === undefined) return mayHide(index, name) ? UNKNOWN : NEVER;
    const whole = own.field.whole ?? own;
    const { kind, normalizer, ignorable, foreign } = whole.field;
    if (kind !== "keyword" || normalizer !== undefined || ignorable || foreign) return UNKNOWN;
    return exactly({ regexp: { [whole.name]: { value: expression, flags: "NONE" } } });
  };

  const known = (paths: readonly FieldPath[]): string =>
    JSON.stringify([...new Set(paths.filter((path) => placesOf([path]).length > 0).map((path) => path.join(".")))]);

  return {
    has,
    text,
    defined,
    object,
    regexp,
    known,
    valued: (paths) => some(placesOf(paths).map(({ valued }) => valued)),
    test: (paths, tests) => {
      const alternatives: Bounds[] = [];
      const earlier: Bounds[] = [];
      for (const place of placesOf(paths)) {
        // The first place with a value counts.
        alternatives.push(every([place.test(tests), ...earlier]));
        earlier.push(not(place.valued));
        if (place.valued.lower === ALL) break;
      }
      return some(alternatives);
    },
    keywords: (roots, tests) => {
      const names = roots.map((path) => path.join("."));
      const isBelow = (name: string): boolean =>
        names.some((root) => root === "" || name === root || name.startsWith(`${root}.`));
      const asked = [...index.fields].filter(([name, { kind }]) => isBelow(name) && kind !== "object");
      const isOpen = index.hiding.some((prefix) => isBelow(prefix) || names.some((root) => mayHide(index, root)));
      if (isOpen || asked.length > MAX_KEYWORD_FIELDS || asked.some(([, { kind }]) => kind === "flattened")) {
        tell("a keyword is looked for in every field");
        return UNKNOWN;
      }
      return some(asked.map(([name, field]) => testBounds({ name, field, tell }, tests)));
    },
  };
}

/** The longest literal of a pattern, anywhere. */
function surround(pattern: Pattern): Pattern {
  const literal = pattern.reduce<string>(
    (best, part) => (typeof part === "string" && part.length > best.length ? part : best),
    "",
  );
  return literal === "" ? [ANY] : [ANY, literal, ANY];
}
