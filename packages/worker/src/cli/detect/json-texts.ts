/** The text of one JSON value and the line it starts on (1-based); `overlong` texts are left out, their length is kept. */
export interface JsonText {
  readonly text: string;
  readonly line: number;
  readonly overlong?: boolean;
}

/** Characters that one value may have. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/**
 * Cuts a stream of text into JSON values without parsing them: the elements of an array, or whole objects one after the other. They are told by
 * their brackets: what stands between them is a value of its own, so that a broken element costs itself alone.
 */
export async function* jsonValues(chunks: AsyncIterable<string>, isArray: boolean): AsyncGenerator<JsonText> {
  let parts: string[] = [];
  let length = 0;
  let line = 1;
  let startLine = 1;
  let depth = isArray ? -1 : 0;
  let inString = false;
  let escaped = false;
  let overlong = false;
  let started = false;
  const finish = (): JsonText | undefined => {
    const text = parts.join("").trim();
    const result = overlong ? { text: "", line: startLine, overlong } : { text, line: startLine };
    const isEmpty = text === "" && !overlong;
    parts = [];
    length = 0;
    overlong = false;
    started = false;
    return isEmpty ? undefined : result;
  };
  for await (const chunk of chunks) {
    let start = 0;
    const cut = (end: number): void => {
      if (end > start && length <= MAX_CHARACTERS) parts.push(chunk.slice(start, end));
      length += end - start;
      if (length > MAX_CHARACTERS) {
        overlong = true;
        parts = [];
      }
    };
    for (let index = 0; index < chunk.length; index++) {
      const char = chunk.charCodeAt(index);
      if (char === 10) line++;
      if (inString) {
        if (escaped) escaped = false;
        else if (char === 92) escaped = true;
        else if (char === 34) inString = false;
        continue;
      }
      if (!started && depth >= 0 && char > 32 && !(isArray && depth === 0 && (char === 44 || char === 93))) {
        started = true;
        startLine = line;
      }
      if (char === 34) inString = true;
      else if (char === 123 || char === 91) {
        if (depth < 0) start = index + 1;
        depth++;
      } else if (char === 125 || char === 93) {
        if (depth === 0 && isArray) {
          cut(index);
          const last = finish();
          if (last !== undefined) yield last;
          depth = -1;
          start = index + 1;
          continue;
        }
        depth = Math.max(0, depth - 1);
        if (depth === 0 && !isArray) {
          cut(index + 1);
          const value = finish();
          if (value !== undefined) yield value;
          start = index + 1;
        }
      } else if (char === 44 && depth === 0 && isArray) {
        cut(index);
        const value = finish();
        if (value !== undefined) yield value;
        start = index + 1;
      }
    }
    if (depth >= 0) cut(chunk.length);
  }
  if (depth >= 0) {
    const value = finish();
    if (value !== undefined) yield value;
  }
}
