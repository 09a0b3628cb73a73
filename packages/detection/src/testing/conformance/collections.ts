import { type ConformanceEntry, detection } from "./entry.ts";

const rule = detection("selection: { f: 1 }\ncondition: selection", "name: the_rule\n");
const ID = "6f1a0c5e-7a0b-4c0e-9d1c-2f4b8a6d3e11";
const source = "    product: windows\n    category: process_creation\n";
const filter = (body: string, logsource = source, more = ""): string =>
  `${rule}---\ntitle: A filter\nid: 0b9c0d3a-1f3e-4f57-8a3e-5d9f0c3b7a21\n${more}logsource:\n${logsource}filter:\n${body
    .trim()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n")}\n`;
const admins = `rules: [${ID}]\nselection: { User|startswith: adm_ }\n`;
const one = { f: 1 };
const admin = { f: 1, User: "adm_eve" };
const filtered = { filters: ["0b9c0d3a-1f3e-4f57-8a3e-5d9f0c3b7a21"] };
const meaning = (condition: string): string =>
  detection(`selection: { f: 1 }\nx: { User|startswith: adm_ }\ny: { Host: jump }\ncondition: ${condition}`);

type Short = Omit<ConformanceEntry, "text" | "section">;
const of = (text: "filters" | "collections", section: string, entries: readonly Short[]): readonly ConformanceEntry[] =>
  entries.map((entry) => ({ text, section, ...entry }));

const suppressed = {
  matches: [one, { f: 1, User: "eve" }],
  misses: [admin, { f: 2 }],
  meaning: meaning("selection and not x"),
};

const FILTERS = [
  ...of("filters", "Schema", [
    {
      feature: "attributes of the author's own are allowed",
      yaml: filter(`${admins}condition: not selection`, source, "our_team: blue\n"),
      loads: filtered,
    },
  ]),
  ...of("filters", "Syntax", [
    {
      feature: "a filter is a document of its own, before or after its rules",
      yaml: filter(`${admins}condition: not selection`).split("---\n").toReversed().join("---\n"),
      ...suppressed,
    },
  ]),
  ...of("filters", "title", [
    {
      feature: "is mandatory",
      yaml: filter(`${admins}condition: not selection`).replace("title: A filter\n", ""),
      refused: "rule-missing-key",
    },
  ]),
  ...of("filters", "Identification", [
    {
      feature: "the rule names the filters that are put on it",
      yaml: filter(`${admins}condition: not selection`),
      loads: filtered,
    },
    {
      feature: "two filters with one `id` are refused",
      yaml: `${filter(`${admins}condition: not selection`)}---\n${filter(`${admins}condition: not selection`).split("---\n")[1] ?? ""}`,
      refused: "rule-duplicate-id",
    },
  ]),
  ...of("filters", "Description", [
    {
      feature: "`description`",
      yaml: filter(`${admins}condition: not selection`, source, "description: Administrators.\n"),
      loads: filtered,
    },
  ]),
  ...of("filters", "Date", [
    {
      feature: "`date` of another form is warned of",
      yaml: filter(`${admins}condition: not selection`, source, "date: 21.11.2026\n"),
      warns: "rule-attribute",
      loads: filtered,
    },
  ]),
  ...of("filters", "Modified", [
    {
      feature: "`modified` of another form is warned of",
      yaml: filter(`${admins}condition: not selection`, source, "modified: 21.11.2026\n"),
      warns: "rule-attribute",
      loads: filtered,
    },
  ]),
  ...of("filters", "Taxonomy", [
    {
      feature: "another taxonomy is kept",
      yaml: filter(`${admins}condition: not selection`, source, "taxonomy: ecs\n"),
      loads: filtered,
    },
  ]),
  ...of("filters", "Log source", [
    {
      feature: "is mandatory",
      yaml: filter(`${admins}condition: not selection`, source).replace(/(---[^]*)logsource:\n.*\n.*\n/, "$1"),
      refused: "rule-missing-key",
    },
    {
      feature: "parts that the filter does not name are the rule's",
      yaml: filter(`${admins}condition: not selection`, "    product: windows\n"),
      ...suppressed,
    },
    {
      feature: "a rule of another log source is not filtered: a filter put on no rule is refused",
      yaml: filter(`${admins}condition: not selection`, "    product: linux\n"),
      refused: "rule-filter-reference",
    },
  ]),
  ...of("filters", "Global Filter", [
    {
      feature: "what the filter describes is suppressed",
      yaml: filter(`${admins}condition: selection`),
      ...suppressed,
    },
    {
      feature: "two filters on one rule",
      yaml: `${filter(`${admins}condition: not selection`)}---\n${(filter(`rules: [the_rule]\nsearch: { Host: jump }\ncondition: not search`).split("---\n")[1] ?? "").replace("0b9c", "1b9c")}`,
      meaning: meaning("selection and not x and not y"),
      matches: [one],
      misses: [admin, { f: 1, Host: "jump" }],
    },
    {
      feature: "a rule with several conditions",
      yaml: filter(`${admins}condition: not selection`).replace(
        "condition: selection",
        "condition: [selection, selection]",
      ),
      ...suppressed,
    },
  ]),
  ...of("filters", "Relative rules", [
    { feature: "by id", yaml: filter(`${admins}condition: not selection`), ...suppressed },
    { feature: "by name", yaml: filter(`${admins.replace(ID, "the_rule")}condition: not selection`), ...suppressed },
    {
      feature: "`any` is every rule of the log source",
      yaml: filter(`${admins.replace(`[${ID}]`, "any")}condition: not selection`),
      ...suppressed,
    },
    {
      feature: "a rule that is not loaded is warned of",
      yaml: filter(`${admins.replace("[", "[unknown, ")}condition: not selection`),
      warns: "rule-filter-reference",
      ...suppressed,
    },
    {
      feature: "a filter whose rules are all unknown is refused",
      yaml: filter(`${admins.replace(ID, "unknown")}condition: selection`),
      refused: "rule-filter-reference",
    },
    {
      feature: "a filter without rules is refused",
      yaml: filter("selection: { a: b }\ncondition: selection"),
      refused: "rule-missing-key",
    },
  ]),
  ...of("filters", "filter selection", [
    {
      feature: "any number of search identifiers, modifiers included",
      yaml: filter(`${admins}other: [ { Host|endswith: mp } ]\ncondition: 1 of them`),
      meaning: meaning("selection and not (x or y)"),
      matches: [one],
      misses: [admin, { f: 1, Host: "jump" }],
    },
    {
      feature: "names of the filter are not those of the rule",
      yaml: filter(`${admins}condition: not selection`),
      ...suppressed,
    },
    {
      feature: "a search identifier that cannot be honoured refuses the filter",
      yaml: filter(`${admins.replace("startswith", "startwith")}condition: selection`),
      refused: "rule-unknown-modifier",
    },
  ]),
  ...of("filters", "filter condition", [
    {
      feature: "`not selection`, as pySigma's filters have it, suppresses the same",
      yaml: filter(`${admins}condition: not selection`),
      ...suppressed,
    },
    {
      feature: "a filter that describes what is left: `not 1 of`",
      yaml: filter(`${admins}other: { Host: jump }\ncondition: not 1 of them`),
      meaning: meaning("selection and not (x or y)"),
      matches: [one],
      misses: [admin, { f: 1, Host: "jump" }],
    },
    {
      feature: "`a and not b` suppresses what is a and not b",
      yaml: filter(`${admins}other: { Host: jump }\ncondition: selection and not other`),
      meaning: meaning("selection and not (x and not y)"),
      matches: [one, { ...admin, Host: "jump" }],
      misses: [admin],
    },
    { feature: "is mandatory", yaml: filter(admins), refused: "rule-missing-key" },
  ]),
];

const head = "title: Conformance\nid: 6f1a0c5e-7a0b-4c0e-9d1c-2f4b8a6d3e11\n";
const logsource = `logsource:\n${source}`;
const full = detection("selection: { f: 1 }\ncondition: selection");
const COLLECTIONS = of("collections", "Collection actions", [
  {
    feature: "`action: global` is put over the rules after it",
    yaml: `action: global\n${head}${logsource}---\ndetection: { selection: { f: 1 }, condition: selection }\n`,
    meaning: full,
    matches: [one],
    misses: [{ f: 2 }],
  },
  {
    feature: "maps are merged",
    yaml: `action: global\n${head}${logsource}detection: { condition: selection }\n---\ndetection: { selection: { f: 1 } }\n`,
    meaning: full,
    matches: [one],
    misses: [{ f: 2 }],
  },
  {
    feature: "what the global document says stands above the rule",
    yaml: `action: global\ndetection: { selection: { f: 1 } }\n---\n${full.replace("f: 1", "f: 2, g: 1")}`,
    meaning: full.replace("f: 1", "f: 1, g: 1"),
    matches: [{ f: 1, g: 1 }],
    misses: [one, { f: 2, g: 1 }],
  },
  {
    feature: "`action: reset` ends it",
    yaml: `action: global\nlevel: high\n---\naction: reset\n---\n${full}`,
    loads: { level: "medium" },
    meaning: full,
    matches: [one],
  },
  {
    feature: "`action: repeat` is put over the rule before it",
    yaml: `${full
      .replace("f: 1", "f: 2")
      .replace(/id: .*\n/, "id: 7f1a0c5e-7a0b-4c0e-9d1c-2f4b8a6d3e12\n")
      .replace(
        "title",
        "name: first\ntitle",
      )}---\naction: repeat\n${head}name: second\ndetection: { selection: { f: 1 } }\n`,
    meaning: full,
    matches: [one],
    misses: [{ f: 3 }],
  },
  {
    feature: "rules that share the global id get ids of their own, which is warned of",
    yaml: `action: global\n${head}${logsource}---\ndetection: { selection: { f: 1 }, condition: selection }\n---\ndetection: { selection: { f: 2 }, condition: selection }\n`,
    warns: "rule-id-missing",
    matches: [one, { f: 2 }],
    misses: [{ f: 3 }],
    meaning: full.replace("f: 1", "f: [1, 2]"),
  },
  { feature: "an unknown action is refused", yaml: `action: globl\n${full}`, refused: "rule-collection" },
  { feature: "a `repeat` of nothing is refused", yaml: `action: repeat\n${full}`, refused: "rule-collection" },
  {
    feature: "a rule after an action that cannot be read is refused",
    yaml: `action: global\nlevel: [high\n---\n${full}`,
    refused: "rule-collection",
  },
]);

/** Filters and rule collections. */
export const COLLECTION_ENTRIES: readonly ConformanceEntry[] = [...FILTERS, ...COLLECTIONS];
