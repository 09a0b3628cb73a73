/** A store operation failed. `retryable` says whether the same call can succeed later without anybody's help. */
export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: string;
  readonly retryable: boolean;
  constructor(code: string, message: string, options: { retryable: boolean; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable;
  }
}
