import { CONFORMANCE } from "./conformance.ts";
import type { ConformanceEntry, SpecificationText } from "./entry.ts";

const TITLES: Readonly<Record<SpecificationText, string>> = {
  rules: "Sigma Rules Specification 2.1.0",
  modifiers: "Sigma Modifiers 2.1.0",
  filters: "Sigma Filters Specification 2.1.0",
  correlations: "Sigma Correlation Rules Specification 2.1.0",
  collections: "Rule collections (Sigma 1, as pySigma reads them)",
};

/** What shows an entry, in a few words. */
function shownBy({ matches, misses, refused, warns, loads, timelines }: ConformanceEntry): string {
  const count = (number: number, one: string, many: string): string => `${number} ${number === 1 ? one : many}`;
  const parts = [
    refused === undefined ? "" : `refused: \`${refused}\``,
    warns === undefined ? "" : `warning: \`${warns}\``,
    loads === undefined ? "" : "attributes",
    matches === undefined ? "" : count(matches.length, "match", "matches"),
    misses === undefined ? "" : count(misses.length, "miss", "misses"),
    timelines === undefined ? "" : count(timelines.length, "timeline", "timelines"),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** The conformance tables of docs/sigma.md, one for each text of the specification. */
export function conformanceMarkdown(
  table: (head: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const tables = (Object.keys(TITLES) as SpecificationText[]).map((text) => {
    const rows = CONFORMANCE.filter((entry) => entry.text === text).map((entry) => [
      entry.feature,
      entry.section,
      shownBy(entry),
    ]);
    return `### ${TITLES[text]}\n\n${table(["feature", "section", "shown by"], rows)}`;
  });
  return [
    `${CONFORMANCE.length} entries. Each is a test of \`packages/detection/src/sigma/conformance.test.ts\`, which fails when a heading, a modifier, a form of condition or a correlation type of the specification has none. The name of the test is the text's (${Object.keys(TITLES).join(", ")}), the section and the feature: \`modifiers, Encoding: …\`.`,
    ...tables,
  ].join("\n\n");
}
