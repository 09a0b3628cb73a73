import type { Reporter } from "../sigma/reporter.ts";

/** A pipeline file while it is read. */
export interface PipelineReading {
  readonly reporter: Reporter;
  readonly text: string;
  /** `path:line:column` of an offset. */
  readonly placeOf: (at: number) => string;
  /** Ids of pipeline items, with those of nested ones. */
  readonly ids: Set<string>;
  /** Ids that conditions refer to. */
  readonly references: { readonly id: string; readonly at: number }[];
}
