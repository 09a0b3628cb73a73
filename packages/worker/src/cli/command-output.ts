/** Where a command writes, and how it tells how it ended. */
export interface CommandOutput {
  /** Writes a line of the answer. */
  print(line: string): void;
  /** Writes a line about what went wrong. */
  complain(line: string): void;
  /** Sets the exit code: 0 ok, 1 something was found not to hold, 2 usage or bad input. */
  exit(code: number): void;
}

/** The process's own output. */
export const PROCESS_OUTPUT: CommandOutput = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  exit: (code) => {
    process.exitCode = code;
  },
};
