import { errors } from "@elastic/elasticsearch";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { StoreError } from "../../errors.ts";
import { cut, type PackedBody } from "./journal-body.ts";
import { dateOf } from "./names.ts";
import { storing } from "./store-failure.ts";

/** Steps that the journal keeps: the document of a step takes the place of the one this many steps before. */
export const SLOTS = 128;

/** Where a document stands, for compare-and-set. */
export interface SlotVersion {
  readonly seqNo: number;
  readonly primaryTerm: number;
}

/** The head of a step's document. */
export interface SlotHead {
  readonly line: string;
  /** Number of the step, from 1. */
  readonly n: number;
  readonly step: string;
  /** Which journal object wrote it. */
  readonly owner: string;
  /** SHA-256 of the body's text. */
  readonly hash: string;
  /** Documents that the body is spread over, 0 when it stands in this one. */
  readonly parts: number;
}

/** A step's document as it was read. */
export interface Slot extends SlotHead {
  readonly version: SlotVersion;
}

/** The document of a step as it is written. */
export type SlotDocument = SlotHead & { readonly "@timestamp": string; readonly json?: string; readonly gzip?: string };

/** The documents of one line's journal. */
export interface JournalSlots {
  /** Heads of all steps that are kept. */
  heads(): Promise<readonly Slot[]>;
  /** The whole document that stands in the place of a step now. */
  read(n: number): Promise<{ readonly document: SlotDocument; readonly version: SlotVersion } | undefined>;
  /** The body of a document that was read; undefined when its parts are gone because later steps were made. */
  body(document: SlotDocument): Promise<PackedBody | undefined>;
  /** Makes the document of a step, and the documents of its parts before it. */
  prepare(head: Omit<SlotHead, "parts" | "line">, body: PackedBody, time: number): Promise<SlotDocument>;
  /**
   * Puts a step's document in its place if that still stands as `expected` says (undefined: is empty).
   * @throws ConflictError
   */
  write(document: SlotDocument, expected: SlotVersion | undefined): Promise<SlotVersion>;
  removeParts(document: SlotDocument): Promise<void>;
}

/** Number of the step that a document is a part of, by its id; undefined for a document that is no part. */
export function partOf(line: string, id: string): number | undefined {
  const begin = `${line}/part/`;
  const n = id.startsWith(begin) ? Number(id.slice(begin.length).split("/")[0]) : Number.NaN;
  return Number.isInteger(n) ? n : undefined;
}

/** The place of a step is not as the writer knew it. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
}

/** Access to the documents of one line's journal. @param partLength characters of a body that one document takes */
export function createJournalSlots(
  client: Cluster["client"],
  index: string,
  line: string,
  partLength: number,
): JournalSlots {
  const slotId = (n: number): string => `${line}/${n % SLOTS}`;
  const partId = ({ n, owner }: Pick<SlotHead, "n" | "owner">, part: number): string =>
    `${line}/part/${n}/${owner}/${part}`;
  const doing = `Reading the journal of ${line}`;

  return {
    async heads() {
      const ids = Array.from({ length: SLOTS }, (_, slot) => `${line}/${slot}`);
      const fields = ["line", "n", "step", "owner", "hash", "parts"];
      const { docs } = await storing(doing, () =>
        client.mget<SlotHead>({ index, ids, realtime: true, _source: fields }),
      );
      return docs.flatMap((doc): Slot[] => {
        if ("error" in doc)
          throw new StoreError("elasticsearch-not-found", `${doing} failed: ${doc.error.reason ?? doc.error.type}.`, {
            retryable: doc.error.type !== "index_not_found_exception",
          });
        if (!doc.found || doc._source === undefined) return [];
        return [{ ...doc._source, version: { seqNo: doc._seq_no ?? -1, primaryTerm: doc._primary_term ?? -1 } }];
      });
    },

    async read(n) {
      try {
        const found = await client.get<SlotDocument>({ index, id: slotId(n), realtime: true });
        if (found._source === undefined) return undefined;
        const version = { seqNo: found._seq_no ?? -1, primaryTerm: found._primary_term ?? -1 };
        return { document: found._source, version };
      } catch (error) {
        if (error instanceof errors.ResponseError && error.statusCode === 404 && isMissingDocument(error.body))
          return undefined;
        return storing(doing, () => Promise.reject(error as Error));
      }
    },

    async body(document) {
      if (document.json !== undefined) return { json: document.json };
      if (document.gzip !== undefined) return { gzip: document.gzip };
      const ids = Array.from({ length: document.parts }, (_, part) => partId(document, part));
      const { docs } = await storing(doing, () => client.mget<{ readonly gzip: string }>({ index, ids }));
      const pieces = docs.map((doc) => ("error" in doc ? undefined : doc._source?.gzip));
      return pieces.includes(undefined) ? undefined : { gzip: pieces.join("") };
    },

    async prepare(head, body, time) {
      const common = { "@timestamp": dateOf(time), line, ...head };
      if ("json" in body) return { ...common, parts: 0, json: body.json };
      if (body.gzip.length <= partLength) return { ...common, parts: 0, gzip: body.gzip };
      const pieces = cut(body.gzip, partLength);
      for (const [part, gzip] of pieces.entries()) {
        await storing(`Writing a part of step ${head.n} of ${line}`, () =>
          client.index({ index, id: partId(head, part), document: { "@timestamp": dateOf(time), line, gzip } }),
        );
      }
      return { ...common, parts: pieces.length };
    },

    async write(document, expected) {
      const id = slotId(document.n);
      try {
        const answer =
          expected === undefined
            ? await client.create({ index, id, document })
            : await client.index({
                index,
                id,
                document,
                if_seq_no: expected.seqNo,
                if_primary_term: expected.primaryTerm,
              });
        return { seqNo: answer._seq_no ?? -1, primaryTerm: answer._primary_term ?? -1 };
      } catch (error) {
        if (error instanceof errors.ResponseError && error.statusCode === 409)
          throw new ConflictError(`The place of step ${document.n} of ${line} was taken.`);
        return storing(`Writing step ${document.n} of ${line}`, () => Promise.reject(error as Error));
      }
    },

    async removeParts(document) {
      for (let part = 0; part < document.parts; part += 1)
        await client.delete({ index, id: partId(document, part) }, { ignore: [404] });
    },
  };
}

const isMissingDocument = (body: unknown): boolean =>
  typeof body === "object" && body !== null && (body as { found?: unknown }).found === false;
