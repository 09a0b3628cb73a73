import { alertQuerySchema, type AlertQuery } from "@vedette/api";

/** Names of the filters in the address. */
export const FILTERS = ["status", "severity", "rule", "entity", "since"] as const;

/** One filter. */
export type FilterName = (typeof FILTERS)[number];

/** How far back the list can reach. */
export const PERIODS = [
  { value: "15m", label: "Last 15 minutes", milliseconds: 15 * 60_000 },
  { value: "1h", label: "Last hour", milliseconds: 3_600_000 },
  { value: "24h", label: "Last 24 hours", milliseconds: 24 * 3_600_000 },
  { value: "7d", label: "Last 7 days", milliseconds: 7 * 24 * 3_600_000 },
] as const;

/**
 * Reads the alerts that an address asks for. What the API would refuse, such as a severity that does not exist, is left out, so that an
 * old or mistyped link still shows a list.
 * @param now Unix milliseconds that `since` counts from.
 */
export function readAlertQuery(parameters: URLSearchParams, now: number): Partial<AlertQuery> {
  const { shape } = alertQuerySchema;
  const query: Record<string, unknown> = {};
  for (const name of ["status", "severity", "rule", "entity", "cursor"] as const) {
    const parsed = shape[name].safeParse(parameters.get(name) ?? undefined);
    if (parsed.success && parsed.data) query[name] = parsed.data;
  }
  const period = PERIODS.find(({ value }) => value === parameters.get("since"));
  if (period) query["from"] = now - period.milliseconds;
  return query;
}
