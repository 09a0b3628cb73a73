import type { Rule } from "../rule.ts";
import type { Wording } from "./wording.ts";
import { itemValues, joinKeywords, wordValue } from "./item-values.ts";

/** What a signature looks for, as its author wrote it and in words. */
export interface RuleOutline {
  /** As written; one of them has to hold. */
  readonly conditions: readonly string[];
  readonly searches: readonly OutlineSearch[];
}

/** A search identifier: one of its entries has to hold, and of an entry all items. */
export interface OutlineSearch {
  readonly name: string;
  readonly entries: readonly (readonly OutlineItem[])[];
}

/** A field with its values. */
export interface OutlineItem {
  /** Null for keywords. */
  readonly field: string | null;
  readonly modifiers: readonly string[];
  /** Where it stands in the rule's file; 0 when it has no place there. */
  readonly line: number;
  readonly column: number;
  readonly negated: boolean;
  readonly needs: "any" | "all";
  readonly values: readonly Wording[];
}

/** The outline of a rule; undefined for a correlation. */
export function outlineOf({ written }: Rule): RuleOutline | undefined {
  if (written === undefined) return undefined;
  const searches = [...written.searches].map(([name, search]) => ({
    name,
    entries: joinKeywords(search).map((items) =>
      items.map((item): OutlineItem => {
        const { field, modifiers, negated, needs, values } = itemValues(item);
        return {
          field: field ?? null,
          modifiers,
          line: item.line,
          column: item.column,
          negated,
          needs,
          values: values.map((value) => wordValue(value, modifiers)),
        };
      }),
    ),
  }));
  return { conditions: written.conditions, searches };
}

/** Values listed of an item; of more, their number is said. */
const LISTED = 8;

/** The outline as lines for people. */
export function outlineLines({ conditions, searches }: RuleOutline): readonly string[] {
  const lines: string[] = [];
  for (const [index, text] of conditions.entries()) lines.push(`${index === 0 ? "condition:" : "       or:"} ${text}`);
  for (const { name, entries } of searches) {
    const some = entries.length > 1 ? ` one of ${entries.length} entries` : "";
    lines.push(`  ${name}:${some}`);
    for (const items of entries) {
      const only = items.length === 1;
      if (!only && entries.length > 1) lines.push("    all of:");
      const indent = !only && entries.length > 1 ? "      " : "    ";
      for (const item of items) lines.push(`${indent}${itemText(item)}`);
    }
  }
  return lines;
}

function itemText({ field, negated, needs, values, line }: OutlineItem): string {
  const groups = new Map<string, string[]>();
  for (const { relation, denial, value } of values) {
    const verb = negated ? denial : relation;
    const group = groups.get(verb);
    if (group === undefined) groups.set(verb, [value]);
    else group.push(value);
  }
  const word = needs === "all" ? "and" : negated ? "nor" : "or";
  const phrases = [...groups].map(([verb, texts]) => {
    const listed = texts.slice(0, LISTED);
    const more = texts.length > LISTED ? [`${texts.length - LISTED} more`] : [];
    const all = [...listed, ...more].filter((text) => text !== "");
    const joined = all.length < 2 ? all.join("") : `${all.slice(0, -1).join(", ")} ${word} ${all.at(-1) ?? ""}`;
    return `${verb} ${joined}`.trim();
  });
  const name = field ?? "a value of the event";
  return `${name} ${phrases.join(negated ? ` and ` : ` ${word} `)}${line > 0 ? ` (line ${line})` : ""}`;
}
