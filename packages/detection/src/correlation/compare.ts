import type { CorrelationComparison } from "../rule.ts";

/** Whether a number fulfils all comparisons. */
export function holds(range: readonly CorrelationComparison[], number: number): boolean {
  for (const { comparison, value } of range) {
    switch (comparison) {
      case "gte":
        if (!(number >= value)) return false;
        break;
      case "gt":
        if (!(number > value)) return false;
        break;
      case "lte":
        if (!(number <= value)) return false;
        break;
      case "lt":
        if (!(number < value)) return false;
        break;
      case "eq":
        if (number !== value) return false;
        break;
      case "neq":
        if (number === value) return false;
        break;
    }
  }
  return true;
}
