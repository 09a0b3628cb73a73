/** Headers in which proxies say for whom they ask. */
export const FORWARDED_HEADERS = ["x-forwarded-for", "forwarded"] as const;

/** One of {@link FORWARDED_HEADERS}. */
export type ForwardedHeader = (typeof FORWARDED_HEADERS)[number];

const MAX_HOPS = 32;

/**
 * The hops of a header's value, from the right: the last one was written by the nearest proxy. What stands left of a hop that is no address was written by
 * whoever sent it there, so it is never read in a way that changes the hops right of it.
 *
 * @returns The text of each hop's address, still with brackets, port and the like; undefined for a hop that names none.
 */
export function* forwardedHops(header: ForwardedHeader, value: string): Generator<string | undefined> {
  let end = value.length;
  for (let hop = 0; hop < MAX_HOPS && end > 0; hop++) {
    const comma = header === "forwarded" ? lastCommaOutsideQuotes(value, end) : value.lastIndexOf(",", end - 1);
    const element = value.slice(comma + 1, end);
    yield header === "forwarded" ? forOf(element) : element;
    end = comma;
  }
}

/** Read from the right, a quote that a client left open on the left swallows nothing of what proxies wrote after it. */
function lastCommaOutsideQuotes(value: string, end: number): number {
  let quoted = false;
  for (let index = end - 1; index >= 0; index--) {
    const character = value[index];
    if (character === '"' && value[index - 1] !== "\\") quoted = !quoted;
    else if (character === "," && !quoted) return index;
  }
  return -1;
}

/** The `for` of one element (RFC 7239, section 4): a token or a quoted string. Twice in one element, it says nothing. */
function forOf(element: string): string | undefined {
  let found: string | undefined;
  for (const pair of element.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0 || pair.slice(0, equals).trim().toLowerCase() !== "for") continue;
    if (found !== undefined) return undefined;
    const text = pair.slice(equals + 1).trim();
    found = text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
  }
  return found;
}
