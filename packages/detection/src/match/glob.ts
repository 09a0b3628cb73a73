import { ANY, ONE, type Pattern } from "../sigma/pattern.ts";

/** A matcher for a pattern with wildcards: time linear in the text for each `ANY`, without backtracking further than the last one. */
export function globMatcher(pattern: Pattern): (text: string) => boolean {
  const segments: Segment[] = [[]];
  for (const part of pattern) {
    if (part === ANY) segments.push([]);
    else segments.at(-1)?.push(part);
  }
  const [head = []] = segments;
  const tail = segments.length > 1 ? (segments.at(-1) ?? []) : undefined;
  const middle = segments.slice(1, -1).filter((segment) => segment.length > 0);
  return (text) => {
    const start = matchAt(head, text, 0);
    if (start < 0) return false;
    if (tail === undefined) return start === text.length;
    let position = start;
    for (const segment of middle) {
      position = find(segment, text, position);
      if (position < 0) return false;
    }
    return tail.length === 0 || endsAt(tail, text, position);
  };
}

type Segment = (string | typeof ONE)[];

/** Where a match of the segment at this position ends, or -1. */
function matchAt(segment: Segment, text: string, start: number): number {
  let position = start;
  for (const part of segment) {
    if (part === ONE) {
      if (position >= text.length) return -1;
      position += charLength(text, position);
    } else if (text.startsWith(part, position)) position += part.length;
    else return -1;
  }
  return position;
}

/** End of the first match at or after a position, or -1. */
function find(segment: Segment, text: string, from: number): number {
  const [first] = segment;
  for (let start = from; start <= text.length; start++) {
    if (typeof first === "string") {
      start = text.indexOf(first, start);
      if (start < 0) return -1;
    }
    const end = matchAt(segment, text, start);
    if (end >= 0) return end;
  }
  return -1;
}

/** Whether the segment matches up to the text's end, starting at or after a position. */
function endsAt(segment: Segment, text: string, from: number): boolean {
  let position = text.length;
  for (let index = segment.length - 1; index >= 0; index--) {
    const part = segment[index];
    if (typeof part === "string") {
      position -= part.length;
      if (position < from || !text.startsWith(part, position)) return false;
    } else {
      position -= position > 1 && isPair(text, position - 2) ? 2 : 1;
      if (position < from) return false;
    }
  }
  return true;
}

/** A wildcard `?` stands for a character, of which some take two units of UTF-16. */
function charLength(text: string, position: number): number {
  return isPair(text, position) ? 2 : 1;
}

function isPair(text: string, position: number): boolean {
  return (text.charCodeAt(position) & 0xfc00) === 0xd800 && (text.charCodeAt(position + 1) & 0xfc00) === 0xdc00;
}
