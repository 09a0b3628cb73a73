import type { Answer, ShapeResult } from "./compare.ts";

const ANSWERS: readonly Answer[] = ["exact", "superset", "refused", "nothing"];
/** Reasons that are listed of each shape. */
const LISTED = 14;

const grouped = (number: number): string => number.toLocaleString("en");

/** The figures of the comparison as Markdown. */
export function tableOf(rules: number, results: readonly ShapeResult[], part: string): string {
  const lines = [
    `${grouped(rules)} rules of SigmaHQ (signatures of \`rules\`, \`rules-emerging-threats\`, \`rules-threat-hunting\`), each asked of every set of the labelled events${part}. A rule is counted by its least sure answer.`,
    "",
    "| shape | events | exact | superset, finished in process | refused | nothing to find | found in process | found by queries | missed or wrong |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ...results.map(({ shape, events, answers, found, candidates, differences }) => {
      const counts = ANSWERS.map((answer) => [...answers.values()].filter((one) => one === answer).length);
      return `| ${[shape, grouped(events), ...counts.map(grouped), grouped(found), grouped(candidates), grouped(differences.length)].join(" | ")} |`;
    }),
    "",
    "Why answers are no more than supersets, or refused (rules × sets of events):",
    "",
    "| shape | reason | times |",
    "| --- | --- | ---: |",
    ...results.flatMap(({ shape, reasons }) =>
      [...reasons]
        .sort((a, b) => b[1] - a[1])
        .slice(0, LISTED)
        .map(([reason, count]) => `| ${shape} | ${reason.replaceAll("|", "\\|")} | ${grouped(count)} |`),
    ),
  ];
  return lines.join("\n");
}
