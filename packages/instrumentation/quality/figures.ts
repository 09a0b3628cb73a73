import { join } from "node:path";
import { readFileSync, writeFileSync } from "node:fs";
import type { QualityRow } from "./inspection.ts";

/** Figures of the standard tools on the same file, each value in one GET argument. */
const PEERS: Readonly<Record<string, { readonly libinjection: string; readonly coraza: string }>> = {
  sqli: { libinjection: "96.8 %", coraza: "99.9 %" },
  xss: { libinjection: "81.0 %", coraza: "96.7 %" },
  cmdi: { libinjection: "0 %", coraza: "47.6 %" },
  "path-traversal": { libinjection: "0 %", coraza: "57.6 %" },
  benign: { libinjection: "0 of 13,655", coraza: "1 of 13,655" },
  hard: { libinjection: "5.5 %", coraza: "10.3 %" },
};

const NAMES: Readonly<Record<string, string>> = {
  sqli: "SQL injection",
  xss: "cross-site scripting",
  cmdi: "command injection",
  "path-traversal": "path traversal",
};

const number = (value: number): string => value.toLocaleString("en");
const share = (part: number, whole: number, digits = 1): string =>
  `${((part / Math.max(whole, 1)) * 100).toFixed(digits)} % of ${number(whole)}`;

interface Sum {
  requests: number;
  detected: number;
  reported: number;
}

/** Adds up rows. */
export function sumOf(rows: readonly QualityRow[], include: (row: QualityRow) => boolean): Sum {
  const sum = { requests: 0, detected: 0, reported: 0 };
  for (const row of rows) {
    if (!include(row)) continue;
    sum.requests += row.requests;
    sum.detected += row.detected;
    sum.reported += row.reported;
  }
  return sum;
}

/** The tables of the README: what does not depend on the machine. */
export function qualityTables(rows: readonly QualityRow[]): string {
  const lines = [
    "| in one argument of a GET | seen here | libinjection | Coraza 3.8, CRS 4.25 at level 1 |",
    "| --- | --- | --- | --- |",
  ];
  for (const [label, name] of Object.entries(NAMES)) {
    const all = sumOf(rows, (row) => row.set.startsWith("web-payloads") && row.label === label);
    const bySource = ["HttpParamsDataset", "libinjection", "gotestwaf"]
      .map((source) => ({
        source,
        sum: sumOf(rows, (row) => row.set === `web-payloads ${source}` && row.label === label),
      }))
      .filter(({ sum }) => sum.requests > 0)
      .map(({ source, sum }) => `${source} ${sum.detected} of ${sum.requests}`)
      .join(", ");
    lines.push(
      `| ${name} | ${share(all.detected, all.requests)} (${bySource}) | ${PEERS[label]?.libinjection} | ${PEERS[label]?.coraza} |`,
    );
  }
  const benign = sumOf(rows, (row) => row.set === "web-payloads HttpParamsDataset" && row.label === "benign");
  const hard = sumOf(rows, (row) => row.set === "web-payloads libinjection" && row.label === "benign");
  const texts = sumOf(rows, (row) => row.set === "web-payloads gotestwaf" && row.label === "benign");
  const access = sumOf(rows, (row) => row.set === "web-access");
  lines.push(
    `| reported of benign values | ${number(benign.reported)} of ${number(benign.requests)} | ${PEERS["benign"]?.libinjection} | ${PEERS["benign"]?.coraza} |`,
    `| reported of benign values that trip detectors | ${share(hard.reported, hard.requests)} | ${PEERS["hard"]?.libinjection} | ${PEERS["hard"]?.coraza} |`,
    `| reported of gotestwaf's benign texts | ${texts.reported} of ${texts.requests} | | |`,
    `| reported of the requests of a real site's access log | ${access.reported} of ${number(access.requests)} | | |`,
    "",
    "| tests of the OWASP core rule set, any class | must match | must not match |",
    "| --- | --- | --- |",
  );
  for (const file of [
    ...new Set(rows.filter(({ set }) => set.startsWith("crs-http")).map(({ set }) => set.slice(9))),
  ].toSorted()) {
    const must = sumOf(rows, (row) => row.set === `crs-http ${file}` && row.label === "must_match");
    const not = sumOf(rows, (row) => row.set === `crs-http ${file}` && row.label === "must_not_match");
    lines.push(`| ${file} | ${share(must.detected, must.requests)} | ${not.reported} of ${not.requests} |`);
  }
  const must = sumOf(rows, (row) => row.set.startsWith("crs-http") && row.label === "must_match");
  const not = sumOf(rows, (row) => row.set.startsWith("crs-http") && row.label === "must_not_match");
  const attacks = sumOf(rows, (row) => row.set.startsWith("crs-http") && row.label === ATTACK_OF_ANOTHER);
  const refused = rows.filter(({ set }) => set.startsWith("crs-http")).reduce((sum, row) => sum + row.refused, 0);
  lines.push(
    `| all | ${share(must.detected, must.requests)} | ${share(not.reported, not.requests)} |`,
    "",
    `${attacks.requests} requests that must not match one rule are, in other tests, what another rule must match; they are left out of the right column (${attacks.reported} of them were reported). ` +
      `${refused} requests were answered by Node's own parser before any application saw them, and are in neither column.`,
  );
  return lines.join("\n");
}

/** Label of the tests that say of one and the same request that one rule must not match and another must. */
export const ATTACK_OF_ANOTHER = "must_match of another rule";

const BEGIN = "<!-- measured: quality -->";
const END = "<!-- end: quality -->";
const README = join(import.meta.dirname, "../README.md");

/** Puts the tables between their markers in the README. */
export function writeQuality(rows: readonly QualityRow[]): void {
  const text = readFileSync(README, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from)
    throw new Error(`README.md has no place for the figures: put "${BEGIN}" and "${END}" into it.`);
  writeFileSync(README, `${text.slice(0, from + BEGIN.length)}\n${qualityTables(rows)}\n${text.slice(to)}`);
}
