import { parsePattern } from "../sigma/pattern.ts";
import type { ValueTest } from "../signature.ts";
import { type Bounds, every, not, some } from "./bounds.ts";
import type { PlaceReader } from "./places.ts";
import { equal, like } from "./reading.ts";

/** A text that tells what a document is: of several fields the first that is not empty. */
export interface Telling {
  /** Whether it fulfils one of the tests, none of which an empty text fulfils. */
  is(...tests: readonly ValueTest[]): Bounds;
  readonly filled: Bounds;
}

/** The test whether a text is a value with wildcards, upper and lower case as they are. */
export const cased = (text: string): ValueTest => ({
  kind: "pattern",
  pattern: parsePattern(text),
  cased: true,
  dashes: false,
});

/** Conditions in the words in which mappings ask documents, for an index. */
export interface DocumentConditions {
  /** Whether a member is a text with characters or a number. */
  text(name: string): Bounds;
  /** Whether a member has a value, or is an object with something in it. */
  defined(name: string): Bounds;
  object(name: string): Bounds;
  telling(...names: readonly string[]): Telling;
  /** Whether one of the members is one of the texts, upper and lower case as they are. */
  equals(name: string, ...texts: readonly string[]): Bounds;
  /** The same with wildcards, upper and lower case alike. */
  likes(name: string, ...texts: readonly string[]): Bounds;
  regexp(name: string, expression: string): Bounds;
}

/** Makes them; each is asked once. */
export function documentConditions(reader: PlaceReader): DocumentConditions {
  const at = (name: string): readonly (readonly [string])[] => [[name]];
  const known = new Map<string, Bounds>();
  const once = (key: string, make: () => Bounds): Bounds => {
    let found = known.get(key);
    if (found === undefined) known.set(key, (found = make()));
    return found;
  };
  const text = (name: string): Bounds => once(name, () => reader.text(name));
  const telling = (...names: readonly string[]): Telling => ({
    filled: some(names.map(text)),
    is: (...tests) =>
      names.reduceRight<Bounds>(
        (rest, name) => some([reader.test(at(name), tests), every([not(text(name)), rest])]),
        some([]),
      ),
  });
  return {
    text,
    defined: (name) => reader.defined(name),
    object: (name) => reader.object(name),
    telling,
    equals: (name, ...texts) => reader.test(at(name), texts.map(equal)),
    likes: (name, ...texts) => reader.test(at(name), texts.map(like)),
    regexp: (name, expression) => reader.regexp(name, expression),
  };
}
