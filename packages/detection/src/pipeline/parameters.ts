import type { ErrorCode } from "../errors.ts";
import { nearest } from "../sigma/nearest.ts";
import type { Reporter } from "../sigma/reporter.ts";
import { type MapTree, type ScalarTree, type Tree, child } from "../sigma/tree.ts";
import { type PythonRegex, compilePythonRegex } from "./python-regex.ts";
import type { FieldNames, Plain } from "./pipeline.ts";

/** Reads the keys of one map of a pipeline file; everything wrong is reported, and what was not asked for at the end is unknown. */
export class Parameters {
  readonly tree: MapTree;
  readonly #reporter: Reporter;
  readonly #text: string;
  readonly #what: string;
  readonly #known = new Set<string>();

  constructor(tree: MapTree, what: string, reporter: Reporter, text: string) {
    this.tree = tree;
    this.#what = what;
    this.#reporter = reporter;
    this.#text = text;
  }

  /** The value under a key, which is known from now on. */
  get(key: string): Tree | undefined {
    this.#known.add(key);
    return child(this.tree, key);
  }

  /** Reports a value of the wrong form. */
  wrong(key: string, expected: string, at = this.get(key)?.at ?? this.tree.at): void {
    this.#reporter.error("pipeline-wrong-type", `"${key}" of ${this.#what} must be ${expected}.`, at);
  }

  /** Reports something else. */
  report(code: ErrorCode, message: string, at = this.tree.at, suggestion?: string): void {
    this.#reporter.error(code, message, at, suggestion);
  }

  /** A text; undefined when it is missing, which is reported unless it is optional. */
  text(key: string, isOptional = false): string | undefined {
    const value = this.#required(key, isOptional);
    if (value === undefined) return undefined;
    if (value.kind === "scalar" && typeof value.value === "string") return value.value;
    this.wrong(key, "a text");
    return undefined;
  }

  /** True or false, false when missing. */
  flag(key: string): boolean {
    const value = this.get(key);
    if (value === undefined) return false;
    if (value.kind === "scalar" && typeof value.value === "boolean") return value.value;
    this.wrong(key, "true or false");
    return false;
  }

  /** One of a list of words. */
  choice<Word extends string>(key: string, words: readonly Word[], fallback?: Word): Word | undefined {
    const value = this.#required(key, fallback !== undefined);
    if (value === undefined) return fallback;
    const written = value.kind === "scalar" ? String(value.value) : undefined;
    const found = words.find((word) => word === written);
    if (found === undefined) {
      const guess = written === undefined ? undefined : nearest(written, words);
      this.report(
        "pipeline-unknown-value",
        `"${key}" of ${this.#what} must be one of: ${words.join(", ")}.`,
        value.at,
        guess === undefined ? undefined : `Did you mean "${guess}"?`,
      );
    }
    return found;
  }

  /** A plain value: text, number, true, false or null. */
  plain(key: string): Plain | undefined {
    const value = this.#required(key, false);
    if (value?.kind === "scalar") return value.value;
    if (value !== undefined) this.wrong(key, "a plain value");
    return undefined;
  }

  /** A text or a list of texts. */
  texts(key: string, isOptional = false): readonly string[] | undefined {
    const value = this.#required(key, isOptional);
    if (value === undefined) return undefined;
    const texts = textsOf(value);
    if (texts === undefined) this.wrong(key, "a list of texts");
    return texts;
  }

  /** A regular expression that can be matched in linear time. */
  regex(key: string): PythonRegex | undefined {
    const source = this.text(key);
    return source === undefined ? undefined : this.compile(source, this.get(key)?.at);
  }

  /** Compiles a regular expression; a bad one is reported. */
  compile(source: string, at?: number): PythonRegex | undefined {
    const result = compilePythonRegex(source);
    if ("regex" in result) return result.regex;
    this.report("pipeline-regex", `The regular expression "${source}" cannot be used: ${result.error}.`, at);
    return undefined;
  }

  /** A map from a text to one or several texts; the key null is kept apart where `takesNull`. */
  mapping(key: string, takesNull: boolean): FieldNames | undefined {
    const value = this.#required(key, false);
    if (value?.kind !== "map") {
      if (value !== undefined) this.wrong(key, "a map");
      return undefined;
    }
    const result = new Map<string | null, readonly string[]>();
    for (const entry of value.entries) {
      const texts = textsOf(entry.value);
      // A key that is written in quotes is a text, whatever it says.
      const isNull = /^(?:null|~)?$/i.test(entry.key) && !/["']/.test(this.#text.charAt(entry.at));
      if (texts === undefined) this.wrong(`${key}.${entry.key}`, "a text or a list of texts", entry.value.at);
      else if (isNull && !takesNull) this.wrong(`${key}.null`, "the name of a field", entry.at);
      else result.set(isNull ? null : entry.key, texts);
    }
    return result;
  }

  /** Reports every key that was not asked for. */
  finish(): void {
    for (const { key, at } of this.tree.entries) {
      if (this.#known.has(key)) continue;
      const guess = nearest(key, this.#known);
      this.report(
        "pipeline-unknown-key",
        `Unknown key "${key}" in ${this.#what}.`,
        at,
        guess === undefined ? `The keys are: ${[...this.#known].join(", ")}.` : `Did you mean "${guess}"?`,
      );
    }
  }

  #required(key: string, isOptional: boolean): Tree | undefined {
    const value = this.get(key);
    if (value === undefined && !isOptional)
      this.report("pipeline-missing-key", `"${key}" is missing in ${this.#what}.`, this.tree.at);
    return value;
  }
}

/** A text or list of texts; undefined when it is something else. Numbers are no texts. */
export function textsOf(tree: Tree): readonly string[] | undefined {
  const items = tree.kind === "list" ? tree.items : [tree];
  const isText = (item: Tree): item is ScalarTree & { value: string } =>
    item.kind === "scalar" && typeof item.value === "string";
  return items.every(isText) ? items.map(({ value }) => value) : undefined;
}
