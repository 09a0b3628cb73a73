import { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { OtlpEncoding } from "./logs.ts";

/** Every reason for which a request is refused whole: HTTP status, code of google.rpc.Status, and whether it can succeed later. */
export const REFUSALS = {
  malformed: { status: 400, code: 3, passing: false },
  unauthorized: { status: 401, code: 16, passing: false },
  browser_origin: { status: 403, code: 7, passing: false },
  not_found: { status: 404, code: 12, passing: false },
  method_not_allowed: { status: 405, code: 12, passing: false },
  timeout: { status: 408, code: 4, passing: true },
  too_large: { status: 413, code: 3, passing: false },
  unsupported_content_type: { status: 415, code: 3, passing: false },
  unsupported_encoding: { status: 415, code: 3, passing: false },
  overloaded: { status: 429, code: 8, passing: true },
  aborted: { status: 400, code: 1, passing: true },
  unavailable: { status: 503, code: 14, passing: true },
} as const;

/** A reason for which a request is refused whole. */
export type RefusalReason = keyof typeof REFUSALS;

const CONTENT_TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

/** The content type of an encoding. */
export const contentTypeOf = (encoding: OtlpEncoding): string => CONTENT_TYPES[encoding];

/** The encoding of a request's content type, undefined when it is none of OTLP's. */
export const encodingOf = (contentType: string | undefined): OtlpEncoding | undefined => {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase();
  return type === CONTENT_TYPES.protobuf ? "protobuf" : type === CONTENT_TYPES.json ? "json" : undefined;
};

/** A google.rpc.Status (int32 code = 1, string message = 2) in the request's encoding. */
export const statusBody = (encoding: OtlpEncoding, code: number, message: string): Uint8Array =>
  encoding === "json"
    ? Buffer.from(JSON.stringify({ code, message }))
    : new BinaryWriter().uint32(8).int32(code).uint32(18).string(message.toWellFormed()).finish();

/** What of a request was not taken. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** Names of the rejected count in the JSON of the three signals' answers. */
const REJECTED = {
  logs: "rejectedLogRecords",
  metrics: "rejectedDataPoints",
  traces: "rejectedSpans",
} as const;

/** A signal of OTLP. */
export type OtlpSignal = keyof typeof REJECTED;

/**
 * The body of an Export…ServiceResponse: empty on full success, else its partial_success (field 1: int64 rejected = 1, string error_message = 2;
 * the three signals have the same shape).
 */
export const successBody = (
  signal: OtlpSignal,
  encoding: OtlpEncoding,
  partial: PartialSuccess | undefined,
): Uint8Array => {
  if (encoding === "json") {
    const partialSuccess =
      partial === undefined
        ? undefined
        : { [REJECTED[signal]]: String(partial.rejected), errorMessage: partial.message };
    return Buffer.from(JSON.stringify({ partialSuccess }));
  }
  if (partial === undefined) return new Uint8Array();
  return new BinaryWriter()
    .uint32(10)
    .fork()
    .uint32(8)
    .int64(partial.rejected)
    .uint32(18)
    .string(partial.message.toWellFormed())
    .join()
    .finish();
};
