import type { LineCounter } from "yaml";
import { ERROR_CODES, type ErrorCode } from "../errors.ts";
import type { Problem } from "../problem.ts";

/** Collects the problems of one rule file and knows whether the rule at hand has an error. */
export interface Reporter {
  readonly path: string;
  readonly problems: Problem[];
  useLines(lines: LineCounter): void;
  /** Reports what keeps a rule from being loaded. */
  error(code: ErrorCode, message: string, at?: number, suggestion?: string): void;
  /** Reports what leaves the rule usable. */
  warning(code: ErrorCode, message: string, at?: number, suggestion?: string): void;
  /** Line and column, 1-based, of an offset in the file; both 0 when it has none. */
  placeOf(at: number): { readonly line: number; readonly column: number };
  /** The line of a place, from 1. */
  lineOf(at: number): number | undefined;
  /** Number of errors so far; a rule whose reading raised it is refused. */
  errorCount(): number;
}

/** A reporter for the file at `path`. A problem without a suggestion of its own comes with the cure of its code. */
export function createReporter(path: string): Reporter {
  const problems: Problem[] = [];
  let lines: LineCounter | undefined;
  let errors = 0;
  const add = (
    severity: Problem["severity"],
    code: ErrorCode,
    message: string,
    at?: number,
    suggestion?: string,
  ): void => {
    const place = at === undefined ? undefined : lines?.linePos(at);
    const position = place === undefined || place.line === 0 ? {} : { line: place.line, column: place.col };
    problems.push({ code, message, path, severity, ...position, suggestion: suggestion ?? ERROR_CODES[code].cure });
  };
  return {
    path,
    problems,
    useLines: (counter) => {
      lines = counter;
    },
    error: (code, message, at, suggestion) => {
      errors++;
      add("error", code, message, at, suggestion);
    },
    warning: (code, message, at, suggestion) => add("warning", code, message, at, suggestion),
    placeOf: (at) => {
      const place = lines?.linePos(at);
      return { line: place?.line ?? 0, column: place?.col ?? 0 };
    },
    lineOf: (at) => lines?.linePos(at).line,
    errorCount: () => errors,
  };
}
