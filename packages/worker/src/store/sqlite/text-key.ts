/**
 * SQLite keeps text as UTF-8, which has no place for a lone surrogate: two different ids would become one. Such strings (and, to keep the
 * code unambiguous, those that start with a quote) are kept as JSON text.
 */
export function toTextKey(text: string): string {
  return text.isWellFormed() && !text.startsWith('"') ? text : JSON.stringify(text);
}

/** Inverse of `toTextKey`. */
export function fromTextKey(key: string): string {
  return key.startsWith('"') ? (JSON.parse(key) as string) : key;
}
