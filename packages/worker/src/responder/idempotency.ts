import { canonicalJson } from "../audit/canonical-json.ts";
import { hashId } from "../detector/hash.ts";
import { OperationError } from "./operations.ts";

/** A write that was made: what was asked, as a hash, and what was answered. */
interface RecordedWrite {
  readonly request: string;
  readonly answer: unknown;
}

/** Names what a write asks for, whatever the order of its fields. */
export const requestHash = (...input: readonly unknown[]): string => hashId(canonicalJson(input));

/** What the store keeps for the key of a write. */
export const recordWrite = (request: string, answer: unknown): string =>
  JSON.stringify({ request, answer } satisfies RecordedWrite);

/**
 * The answer that was recorded for a key.
 * @throws OperationError `key_reused` when something else was asked with it
 */
export function recordedAnswer(recorded: string, request: string): unknown {
  const write = JSON.parse(recorded) as RecordedWrite;
  if (write.request !== request) {
    throw new OperationError(
      "key_reused",
      "The idempotency key was used for another write before, and nothing was changed now.",
    );
  }
  return write.answer;
}
