import type { CommandOutput } from "../command-output.ts";

/** What a command wrote, and its exit code. */
export interface Captured {
  readonly printed: string[];
  readonly complained: string[];
  code: number;
}

/** Output that a test can look at. */
export function captureOutput(): { readonly output: CommandOutput; readonly captured: Captured } {
  const captured: Captured = { printed: [], complained: [], code: 0 };
  return {
    captured,
    output: {
      print: (line) => void captured.printed.push(line),
      complain: (line) => void captured.complained.push(line),
      exit: (code) => {
        captured.code = code;
      },
    },
  };
}
