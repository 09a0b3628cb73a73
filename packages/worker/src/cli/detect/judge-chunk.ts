import { isAscii, isUtf8 } from "node:buffer";
import {
  type FieldMapping,
  type JsonObject,
  type LogSource,
  type Rule,
  type SecurityEvent,
  createDetector,
} from "@vedette/detection";
import type { Chunk, ChunkMatch, ChunkProblem, ChunkResult } from "./chunk.ts";

/** What a judge of chunks is made of. */
export interface ChunkJudgeOptions {
  readonly rules: readonly Rule[];
  readonly mappings: readonly FieldMapping[];
  /** Log source of events whose own fields do not tell it. */
  readonly logSource?: LogSource | undefined;
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
  readonly logSource: LogSource | undefined;
  readonly #mappings: readonly FieldMapping[];
  #time: number | undefined;

  constructor(document: JsonObject, logSource: LogSource | undefined, mappings: readonly FieldMapping[]) {
    this.document = document;
    this.logSource = logSource;
    this.#mappings = mappings;
  }

  get time(): number {
    this.#time ??= this.#mappings.find((mapping) => mapping.accepts(this.document))?.time(this.document) ?? Number.NaN;
    return this.#time;
  }
}

/** Name of a mapping and log sources in {@link ChunkResult.sources}. */
const sourceKey = (mapping: string | undefined, logSources: readonly LogSource[]): string =>
  `${mapping ?? ""}\t${logSources.map(({ product, category, service }) => [product, category, service].filter(Boolean).join("/")).join(", ")}`;

/** Makes a function that parses and judges chunks; it keeps nothing from one to the next. */
export function createChunkJudge(options: ChunkJudgeOptions): (chunk: Chunk) => ChunkResult {
  const { rules, mappings, logSource } = options;
  const detector = createDetector(rules, { mappings });
  const ruleIndex = new Map(rules.map(({ id }, index) => [id, index]));

  return (chunk) => {
    const matches: ChunkMatch[] = [];
    const problems: ChunkProblem[] = [];
    const sources = options.wantsSources ? new Map<string, number>() : undefined;
    let times = options.wantsTimes ? new Float64Array(1_024) : undefined;
    let newest = -Infinity;
    let events = 0;
    let unmatched = 0;
    let firstUnmatched: number | undefined;

    const judge = (text: string, line: number): void => {
      const document = parse(text, line, problems);
      if (document === undefined) return;
      const event = new ChunkEvent(document, logSource, mappings);
      const { mapping, logSources, facts } = detector.judge(event);
      if (logSources.length === 0) {
        unmatched++;
        firstUnmatched ??= line;
      }
      for (const { id: _id, eventId: _eventId, rule, ...fact } of facts)
        matches.push({ event: events, rule: ruleIndex.get(rule.id) ?? -1, fact });
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

    let lines: number | undefined;
    let replaced = 0;
    if (chunk.kind === "lines") ({ lines, replaced } = eachLine(Buffer.from(chunk.buffer, 0, chunk.length), judge));
    else if (chunk.kind === "texts")
      for (const [index, text] of chunk.texts.entries()) judge(text, chunk.lines[index] ?? 0);
    else {
      problems.push({ code: "event-too-large", detail: "it is not judged", line: chunk.line ?? 0 });
      lines = chunk.line === undefined ? 1 : undefined;
    }
    return {
      events,
      lines,
      matches,
      problems,
      unmatched,
      firstUnmatched,
      replaced,
      newest: times?.slice(0, events),
      sources,
    };
  };
}

function grown(times: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(times.length * 4);
  larger.set(times);
  return larger;
}

/** Calls back with each line that is not blank, and counts line feeds and lines that are not UTF-8. */
function eachLine(
  bytes: Buffer,
  callback: (text: string, line: number) => void,
): { readonly lines: number; readonly replaced: number } {
  const length = bytes.length;
  // One text of one-byte characters is made once and cut; other chunks are decoded line by line.
  const ascii = isAscii(bytes) ? bytes.toString("latin1") : undefined;
  const isValid = ascii !== undefined || isUtf8(bytes);
  let replaced = 0;
  let line = 0;
  for (let start = 0; start < length; line++) {
    let end = ascii === undefined ? bytes.indexOf(10, start) : ascii.indexOf("\n", start);
    const isLast = end < 0;
    if (isLast) end = length;
    // A blank line has a blank first character, which is rare otherwise.
    const isBlank = end === start || ((bytes[start] ?? 0) <= 32 && bytes.toString("latin1", start, end).trim() === "");
    if (!isBlank) {
      if (!isValid && !isUtf8(bytes.subarray(start, end))) replaced++;
      callback(ascii === undefined ? bytes.toString("utf8", start, end) : ascii.slice(start, end), line);
    }
    start = end + 1;
    if (isLast) break;
  }
  return { lines: line, replaced };
}

function parse(text: string, line: number, problems: ChunkProblem[]): JsonObject | undefined {
  let detail = "it is JSON, but not an object";
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (error) {
    detail = error instanceof Error ? error.message : String(error);
  }
  problems.push({ code: "event-malformed", detail, line });
  return undefined;
}
