import type { Rule } from "@vedette/detection";
import { nearestName } from "../../config/nearest.ts";
import { printable } from "../text-table.ts";

/** Characters that the beginning of an id needs to stand for the whole. */
const LEAST_PREFIX = 4;
/** Rules listed where a text stands for several. */
const LISTED = 8;

/** Finds the rule that somebody names: by id, name or title, or by the beginning of an id that only one rule has. */
export function findRule(text: string, rules: readonly Rule[]): Rule | { readonly error: string } {
  const wanted = text.trim().toLowerCase();
  const exact =
    rules.find(({ id }) => id.toLowerCase() === wanted) ?? rules.find(({ name }) => name?.toLowerCase() === wanted);
  if (exact !== undefined) return exact;
  const titled = rules.filter(({ title }) => title.toLowerCase() === wanted);
  const begun = wanted.length < LEAST_PREFIX ? [] : rules.filter(({ id }) => id.toLowerCase().startsWith(wanted));
  const candidates = titled.length > 0 ? titled : begun;
  const [only] = candidates;
  if (candidates.length === 1 && only !== undefined) return only;
  if (candidates.length > 1) {
    const listed = candidates.slice(0, LISTED).map(({ id, title }) => `  ${printable(id)}  ${printable(title)}`);
    const more = candidates.length > LISTED ? [`  and ${candidates.length - LISTED} more`] : [];
    return { error: [`"${printable(text)}" can be ${candidates.length} rules:`, ...listed, ...more].join("\n") };
  }
  return { error: `There is no rule "${printable(text)}".${suggestion(wanted, rules)}` };
}

function suggestion(wanted: string, rules: readonly Rule[]): string {
  const near =
    nearestName(
      wanted,
      rules.map(({ id }) => id),
    ) ??
    nearestName(
      wanted,
      rules.flatMap(({ name }) => name ?? []),
    ) ??
    nearestName(
      wanted,
      rules.map(({ title }) => title),
    );
  if (near !== undefined) return ` Did you mean "${printable(near)}"?`;
  const words = wanted.length < LEAST_PREFIX ? [] : rules.filter(({ title }) => title.toLowerCase().includes(wanted));
  if (words.length === 0) return ' "vedette rules list" lists them all.';
  const titles = words.slice(0, LISTED).map(({ id, title }) => `\n  ${printable(id)}  ${printable(title)}`);
  return ` Its words are in the title of:${titles.join("")}${words.length > LISTED ? `\n  and ${words.length - LISTED} more` : ""}`;
}
