import { type ConformanceEntry, detection } from "./entry.ts";

const search = "selection: { f: 1 }\ncondition: selection";
const base = detection(search);
const withAttribute = (text: string): string => detection(search, `${text}\n`);
const matches = [{ f: 1 }];

type Short = Omit<ConformanceEntry, "text" | "section" | "yaml"> & { readonly yaml?: string };
const of = (section: string, entries: readonly Short[]): readonly ConformanceEntry[] =>
  entries.map((entry) => ({ text: "rules", section, yaml: base, ...entry }));

/** Files and attributes of the rules specification. */
export const ATTRIBUTE_ENTRIES: readonly ConformanceEntry[] = [
  ...of("Yaml File", [
    { feature: "line ends of Windows and a byte order mark", yaml: `\uFEFF${base.replaceAll("\n", "\r\n")}`, matches },
    { feature: "what is no YAML is refused", yaml: "title: [a\nid: b", refused: "rule-yaml-syntax" },
    { feature: "a key given twice is refused", yaml: `${base}title: again\n`, refused: "rule-yaml-syntax" },
    {
      feature: "an attribute in capitals is one of the author's own, and warned of",
      yaml: withAttribute("Level: high"),
      warns: "rule-attribute",
      loads: { level: "medium" },
    },
    {
      feature: "anchors and aliases",
      yaml: detection("a: &a { f: 1 }\nb: *a\ncondition: a and b"),
      meaning: base,
      matches,
      misses: [{ f: 2 }],
    },
    {
      feature: "an alias is the last anchor of its name before it in the text",
      yaml: detection("a: &p { f: &x 1 }\nb: { f: &x 2 }\nc: *p\nd: { f: *x }\ncondition: d"),
      matches: [{ f: 2 }],
      misses: [{ f: 1 }],
    },
  ]),
  ...of("Schema", [
    { feature: "attributes of the author's own are allowed", yaml: withAttribute("our_team: { name: blue }"), matches },
    {
      feature: "a value of a type that the schema does not allow is refused",
      yaml: withAttribute("level: [high]"),
      refused: "rule-wrong-type",
    },
  ]),
  ...of("Title", [
    { feature: "`title`", loads: { title: "Conformance" } },
    { feature: "is mandatory", yaml: base.replace("title: Conformance\n", ""), refused: "rule-missing-key" },
    {
      feature: "of more than 256 characters is warned of",
      yaml: base.replace("Conformance", "x".repeat(257)),
      warns: "rule-too-large",
    },
  ]),
  ...of("Identification", [
    {
      feature: "`id`, compared in lower case",
      yaml: base.replace("6f1a0c5e", "6F1A0C5E"),
      loads: { id: "6f1a0c5e-7a0b-4c0e-9d1c-2f4b8a6d3e11" },
    },
    { feature: "an `id` that is no UUID", yaml: base.replace(/id: .*/, "id: our-rule-1"), loads: { id: "our-rule-1" } },
    {
      feature: "without an `id` one is derived, and warned of",
      yaml: base.replace(/id: .*\n/, ""),
      warns: "rule-id-missing",
    },
    {
      feature: "`related` of each type",
      yaml: withAttribute(
        `related:\n${["derived", "obsolete", "merged", "renamed", "similar"].map((type) => `    - { id: 08fbc97d-0a2f-491c-ae21-8ffcfd3174e9, type: ${type} }`).join("\n")}`,
      ),
      loads: {
        related: (["derived", "obsolete", "merged", "renamed", "similar"] as const).map((type) => ({
          id: "08fbc97d-0a2f-491c-ae21-8ffcfd3174e9",
          type,
        })),
      },
    },
    {
      feature: "`related` of an unknown type is warned of",
      yaml: withAttribute("related: [ { id: a, type: cousin } ]"),
      warns: "rule-attribute",
      loads: { related: [] },
    },
  ]),
  ...of("Name", [{ feature: "`name`", yaml: withAttribute("name: a_name"), loads: { name: "a_name" } }]),
  ...of("Taxonomy", [
    { feature: "is `sigma` by default", loads: { taxonomy: "sigma" } },
    {
      feature: "another one is kept; mappings and pipelines read its fields",
      yaml: withAttribute("taxonomy: ecs"),
      loads: { taxonomy: "ecs" },
      matches,
    },
  ]),
  ...of("Status", [
    ...["stable", "test", "experimental", "deprecated", "unsupported"].map((status): Short => ({
      feature: `\`${status}\``,
      yaml: withAttribute(`status: ${status}`),
      loads: { status },
    })),
    { feature: "another one is refused", yaml: withAttribute("status: testing"), refused: "rule-unknown-value" },
  ]),
  ...of("Description", [
    {
      feature: "`description`",
      yaml: withAttribute("description: What it is."),
      loads: { description: "What it is." },
    },
  ]),
  ...of("License", [
    { feature: "`license`", yaml: withAttribute("license: Apache-2.0"), loads: { license: "Apache-2.0" } },
  ]),
  ...of("Author", [{ feature: "`author`", yaml: withAttribute("author: A, B"), loads: { author: "A, B" } }]),
  ...of("References", [
    {
      feature: "`references`",
      yaml: withAttribute("references: [https://example.com/]"),
      loads: { references: ["https://example.com/"] },
    },
  ]),
  ...of("Date", [
    { feature: "`date`", yaml: withAttribute("date: 2026-11-21"), loads: { date: "2026-11-21" } },
    {
      feature: "of another form is warned of",
      yaml: withAttribute("date: 2026/11/21"),
      warns: "rule-attribute",
      matches,
    },
  ]),
  ...of("Modified", [
    { feature: "`modified`", yaml: withAttribute("modified: 2026-11-21"), loads: { modified: "2026-11-21" } },
  ]),
  ...of("LogSource", [
    {
      feature: "product and category",
      loads: { logSource: { product: "windows", category: "process_creation" } },
      matches,
    },
    {
      feature: "another log source is not looked at",
      yaml: base.replace("product: windows", "product: linux"),
      misses: matches,
    },
    {
      feature: "values are compared in lower case",
      yaml: base.replace("product: windows", "product: Windows"),
      matches,
    },
    {
      feature: "`definition` and other keys are not evaluated",
      yaml: base.replace("product: windows", "product: windows\n    definition: with command lines\n    volume: high"),
      matches,
    },
    { feature: "is mandatory", yaml: base.replace(/logsource:\n.*\n.*\n/, ""), refused: "rule-missing-key" },
    {
      feature: "needs a product, category or service",
      yaml: base.replace(/ {4}product: .*\n {4}category: .*\n/, "    definition: x\n"),
      refused: "rule-missing-key",
    },
  ]),
  ...of("Detection", [
    { feature: "`detection`", matches, misses: [{ f: 2 }] },
    { feature: "is mandatory", yaml: base.replace(/detection:[^]*/, ""), refused: "rule-missing-key" },
  ]),
  ...of("Fields", [
    { feature: "`fields`", yaml: withAttribute("fields: [Image, User]"), loads: { fields: ["Image", "User"] } },
  ]),
  ...of("FalsePositives", [
    {
      feature: "`falsepositives`",
      yaml: withAttribute("falsepositives: [Unknown]"),
      loads: { falsePositives: ["Unknown"] },
    },
  ]),
  ...of("Level", [
    ...(["informational", "low", "medium", "high", "critical"] as const).map((level): Short => ({
      feature: `\`${level}\``,
      yaml: withAttribute(`level: ${level}`),
      loads: { level },
    })),
    { feature: "is medium by default", loads: { level: "medium" } },
    { feature: "another one is refused", yaml: withAttribute("level: hihg"), refused: "rule-unknown-value" },
  ]),
  ...of("Tags", [
    {
      feature: "`tags`",
      yaml: withAttribute("tags: [attack.t1059.001, cve.2021-44228, tlp.amber-strict, d3fend.d3f-WindowsNtOpenFile]"),
      loads: { tags: ["attack.t1059.001", "cve.2021-44228", "tlp.amber-strict", "d3fend.d3f-WindowsNtOpenFile"] },
    },
    { feature: "of another form is warned of", yaml: withAttribute("tags: [Attack T1059]"), warns: "rule-attribute" },
  ]),
  ...of("Scope", [{ feature: "`scope`", yaml: withAttribute("scope: [server]"), loads: { scope: ["server"] } }]),
];
