import type { ErrorCode } from "./errors.ts";

/** Says something to the operator; on standard error, because no logger of the application is ours to use. */
export function tellOperator(code: ErrorCode, message: string): void {
  process.stderr.write(`vedette: ${message} [${code}]\n`);
}
