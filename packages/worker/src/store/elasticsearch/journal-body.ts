import { promisify } from "node:util";
import { constants, gunzip, gzip } from "node:zlib";
import type { JsonValue } from "@vedette/detection";
import type { WriteOperation } from "../../elasticsearch/write.ts";
import type { Change } from "@vedette/api";

const pack = promisify(gzip);
const unpack = promisify(gunzip);

/** Characters of JSON up to which a body is kept as it is. */
const PLAIN_LIMIT = 8_192;

/** What a step does, resolved: doing it twice, or after a later step, changes nothing. */
export interface JournalEntry<Carry extends JsonValue> {
  /** Creates, and puts whose version is the step's number or another that only grows. */
  readonly operations: readonly WriteOperation[];
  /** What the next step needs to know of all the steps before. */
  readonly carry: Carry;
  /** What listeners are told. */
  readonly changes: readonly Change[];
}

/** A body as it stands in a document: JSON, or the base64 of its gzip. */
export type PackedBody = { readonly json: string } | { readonly gzip: string };

/** Packs the text of an entry. */
export async function packBody(text: string): Promise<PackedBody> {
  if (text.length <= PLAIN_LIMIT) return { json: text };
  return { gzip: (await pack(text, { level: constants.Z_BEST_SPEED })).toString("base64") };
}

/** Inverse of `packBody`. */
export async function unpackBody(body: PackedBody): Promise<string> {
  return "json" in body ? body.json : (await unpack(Buffer.from(body.gzip, "base64"))).toString("utf8");
}

/** Cuts a packed body into pieces of bounded length; the last one takes the rest. */
export function cut(text: string, length: number): string[] {
  const pieces: string[] = [];
  for (let from = 0; from < text.length; from += length) pieces.push(text.slice(from, from + length));
  return pieces;
}
