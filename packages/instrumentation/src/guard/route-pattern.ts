/**
 * Writes a path the one way in which paths and routes are compared: decoded once, one slash between segments, none at the end, lower case. Wider than most
 * routers on purpose: `/Login/` and `//login` must not be a way around a decision about `/login`.
 */
export function normalisePath(path: string): string {
  let decoded = path;
  if (path.includes("%")) {
    try {
      decoded = decodeURIComponent(path);
    } catch {
      decoded = path;
    }
  }
  const mark = decoded.search(/[?#;]/);
  const plain = (mark < 0 ? decoded : decoded.slice(0, mark)).replaceAll("\\", "/").toLowerCase();
  const collapsed = plain.replaceAll(/\/{2,}/g, "/");
  return collapsed.length > 1 && collapsed.endsWith("/") ? collapsed.slice(0, -1) : collapsed;
}

/** Says whether a route pattern has places that stand for more than themselves. */
export function isOpenRoute(route: string): boolean {
  return /[:*{(]/.test(route);
}

/**
 * Makes the check of a path against a route as express, fastify, koa and hono write it: `:name`, `{name}` and patterns in parentheses stand for one segment, `*` at the end
 * for everything below.
 *
 * @returns Takes the segments of a normalised path.
 */
export function compileRoute(route: string): (segments: readonly string[]) => boolean {
  const pattern = segmentsOf(normalisePattern(route));
  const last = pattern.at(-1);
  const open = last !== undefined && (/^\{?\*/.test(last) || /^:[^/]*\*$/.test(last));
  const fixed = open ? pattern.slice(0, -1) : pattern;
  return (segments) => {
    if (open ? segments.length < fixed.length : segments.length !== fixed.length) return false;
    return fixed.every((wanted, index) => fits(wanted, segments[index] ?? ""));
  };
}

/** What stands before a segment's first mark must be there: `:id` is anything, `users{` begins with `users`. */
function fits(wanted: string, segment: string): boolean {
  const mark = wanted.search(/[:*{(]/);
  return mark < 0 ? wanted === segment : segment.startsWith(wanted.slice(0, mark));
}

/** The parts between the slashes. */
export function segmentsOf(path: string): readonly string[] {
  return path.split("/").filter((segment) => segment !== "");
}

/** A route's own marks (`?`, `;`) are no query: it is only made lower case, with single slashes and none at the end. */
function normalisePattern(route: string): string {
  const collapsed = `/${route}`.toLowerCase().replaceAll(/\/{2,}/g, "/");
  return collapsed.length > 1 && collapsed.endsWith("/") ? collapsed.slice(0, -1) : collapsed;
}
