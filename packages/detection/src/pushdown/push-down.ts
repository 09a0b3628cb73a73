import type { LogSource } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { DEFAULT_MAPPINGS } from "../mappings/default-mappings.ts";
import { type Rule, looksEverywhere } from "../rule.ts";
import { type Condition, type ValueTest, fieldsOf } from "../signature.ts";
import { type Bounds, UNKNOWN, atMost, every, isExact, not, some } from "./bounds.ts";
import type { IndexFields } from "./index-fields.ts";
import { OTHER_READINGS } from "./other-readings.ts";
import { type PlaceReader, createPlaceReader } from "./places.ts";
import { ALL, NONE, type Query, anyOf, countClauses } from "./query.ts";
import { type MappingReading, type ReadMapping, type SourceAlternative, fits } from "./reading.ts";
import { acceptsSystem, acceptsFlat, acceptsOtelWindows, acceptsWinlogbeat, readWindows } from "./windows-reading.ts";

/** A rule as a query. */
export type PushedDown =
  | {
      readonly query: Query;
      /**
       * `exact`: the query finds the documents that the rule finds, and no other. `superset`: it finds all of them, and what it finds has to be judged in process.
       */
      readonly exactness: "exact" | "superset";
      /** Why it is no more than a superset; none for an exact one. */
      readonly reasons: readonly string[];
    }
  /** The cluster cannot narrow down which documents to look at: all have to be judged in process. */
  | { readonly refused: true; readonly reasons: readonly string[] };

/** What a rule is pushed down to. */
export interface PushDownOptions {
  readonly mapping: FieldMapping;
  readonly fields: IndexFields;
  /** All mappings that read the documents, in the order they are asked; by default {@link DEFAULT_MAPPINGS}. */
  readonly mappings?: readonly FieldMapping[] | undefined;
  /** The log source of documents that do not tell theirs, as the source's configuration has it. */
  readonly logSource?: LogSource | undefined;
}

const READINGS: Readonly<Record<string, ReadMapping>> = {
  windows: readWindows(acceptsFlat),
  winlogbeat: readWindows(acceptsWinlogbeat),
  "windows-evtx": readWindows((reader) => acceptsSystem(reader, "Event.System")),
  "windows-otel": readWindows(acceptsOtelWindows),
  "windows-xml": readWindows((reader) => acceptsSystem(reader, "System")),
  ...OTHER_READINGS,
};

/** Reasons that are told of one rule; more say nothing new. */
const MAX_REASONS = 12;

/** Turns rules into queries for documents of one mapping in one index, or in several that are alike. */
export class PushDown {
  readonly #options: PushDownOptions;
  readonly #reader: PlaceReader;
  readonly #reading: MappingReading | undefined;
  readonly #isRead: Bounds;
  /** Documents that do not tell their log source. */
  readonly #isSourceless: Bounds;
  #reasons = new Set<string>();

  constructor(options: PushDownOptions) {
    this.#options = options;
    const { mapping, fields, mappings = DEFAULT_MAPPINGS } = options;
    this.#reader = createPlaceReader(fields, (reason) => void this.#reasons.add(reason));
    const readingOf = (one: FieldMapping): MappingReading | undefined =>
      Object.hasOwn(READINGS, one.name) ? READINGS[one.name]?.(one, this.#reader) : undefined;
    this.#reading = readingOf(mapping);
    const told = this.#reading?.sources({}, () => "");
    this.#isSourceless = told === undefined ? UNKNOWN : not(some(told.map(({ when }) => when)));
    const earlier = mappings.slice(0, Math.max(0, mappings.indexOf(mapping)));
    this.#isRead =
      this.#reading === undefined
        ? UNKNOWN
        : every([this.#reading.accepts, ...earlier.map((one) => not(readingOf(one)?.accepts ?? UNKNOWN))]);
  }

  /** Whether documents of the mapping can be there at all. */
  get isPossible(): boolean {
    return this.#isRead.upper !== NONE;
  }

  /** The documents that the mapping reads, and maybe others. */
  get documents(): Query {
    return this.#isRead.upper;
  }

  /** The query for one rule; exceptions, which depend on the time of an event, are left to be honoured in process. */
  rule(rule: Rule): PushedDown {
    this.#reasons = new Set();
    const { condition } = rule;
    if (condition === undefined)
      return refuse([
        "A correlation has no query of its own: its rules have, and what they find is correlated in process.",
      ]);
    const { mapping, logSource: told } = this.#options;
    if (this.#reading === undefined) return refuse([`The mapping ${mapping.name} is not one that push-down knows.`]);
    if (!this.isPossible) return { query: NONE, exactness: "exact", reasons: [] };
    const names = [...fieldsOf(condition)];
    const signature = (source: LogSource): string =>
      names.map((field) => this.#reader.known(mapping.paths(field, source))).join("\n");
    const found = this.#reading.sources(rule.logSource, signature);
    if (found === undefined)
      return refuse([`Which fields it means depends on the log source of each document (mapping ${mapping.name}).`]);
    const alternatives: SourceAlternative[] = [...found];
    const mayBeTold = told !== undefined && fits(rule.logSource, told);
    if (mayBeTold) alternatives.push({ source: told, when: this.#isSourceless });
    else if (looksEverywhere(rule)) alternatives.push({ source: {}, when: this.#isSourceless });
    let isNarrowed = true;
    const parts = alternatives.flatMap(({ source, when }) => {
      if (when.upper === NONE) return [];
      const found = this.#compile(condition, source);
      if (found.upper === ALL) isNarrowed = false;
      if (!isExact(when)) this.#reasons.add(`The log source is found in process (mapping ${mapping.name}).`);
      return every([when, found]);
    });
    let bounds = every([some(parts), this.#isRead]);
    if (rule.extension.exceptions.length > 0) {
      this.#reasons.add("Its exceptions are honoured in process.");
      bounds = bounds.upper === NONE ? bounds : atMost(bounds.upper);
    }
    if (bounds.upper === NONE) return { query: NONE, exactness: "exact", reasons: [] };
    const clauses = countClauses(bounds.upper);
    if (clauses > this.#options.fields.maxClauses)
      return refuse([tooManyClauses(clauses, this.#options.fields.maxClauses), ...this.#told()]);
    if (isExact(bounds)) return { query: bounds.upper, exactness: "exact", reasons: [] };
    if (!isNarrowed) return refuse(["Its condition does not narrow down which documents to look at.", ...this.#told()]);
    return { query: bounds.upper, exactness: "superset", reasons: this.#told() };
  }

  #told(): readonly string[] {
    return [...this.#reasons].slice(0, MAX_REASONS);
  }

  #compile(condition: Condition, source: LogSource): Bounds {
    switch (condition.op) {
      case "and":
        return every(condition.items.map((item) => this.#compile(item, source)));
      case "or":
        return some(this.#alternatives(condition.items, source));
      case "atleast":
        return some(
          condition.items.map((item) => this.#compile(item, source)),
          condition.count,
        );
      case "not":
        return not(this.#compile(condition.item, source));
      case "test":
        return this.#test(condition.field, [condition.test], source);
    }
  }

  /** Tests of one field are asked together. */
  #alternatives(items: readonly Condition[], source: LogSource): readonly Bounds[] {
    const tests = new Map<string | undefined, ValueTest[]>();
    const others: Bounds[] = [];
    for (const item of items) {
      if (item.op !== "test" || item.test.kind !== "pattern") others.push(this.#compile(item, source));
      else {
        const known = tests.get(item.field);
        if (known === undefined) tests.set(item.field, [item.test]);
        else known.push(item.test);
      }
    }
    return [...[...tests].map(([field, own]) => this.#test(field, own, source)), ...others];
  }

  #test(field: string | undefined, tests: readonly ValueTest[], source: LogSource): Bounds {
    const { mapping } = this.#options;
    const [first] = tests;
    if (field === undefined) {
      const isText = tests.every(({ kind }) => kind !== "null" && kind !== "exists");
      return isText ? this.#reader.keywords(mapping.keywordRoots ?? [[]], tests) : UNKNOWN;
    }
    const paths = mapping.paths(field, source);
    if (first?.kind === "null") return not(this.#reader.valued(paths));
    if (first?.kind === "exists") {
      // What is there and null or empty is in no index.
      this.#reasons.add(`${field}: a field that is there without a value is not in the index`);
      return { upper: ALL, lower: this.#reader.valued(paths).lower };
    }
    if (first?.kind === "fieldref")
      return every([
        this.#reader.test(paths, tests),
        atMost(this.#reader.valued(mapping.paths(first.field, source)).upper),
      ]);
    return this.#reader.test(paths, tests);
  }
}

const refuse = (reasons: readonly string[]): PushedDown => ({ refused: true, reasons });

/**
 * A rule as a query for documents of one mapping: exact, or a superset that has to be finished in process, or refused. What "exact" takes for
 * granted of documents is told in docs/push-down.md.
 *
 * @example
 * pushDown(rule, { mapping: winlogbeatMapping, fields: describeIndex({ mappings }) });
 */
export function pushDown(rule: Rule, options: PushDownOptions): PushedDown {
  return new PushDown(options).rule(rule);
}

/** What a rule comes to in one index, whichever mappings read its documents. */
export class IndexPushDown {
  readonly #parts: readonly PushDown[];
  readonly #maxClauses: number;

  constructor({ mappings = DEFAULT_MAPPINGS, ...options }: Omit<PushDownOptions, "mapping">) {
    this.#parts = mappings
      .map((mapping) => new PushDown({ ...options, mapping, mappings }))
      .filter(({ isPossible }) => isPossible);
    this.#maxClauses = options.fields.maxClauses;
  }

  /** Documents in which one of the mappings may find the rule. */
  rule(rule: Rule): PushedDown {
    const queries: Query[] = [];
    const reasons = new Set<string>();
    let exactness: "exact" | "superset" = "exact";
    let isRefused = false;
    for (const part of this.#parts) {
      const found = part.rule(rule);
      for (const reason of found.reasons) reasons.add(reason);
      if ("refused" in found) {
        isRefused = true;
        continue;
      }
      queries.push(found.query);
      if (found.exactness === "superset") exactness = "superset";
    }
    const told = [...reasons].slice(0, MAX_REASONS);
    if (isRefused) return refuse(told);
    const query = anyOf(queries);
    const clauses = countClauses(query);
    if (clauses > this.#maxClauses) return refuse([tooManyClauses(clauses, this.#maxClauses), ...told]);
    return { query, exactness, reasons: told };
  }
}

const tooManyClauses = (clauses: number, limit: number): string =>
  `Its query has ${clauses} clauses; the cluster takes ${limit}.`;

/** Documents of a span of time, both in Unix milliseconds, the end excluded. */
export function timeRange(field: string, from: number, to: number): Query {
  return { range: { [field]: { gte: from, lt: to, format: "epoch_millis" } } };
}
