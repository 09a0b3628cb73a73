import { ERROR_CODES } from "../errors.ts";

/** One or two sentences for somebody whose worker does not start or go on: what is wrong and what to do. */
export function explainStartFailure(command: string, error: unknown): string {
  if (!(error instanceof Error)) return `${command}: ${String(error)}`;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const known =
    code === undefined ? undefined : (ERROR_CODES as Readonly<Record<string, { readonly cure: string }>>)[code];
  return known
    ? `${command}: ${error.message} (${code})\n${known.cure}`
    : `${command}: ${error.stack ?? error.message}`;
}
