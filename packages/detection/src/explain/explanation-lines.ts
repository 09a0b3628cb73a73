import type { Decision, Explanation, FieldDecision, WantedValue } from "./explanation.ts";
import { logSourceText } from "./explain.ts";

/** Wanted values that are listed. */
const LISTED = 4;

/** An explanation as lines for people: one fact a line, parts indented below what they decide. */
export function explanationLines(explanation: Explanation): readonly string[] {
  return linesOf(explanation).map(visible);
}

/** Text with control characters made visible: what an event holds was often chosen by an attacker, and is to stay on its line. */
function visible(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function linesOf(explanation: Explanation): readonly string[] {
  const { rule, summary, decision, exceptions, correlation } = explanation;
  const lines = [`${rule.title} (${rule.level}, ${rule.id})`, `  in ${rule.path}`, `  ${summary}`];
  if (decision !== null) {
    const source = explanation.logSources.map(logSourceText).join("; ");
    lines.push(`  read by the mapping ${explanation.mapping ?? ""} as ${source === "" ? "of no log source" : source}`);
    lines.push(decision.held ? "  it holds because:" : "  it does not hold because:");
    addDecision(lines, decision, 2);
  }
  for (const exception of exceptions) {
    const state = exception.held
      ? exception.inForce
        ? "accepts the event"
        : `would accept the event, but expired on ${exception.expires}`
      : "does not accept the event";
    lines.push(`  exception "${exception.name}" of ${exception.owner}, until ${exception.expires}: ${state}`);
    addDecision(lines, exception.decision, 2);
  }
  if (correlation !== null) {
    lines.push(`  ${correlation.type}: ${correlation.condition}`);
    for (const { title, id, matched, group, explanation: inner } of correlation.rules) {
      const counts = matched || inner.correlation?.counts === true;
      lines.push(`  ${counts ? "counts for it" : "does not count"}: ${title} (${id})`);
      for (const [name, value] of Object.entries(group))
        lines.push(
          value === null || value === ""
            ? `    the event has no ${name}, so that the finding belongs to no group`
            : `    ${name} is ${JSON.stringify(value)}`,
        );
      lines.push(
        ...linesOf(inner)
          .slice(1)
          .map((line) => `  ${line}`),
      );
    }
  }
  return lines;
}

function addDecision(lines: string[], decision: Decision, level: number): void {
  const add = (text: string): unknown => lines.push(`${"  ".repeat(level)}${text}`);
  switch (decision.kind) {
    case "field":
      for (const [index, line] of fieldLines(decision).entries())
        lines.push(`${"  ".repeat(level + Math.min(index, 1))}${line}`);
      return;
    case "search": {
      const [only] = decision.items;
      const verb = decision.held ? "holds" : "does not hold";
      if (decision.of === 1 && only?.kind === "all") {
        add(`${decision.name} ${verb} (${only.items.length} of its ${only.of} parts ${only.held ? "do" : "do not"}):`);
        for (const item of only.items) addDecision(lines, item, level + 1);
        return;
      }
      const entries =
        decision.of === 1 ? "" : ` (${decision.held ? decision.items.length : "none"} of its ${decision.of} entries)`;
      add(`${decision.name} ${verb}${entries}:`);
      break;
    }
    case "of": {
      const asked = `${decision.quantity} of ${decision.pattern === "" ? `${decision.of} parts` : decision.pattern}`;
      add(`${asked} ${decision.held ? "holds" : "does not hold"}: ${decision.holding} of ${decision.of} do:`);
      break;
    }
    case "not":
      add(`not: this must not hold, and it ${decision.held ? "does not" : "does"}:`);
      addDecision(lines, decision.item, level + 1);
      return;
    case "all":
      add(decision.held ? `all ${decision.of} parts hold:` : failedOf(decision.items.length, decision.of));
      break;
    case "any":
      add(
        decision.held
          ? `${decision.items.length} of ${decision.of} parts, of which one is enough:`
          : `none of ${decision.of} parts holds:`,
      );
      break;
  }
  for (const item of decision.items) addDecision(lines, item, level + 1);
}

const failedOf = (failed: number, all: number): string =>
  `${failed} of ${all} parts, of which each is needed, ${failed === 1 ? "does" : "do"} not hold:`;

function fieldLines(decision: FieldDecision): readonly string[] {
  const { field, held, place, line, found, count, hint } = decision;
  const name = field ?? "a value of the event";
  const notes = [...listedNote(decision), ...(line > 0 ? [`line ${line}`] : [])];
  const lines = [`${name} ${tested(decision)}${notes.length === 0 ? "" : ` (${notes.join(", ")})`}`];
  if (place === null) lines.push(`the event has no ${name}; looked for at ${decision.places.join(", ")}`);
  else if (field !== null) {
    const more = count > found.length ? ` and ${count - found.length} more` : "";
    const values = count === 0 ? "no value" : `${found.map((text) => `"${text}"`).join(", ")}${more}`;
    lines.push(`the event has ${values}${place === field ? "" : ` at ${place}`}`);
  } else if (held && !decision.negated) lines.push(`found in "${found[0] ?? ""}"`);
  else lines.push(`none of the ${count} values in ${place}`);
  if (hint !== null) lines.push(hint);
  return lines;
}

/** How many of the values listed hold, where one is enough. */
function listedNote({ held, needs, negated, wanted }: FieldDecision): readonly string[] {
  if (held === negated || needs === "all" || wanted.length < 2) return [];
  return [`${wanted.filter((value) => value.held).length} of ${wanted.length} listed`];
}

/** What was tested and how it went, in words. */
function tested({ held, needs, negated, wanted, modifiers }: FieldDecision): string {
  const [only] = wanted;
  if (only === undefined) return held ? "holds" : "does not hold";
  const yes = held !== negated;
  const excluded = negated && modifiers.includes("neq") ? (held ? "" : ", which the rule excludes") : "";
  if (wanted.length === 1) return `${phrase(only, yes)}${excluded}`;
  if (needs === "any") {
    const holding = wanted.filter((value) => value.held);
    return yes ? `${joined(holding, "or", true)}${excluded}` : `${joined(wanted, "or", false)}${excluded}`;
  }
  if (yes) return `${joined(wanted, "and", true)}${excluded}`;
  const missing = wanted.filter((value) => !value.held);
  return `${joined(missing, "or", false)}${excluded}`;
}

const phrase = ({ relation, denial, value }: WantedValue, yes: boolean): string =>
  `${yes ? relation : denial}${value === "" ? "" : ` ${value}`}`;

/** Several values, those with the same relation together. */
function joined(values: readonly WantedValue[], word: "and" | "or", yes: boolean): string {
  const groups = new Map<string, WantedValue[]>();
  for (const value of values) {
    const verb = yes ? value.relation : value.denial;
    const group = groups.get(verb);
    if (group === undefined) groups.set(verb, [value]);
    else group.push(value);
  }
  return [...groups]
    .map(([verb, group]) => {
      const texts = group.slice(0, LISTED).map(({ value }) => value);
      const more = group.length > LISTED ? [`${group.length - LISTED} more`] : [];
      return `${verb} ${listed([...texts, ...more], word)}`;
    })
    .join(yes ? ` ${word} ` : " and ");
}

function listed(texts: readonly string[], word: string): string {
  if (texts.length < 2) return texts.join("");
  return `${texts.slice(0, -1).join(", ")} ${word} ${texts.at(-1) ?? ""}`;
}
