/** Severity levels in ascending order, named as Sigma's `level`. */
export const SEVERITY_LEVELS = ["informational", "low", "medium", "high", "critical"] as const;

/** One of Sigma's five levels. */
export type SeverityLevel = (typeof SEVERITY_LEVELS)[number];
