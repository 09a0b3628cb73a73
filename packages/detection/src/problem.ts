/** What is wrong with something a user wrote, where, and how to cure it. */
export interface Problem {
  /** Stable code, listed in docs/errors.md. */
  readonly code: string;
  readonly message: string;
  readonly path: string;
  /** 1-based; absent when the problem has no place in the text. */
  readonly line?: number | undefined;
  readonly column?: number | undefined;
  /** What to do next, one sentence. */
  readonly suggestion?: string | undefined;
  /** `error`: not loaded. `warning`: loaded. */
  readonly severity: "error" | "warning";
}
