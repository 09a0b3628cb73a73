/** Text that is gathered and written in blocks: a write a line costs more than the line. */
export interface OutputBlocks {
  /** Takes a line. */
  print(line: string): void;
  /** Writes what was gathered. */
  flush(): void;
}

/** Characters that are gathered at the most. */
const BLOCK = 64 * 1024;

/** Makes what gathers lines. It writes by itself when there is enough for a block; who wants less to be seen must flush. */
export function createOutputBlocks(write: (text: string) => void): OutputBlocks {
  let lines: string[] = [];
  let length = 0;
  const flush = (): void => {
    if (lines.length === 0) return;
    const text = `${lines.join("\n")}\n`;
    lines = [];
    length = 0;
    write(text);
  };
  return {
    print: (line) => {
      lines.push(line);
      length += line.length + 1;
      if (length >= BLOCK) flush();
    },
    flush,
  };
}
