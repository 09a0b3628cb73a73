/**
 * The one text of a JSON value: keys in the order of their UTF-16 code units, no white space, numbers as ECMAScript writes them, and every
 * character outside printable ASCII escaped, so that the text's bytes are the same in any encoding and none can be changed unseen.
 * Properties that are undefined are left out.
 * @throws TypeError for what JSON cannot hold (NaN, infinities, functions, big integers, cycles by stack exhaustion)
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return text(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`JSON has no ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (typeof value === "object") {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${text(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  throw new TypeError(`JSON has no ${typeof value}`);
}

const text = (value: string): string =>
  JSON.stringify(value).replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
