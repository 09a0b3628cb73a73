import type { JsonObject } from "../../event.ts";
import type { FieldMapping } from "../../mapping.ts";
import type { Rule } from "../../rule.ts";

/** A text of the Sigma specification, or ours. */
export type SpecificationText = "rules" | "modifiers" | "filters" | "correlations" | "collections";

/** Events, each with its time in seconds, and how many episodes of the file's first correlation they make. */
export interface ConformanceTimeline {
  readonly events: readonly (readonly [number, JsonObject])[];
  readonly episodes: number;
}

/** One thing that the specification says, and what shows that it is so. */
export interface ConformanceEntry {
  readonly text: SpecificationText;
  /** Heading of the text. */
  readonly section: string;
  /** What is shown, unique within the section. */
  readonly feature: string;
  /** Modifiers (`modifier re`), forms of condition (`condition Brackets`) and correlation types (`correlation temporal`) of the specification that this entry is for. */
  readonly topics?: readonly string[];
  /** The rule file; {@link detection} makes one around a detection. The first rule in it is the one that is judged. */
  readonly yaml: string;
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  /** Documents in which the rule finds something, and in which it does not. */
  readonly matches?: readonly JsonObject[];
  readonly misses?: readonly JsonObject[];
  readonly timelines?: readonly ConformanceTimeline[];
  /** Attributes that the loaded rule has. */
  readonly loads?: Partial<Rule>;
  /** Code of the error that the rule is refused with. */
  readonly refused?: string;
  /** Code of the warning that the rule is loaded with. */
  readonly warns?: string;
  /** One rule that says the same without collection actions: the naive matcher and pySigma read one document. */
  readonly meaning?: string;
}

/** Name of the test that shows an entry. */
export function testNameOf({ text, section, feature }: ConformanceEntry): string {
  return `${text}, ${section}: ${feature}`;
}

/** A rule file around a detection, given as the lines below `detection:`. */
export function detection(lines: string, attributes = ""): string {
  const indented = lines
    .trim()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  return `title: Conformance\nid: 6f1a0c5e-7a0b-4c0e-9d1c-2f4b8a6d3e11\n${attributes}logsource:\n    product: windows\n    category: process_creation\ndetection:\n${indented}\n`;
}

/** A rule file with one field: `item("f|contains", "'a'")`. */
export function item(key: string, value: string): string {
  return detection(`selection:\n    ${key}: ${value}\ncondition: selection`);
}

/** Every document, fields under their own names, keywords everywhere. */
export const CONFORMANCE_MAPPING: FieldMapping = {
  name: "conformance",
  accepts: () => true,
  logSources: () => [{ product: "windows", category: "process_creation" }],
  paths: (field) => [[field]],
  time: () => 0,
  entities: () => [],
};
