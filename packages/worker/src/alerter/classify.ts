import type { Alert } from "@vedette/api";
import type { LineRule } from "../detector/line-rule.ts";

/** What kind of alert it is, and where it stands in ATT&CK. */
export type Classification = Pick<Alert, "kind" | "techniques" | "tactics">;

const TECHNIQUE = /^attack\.(t\d{4}(?:\.\d{3})?)$/u;
/** Tags of the attack name space that are neither techniques nor tactics: groups, software, data sources, mitigations. */
const OTHER = /^attack\.[gsm]\d{4}$|^attack\.ds\d{4}$|^attack\.ta\d{4}$/u;

/** Reads kind, techniques and tactics from what the rule's author wrote (Sigma tags specification, name space `attack`). */
export function classify(rule: Pick<LineRule, "tags" | "extension">): Classification {
  const techniques = new Set<string>();
  const tactics = new Set<string>();
  for (const raw of rule.tags) {
    const tag = raw.toLowerCase();
    const technique = TECHNIQUE.exec(tag)?.[1];
    if (technique !== undefined) techniques.add(technique.toUpperCase());
    else if (tag.startsWith("attack.") && !OTHER.test(tag))
      tactics.add(tag.slice("attack.".length).replaceAll("_", "-"));
  }
  return { kind: rule.extension.kind, techniques: [...techniques].sort(), tactics: [...tactics].sort() };
}
