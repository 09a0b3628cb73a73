import { createHash } from "node:crypto";
import type { FieldMapping, JsonObject, JsonValue } from "@vedette/detection";
import type { RawRecord, RefusedInput } from "../../record.ts";
import { uidOf } from "../event-id.ts";
import { isWithinDepth, MAX_RECORD_DEPTH } from "../json-depth.ts";
import { sampleOf } from "../sample.ts";
import type { Line } from "./line-splitter.ts";

/** Where a line was read. */
export interface LineOrigin {
  readonly source: string;
  readonly path: string;
  readonly partition: string;
  /** Number of the file's content in the source's checkpoint. */
  readonly fileId: number;
  /** False when the line numbers are not known, because reading began at the end. */
  readonly numbered: boolean;
  readonly receivedAt: number;
}

const TIME_FIELDS = ["@timestamp", "time", "timestamp"] as const;
const ISO_DATE = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?$/i;

/** Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by their size (right from 1973 to 5138). */
const epochToMilliseconds = (value: number): number => {
  const size = Math.abs(value);
  return Math.floor(size < 1e11 ? value * 1_000 : size < 1e14 ? value : size < 1e17 ? value / 1e3 : value / 1e6);
};

/** A time as logs write it, as Unix milliseconds; without a zone it is UTC. */
const parseTime = (value: JsonValue | undefined): number | undefined => {
  let time: number | undefined;
  if (typeof value === "number") time = epochToMilliseconds(value);
  else if (typeof value === "string") {
    const text = value.trim();
    if (/^\d+(\.\d+)?$/.test(text)) time = epochToMilliseconds(Number(text));
    else if (ISO_DATE.test(text)) {
      const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text) && text.length > 10;
      time = Date.parse(`${text.replace(" ", "T").replace(",", ".")}${hasZone || text.length === 10 ? "" : "Z"}`);
    }
  }
  return time === undefined || !Number.isFinite(time) || Math.abs(time) > 8.64e15 ? undefined : time;
};

const mappedTime = (document: JsonObject, mappings: readonly FieldMapping[]): number | undefined => {
  try {
    return mappings.find((mapping) => mapping.accepts(document))?.time(document);
  } catch {
    // A document that a mapping stumbles over is still an event.
    return undefined;
  }
};

/** Event time of a document: as its mapping knows it, else from the usual fields, else undefined. */
export const documentTime = (document: JsonObject, mappings: readonly FieldMapping[]): number | undefined => {
  const time = mappedTime(document, mappings);
  if (time !== undefined && Number.isFinite(time)) return Math.floor(time);
  for (const field of TIME_FIELDS) {
    const found = parseTime(document[field]);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** The event id of a line: the sender's `log.record.uid`, else the hash of file, offset and line. */
const eventId = (document: JsonObject, origin: LineOrigin, line: Line): string => {
  const attributes = document["attributes"];
  const nested = typeof attributes === "object" && attributes !== null ? uidOf(attributes as JsonObject) : undefined;
  const uid = nested ?? uidOf(document);
  if (uid !== undefined) return uid;
  const hash = createHash("sha256").update(`${origin.source}\0${origin.fileId}\0${line.offset}\0`);
  return hash.update(line.bytes).digest("hex");
};

/** What became of a line: a record, refused input, or nothing when it is empty. */
export const readLine = (
  line: Line,
  origin: LineOrigin,
  mappings: readonly FieldMapping[],
): { record?: RawRecord; refused?: RefusedInput } => {
  const { source, path, receivedAt } = origin;
  const refuse = (reason: string, detail: string): { refused: RefusedInput } => {
    const place = `${path}${origin.numbered ? `:${line.number}` : ""}, byte ${line.offset}`;
    return {
      refused: { time: receivedAt, source, reason, detail: `${place}: ${detail}`, sample: sampleOf(line.bytes) },
    };
  };
  if (line.tooLong) return refuse("line_too_long", "the line is longer than allowed.");
  let text = line.bytes.toString("utf8");
  if (line.offset === 0 && text.startsWith("\u{feff}")) text = text.slice(1);
  if (text.trim() === "") return {};
  let document: JsonValue;
  try {
    document = JSON.parse(text) as JsonValue;
  } catch (error) {
    return refuse("not_json", (error as Error).message);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document)) {
    return refuse("not_json", "the line is JSON, but no object.");
  }
  if (!isWithinDepth(document)) return refuse("too_deep", `a value is nested deeper than ${MAX_RECORD_DEPTH}.`);
  const object = document as JsonObject;
  const time = documentTime(object, mappings);
  return {
    record: {
      id: eventId(object, origin, line),
      source,
      position: `${path}:${line.offset}`,
      partition: origin.partition,
      time: time ?? receivedAt,
      ...(time === undefined ? { undated: true } : {}),
      receivedAt,
      document: object,
    },
  };
};
