import { ERROR_CODES } from "../errors.ts";

/** One or two sentences for somebody whose worker does not start or go on: what is wrong and what to do. */
export function explainStartFailure(command: string, error: unknown): string {
  if (!(error instanceof Error)) return `${command}: ${String(error)}`;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const known =
    code === undefined ? undefined : (ERROR_CODES as Readonly<Record<string, { readonly cure: string }>>)[code];
  if (!known) return `${command}: ${error.stack ?? error.message}`;
  // A message of more than one sentence brings its cure with it.
  const hasCure = /[.:] [A-Z]/.test(error.message);
  return `${command}: ${error.message} (${code})${hasCure ? "" : `\n${known.cure}`}`;
}
