/** Something to be put right, and how. */
export interface Remark {
  /** 1: nothing is found, or something is lost, until it is done. 2: something is missed. 3: something costs more or is less exact than it need be. */
  readonly rank: 1 | 2 | 3;
  readonly what: string;
  /** What cures it: a command, a request or a setting. */
  readonly do: string;
}

/** Remarks with the gravest first. */
export const ranked = (remarks: readonly Remark[]): readonly Remark[] => remarks.toSorted((a, b) => a.rank - b.rank);

/** Remarks as numbered lines. */
export function remarkLines(remarks: readonly Remark[]): readonly string[] {
  if (remarks.length === 0) return ["Nothing is wrong."];
  return ["What to do first:", ...ranked(remarks).map((one, at) => `  ${at + 1}. ${one.what}\n     ${one.do}`)];
}
