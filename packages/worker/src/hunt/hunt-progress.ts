import type { JsonValue } from "@vedette/detection";

/** What a hunt has done, so that it can go on where it was broken off. */
export interface HuntProgress {
  /** Hash of what was asked: another question is another hunt. */
  readonly question: string;
  /** Names of the slices that are done. */
  readonly done: readonly string[];
  /** What the hunt has found out so far. */
  readonly state: JsonValue;
}

/** Where the progress of a hunt is kept. */
export interface ProgressFile {
  /** What was kept of the same question; undefined when there is nothing. */
  read(question: string): HuntProgress | undefined;
  write(progress: HuntProgress): void;
}
