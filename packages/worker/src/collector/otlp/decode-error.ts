/** Why a request cannot be decoded, as its metric names it. */
export type DecodeFailure = "malformed" | "too_large";

/** A request is no well-formed OTLP, or would need more memory than allowed. Nothing else is thrown by the decoders. */
export class OtlpDecodeError extends Error {
  override readonly name = "OtlpDecodeError";
  readonly reason: DecodeFailure;
  constructor(reason: DecodeFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Why one record can never be taken, as its metric names it. */
export type RecordRefusal = "too_many_attributes" | "too_deep" | "too_large";

/** One record is beyond {@link RECORD_LIMITS}; caught where records are told apart. */
export class RecordLimitError extends Error {
  override readonly name = "RecordLimitError";
  readonly reason: RecordRefusal;
  constructor(reason: RecordRefusal, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** Runs a decoder and turns whatever it throws into the one typed error. */
export const decoding = <T>(run: () => T): T => {
  try {
    return run();
  } catch (error) {
    if (error instanceof OtlpDecodeError) throw error;
    throw new OtlpDecodeError("malformed", error instanceof Error ? error.message : String(error), { cause: error });
  }
};
