import type { IncomingMessage } from "node:http";

/**
 * Names of the cookies of a request that hold its session: those that are known to, and those whose value has the session's id in it (`connect.sid` holds it with a signature).
 *
 * @param known Names that hold a session wherever they occur.
 */
export function sessionCookiesOf(
  { headers }: IncomingMessage,
  sessionId: string | undefined,
  known: readonly string[],
): readonly string[] {
  const header = headers.cookie;
  if (header === undefined) return [];
  const names = new Set<string>();
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const name = pair.slice(0, equals).trim();
    const holdsIt = sessionId !== undefined && sessionId.length >= SHORTEST_ID && pair.includes(sessionId);
    if (TOKEN.test(name) && (holdsIt || known.includes(name))) names.add(name);
  }
  return [...names];
}

/** A shorter id occurs in values by chance. */
const SHORTEST_ID = 12;
/** A cookie's name (RFC 6265): what a client sends goes into a header of the answer. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/;
