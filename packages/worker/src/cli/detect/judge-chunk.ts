import {
  type FieldMapping,
  type JsonObject,
  type LogSource,
  type Rule,
  type SecurityEvent,
  createDetector,
} from "@vedette/detection";
import type { Chunk, ChunkProblem, ChunkResult, FactForm } from "./chunk.ts";
import { MatchColumns } from "./match-columns.ts";
import { eachText } from "./parse-chunk.ts";
import { isObject, wrappedEvents } from "./wrapped-events.ts";

/** What a judge of chunks is made of. */
export interface ChunkJudgeOptions {
  readonly rules: readonly Rule[];
  readonly mappings: readonly FieldMapping[];
  /** Log source of events whose own fields do not tell it. */
  readonly logSource?: LogSource | undefined;
  readonly form: FactForm;
  /** Whether the newest event time up to each event is wanted: correlations need it. */
  readonly wantsTimes: boolean;
  /** Whether it is wanted how many events each mapping and log source had. */
  readonly wantsSources: boolean;
}

/** An event whose time is read when somebody asks for it. */
class ChunkEvent implements SecurityEvent {
  /** Ids say how many events came before, which a chunk does not know. */
  readonly id = "";
  readonly document: JsonObject;
  /** The text that the document was parsed from as a whole. */
  readonly json: string | undefined;
  readonly logSource: LogSource | undefined;
  readonly #mappings: readonly FieldMapping[];
  #time: number | undefined;

  constructor(
    document: JsonObject,
    json: string | undefined,
    logSource: LogSource | undefined,
    mappings: readonly FieldMapping[],
  ) {
    this.document = document;
    this.json = json;
    this.logSource = logSource;
    this.#mappings = mappings;
  }

  get time(): number {
    this.#time ??= this.#mappings.find((mapping) => mapping.accepts(this.document))?.time(this.document) ?? Number.NaN;
    return this.#time;
  }
}

const UNKNOWN = { index: -1, isCounted: false } as const;

/** Ids of the rules whose facts a correlation counts. */
export function countedRules(rules: readonly Rule[]): ReadonlySet<string> {
  return new Set(rules.flatMap(({ correlation }) => correlation?.ruleIds ?? []));
}

/** Name of a mapping and log sources in {@link ChunkResult.sources}. */
const sourceKey = (mapping: string | undefined, logSources: readonly LogSource[]): string =>
  `${mapping ?? ""}\t${logSources.map(({ product, category, service }) => [product, category, service].filter(Boolean).join("/")).join(", ")}`;

/** Makes a function that parses and judges chunks; it keeps nothing from one to the next. */
export function createChunkJudge(options: ChunkJudgeOptions): (chunk: Chunk) => ChunkResult {
  const { rules, mappings, logSource } = options;
  const detector = createDetector(rules, { mappings, identifies: false });
  const counted = countedRules(rules);
  const ruleIndex = new Map(rules.map(({ id }, index) => [id, { index, isCounted: counted.has(id) }]));

  return (chunk) => {
    const matches = new MatchColumns(options.form);
    const problems: ChunkProblem[] = [];
    const hidden = new Map<string, number>();
    const sources = options.wantsSources ? new Map<string, number>() : undefined;
    let times = options.wantsTimes ? new Float64Array(1_024) : undefined;
    let newest = -Infinity;
    let events = 0;
    let unmatched = 0;
    let firstUnmatched: number | undefined;

    const judge = (document: JsonObject, line: number, json: string | undefined): void => {
      const event = new ChunkEvent(document, json, logSource, mappings);
      const { mapping, logSources, facts, excepted } = detector.judge(event);
      const isTold = logSources.length === 1 && logSources[0] === logSource;
      const mayWrap = json !== undefined && (logSources.length === 0 || isTold);
      const wrapped = mayWrap ? wrappedEvents(document, isTold) : undefined;
      if (wrapped !== undefined) {
        for (const one of wrapped) {
          if (isObject(one)) judge(one, line, undefined);
          else problems.push({ code: "event-malformed", detail: "a record in the list is not an object", line });
        }
        // What was found in the document as a whole is not lost.
        if (facts.length === 0 && excepted.length === 0) return;
      }
      if (logSources.length === 0) {
        unmatched++;
        firstUnmatched ??= line;
      }
      for (const { rule, kind, time, entities, values, alerts } of facts) {
        const { index, isCounted } = ruleIndex.get(rule.id) ?? UNKNOWN;
        matches.add(events, index, { kind, time, entities, values, alerts }, isCounted);
      }
      for (const { ruleId, exception } of excepted) {
        const key = `${ruleId}\t${exception}`;
        hidden.set(key, (hidden.get(key) ?? 0) + 1);
      }
      if (times !== undefined) {
        if (event.time > newest) newest = event.time;
        if (events === times.length) times = grown(times);
        times[events] = newest;
      }
      if (sources !== undefined) {
        const key = sourceKey(mapping, logSources);
        sources.set(key, (sources.get(key) ?? 0) + 1);
      }
      events++;
    };

    const { lines, replaced } = eachText(chunk, judge, (problem) => problems.push(problem));
    return {
      events,
      lines,
      matches: matches.finish(),
      problems,
      unmatched,
      firstUnmatched,
      replaced,
      newest: times?.slice(0, events),
      sources,
      excepted: hidden,
    };
  };
}

function grown(times: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(times.length * 4);
  larger.set(times);
  return larger;
}
