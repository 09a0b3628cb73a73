import { OtlpDecodeError, RecordLimitError } from "./decode-error.ts";
import { RECORD_LIMITS, type RequestLimits } from "./limits.ts";

/** Counts what a request and the record being read hold, and stops both at their limits. */
export class DecodeBudget {
  readonly #limits: RequestLimits;
  #elements = 0;
  #expanded = 0;
  #values = 0;
  #text = 0;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** Takes elements of the request; throws an OtlpDecodeError (`too_large`) beyond its limit. */
  take(elements: number): void {
    this.#elements += elements;
    if (this.#elements > this.#limits.elements) {
      throw new OtlpDecodeError(
        "too_large",
        `The request holds more than ${this.#limits.elements} records and values.`,
      );
    }
  }

  /** Takes bytes that are written out once more for a record; throws an OtlpDecodeError (`too_large`) beyond the limit. */
  expand(bytes: number): void {
    this.#expanded += bytes;
    if (this.#expanded > this.#limits.expandedBytes) {
      throw new OtlpDecodeError(
        "too_large",
        `With resource and scope written out for each record the request is larger than ${this.#limits.expandedBytes} bytes.`,
      );
    }
  }

  /** Begins the next record, resource or scope. */
  startRecord(): void {
    this.#values = 0;
    this.#text = 0;
  }

  /** Takes one value; throws a RecordLimitError when it is too deep or one too many for its record. */
  value(depth: number): void {
    this.take(1);
    this.#values += 1;
    if (this.#values > RECORD_LIMITS.values) {
      throw new RecordLimitError("too_many_attributes", `more than ${RECORD_LIMITS.values} values in one record`);
    }
    if (depth > RECORD_LIMITS.depth) {
      throw new RecordLimitError("too_deep", `a value nested deeper than ${RECORD_LIMITS.depth}`);
    }
  }

  /** Takes a text and gives it back; throws a RecordLimitError when the record's texts are too long together. */
  text(text: string): string {
    this.#text += text.length;
    if (this.#text > RECORD_LIMITS.text) {
      throw new RecordLimitError("too_large", `more than ${RECORD_LIMITS.text} characters of text in one record`);
    }
    return text;
  }

  /** Checks the number of attributes so far; throws a RecordLimitError beyond the limit. */
  attribute(count: number): void {
    if (count > RECORD_LIMITS.attributes) {
      throw new RecordLimitError("too_many_attributes", `more than ${RECORD_LIMITS.attributes} attributes`);
    }
  }
}
