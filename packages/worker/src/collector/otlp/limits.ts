/** Limits on what one log record may hold; a record beyond them is refused alone, the rest of its request is taken. */
export const RECORD_LIMITS = {
  /** Attributes of a record, of a resource or of a scope (an SDK allows 128 unless told otherwise). */
  attributes: 1_024,
  /** All values of a record: its body, its attributes and everything nested in them. */
  values: 10_000,
  /** Nesting of a value; a plain text has depth 1. */
  depth: 32,
  /** Characters in all texts of a record together: names, values, and bytes as base64; a resource and a scope have as many of their own. */
  text: 1_048_576,
} as const;

/** Limits on what one request may expand to in memory, beyond the limit on its bytes; a request beyond them gets 413. */
export interface RequestLimits {
  /** Records, values and messages together. */
  readonly elements: number;
  /** Bytes of resource and scope, written out for each record. */
  readonly expandedBytes: number;
}

/** The price of one record in elements: an empty one takes two bytes in a request and some hundred in memory. */
export const ELEMENTS_PER_RECORD = 8;

/** The limits that go with a limit on the request's bytes; ordinary telemetry takes 16 bytes an element and more. */
export const requestLimits = (maxBodyBytes: number): RequestLimits => ({
  elements: Math.max(1_024, Math.floor(maxBodyBytes / 16)),
  expandedBytes: maxBodyBytes * 8,
});
