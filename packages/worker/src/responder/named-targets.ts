import type { PlacedFinding, RuleResponse } from "../detector/line-rule.ts";

/** Each value that findings name in a response's field, and when it was last seen; undefined when a finding names none. */
export function latestByValue(
  findings: readonly PlacedFinding[],
  { field }: RuleResponse,
): Map<string | undefined, number> {
  const latest = new Map<string | undefined, number>();
  for (const finding of findings) {
    const value = finding.values[field] ?? onlyAddress(finding, field);
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = typeof one === "string" ? one : undefined;
      latest.set(text, Math.max(latest.get(text) ?? Number.NEGATIVE_INFINITY, finding.to));
    }
  }
  return latest;
}

/** An episode that is not grouped by the field still names an address when it has just one. */
function onlyAddress({ kind, entities }: PlacedFinding, field: string): string | undefined {
  if (kind !== "episode" || !field.endsWith("address")) return undefined;
  const addresses = entities.filter((entity) => entity.kind === "address");
  return addresses.length === 1 ? addresses[0]?.value : undefined;
}
