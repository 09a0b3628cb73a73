import { guardIndex } from "../../elasticsearch/privileges.ts";

/** Name of the data stream that a backing index belongs to; undefined for any other index. Without the data-stream API the name is all that tells. */
export function dataStreamOf(index: string): string | undefined {
  return /^\.ds-(.+)-\d{4}\.\d\d\.\d\d-\d{6,}$/.exec(index)?.[1];
}

/**
 * Name of the index that an index was copied from, by the names that lifecycle management gives to those that it shrinks or mounts from a snapshot; the index itself when it is no copy. One
 * of another cluster keeps that cluster's name.
 */
export function originalOf(index: string): string {
  const [prefix = "", remote = ""] = /^([^:]+:)?(?:partial-|restored-|shrink-[^-]{4}-)*/.exec(index) ?? [];
  return `${remote}${index.slice(prefix.length)}`;
}

/** Whether a name fits an index pattern, in which `*` stands for any text. */
export function fitsPattern(name: string, pattern: string): boolean {
  if (!pattern.includes("*")) return name === pattern;
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
  }
  return true;
}

/** Whether an index is one of Vedette's own: those are never found by a user's pattern. */
export function isOwn(index: string, prefix: string): boolean {
  const name = dataStreamOf(index) ?? index;
  return (
    name === prefix || name === guardIndex(prefix) || name.startsWith(`${prefix}-`) || name.startsWith(`.${prefix}-`)
  );
}
