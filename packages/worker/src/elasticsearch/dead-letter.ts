import { createHash } from "node:crypto";
import type { WriteOperation } from "./write.ts";

/** Most bytes of a refused document that are kept. */
export const DEAD_LETTER_BYTES = 30_000;

/** Name of the index for documents refused at a time: one a month. */
export const deadLetterIndex = (prefix: string, time: number): string =>
  `${prefix}-dead-letter-${new Date(time).toISOString().slice(0, 7).replace("-", ".")}`;

/** A document that Elasticsearch refused, as it stands in the dead-letter index. All its fields are texts, so that any mapping takes it. */
export interface DeadLetter {
  /** When it was refused. */
  readonly "@timestamp": string;
  readonly vedette: {
    readonly dead_letter: {
      readonly index: string;
      readonly id: string;
      readonly operation: WriteOperation["kind"];
      readonly type: string;
      readonly reason: string;
      /** The document as JSON text, cut off after `DEAD_LETTER_BYTES`. */
      readonly document: string;
      readonly truncated: "true" | "false";
    };
  };
}

/** Mapping of the dead-letter indices: the document is kept, not indexed. */
export const DEAD_LETTER_MAPPINGS = {
  dynamic: false,
  properties: {
    "@timestamp": { type: "date" },
    vedette: {
      properties: {
        dead_letter: {
          properties: {
            index: { type: "keyword", ignore_above: 1_024 },
            id: { type: "keyword", ignore_above: 1_024 },
            operation: { type: "keyword" },
            type: { type: "keyword", ignore_above: 1_024 },
            reason: { type: "text" },
            document: { type: "keyword", index: false, doc_values: false },
            truncated: { type: "keyword" },
          },
        },
      },
    },
  },
} as const;

/** Cuts a text off so that it has no more than so many bytes, never in the middle of a character. */
const cut = (text: string, bytes: number): string => {
  const buffer = Buffer.from(text);
  if (buffer.length <= bytes) return text;
  let end = bytes;
  while (end > 0 && ((buffer[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return buffer.subarray(0, end).toString();
};

/** The operation that files a refused one away. The same refusal has the same id, so that trying again adds nothing. */
export const deadLetter = (
  operation: WriteOperation,
  { type, reason }: { readonly type: string; readonly reason: string },
  { prefix, time }: { readonly prefix: string; readonly time: number },
): WriteOperation => {
  const text = JSON.stringify(operation.document);
  const kept = cut(text, DEAD_LETTER_BYTES);
  const document: DeadLetter = {
    "@timestamp": new Date(time).toISOString(),
    vedette: {
      dead_letter: {
        index: operation.index,
        id: cut(operation.id, 1_024),
        operation: operation.kind,
        type,
        reason,
        document: kept,
        truncated: kept.length < text.length ? "true" : "false",
      },
    },
  };
  const id = createHash("sha256")
    .update([operation.index, operation.id, operation.kind, text].join("\0"))
    .digest("hex")
    .slice(0, 40);
  return { kind: "create", index: deadLetterIndex(prefix, time), id, document };
};
