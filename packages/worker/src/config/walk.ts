/**
 * Replaces the texts at a path (`*` stands for each element of a list) and leaves everything else as it is; a path that leads nowhere
 * changes nothing.
 */
export const replaceAt = (value: unknown, path: readonly string[], change: (text: string) => string): unknown => {
  const [head, ...rest] = path;
  if (head === undefined) return typeof value === "string" ? change(value) : value;
  if (head === "*") return Array.isArray(value) ? value.map((element) => replaceAt(element, rest, change)) : value;
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, head)) return value;
  const object = value as Record<string, unknown>;
  return { ...object, [head]: replaceAt(object[head], rest, change) };
};

/** A path as messages name it: `sources[0].name`. */
export const shownPath = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) => (typeof part === "number" ? `[${part}]` : `${index === 0 ? "" : "."}${String(part)}`))
    .join("");
