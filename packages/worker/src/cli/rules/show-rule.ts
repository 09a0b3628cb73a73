import { type Rule, type RuleFilter, correlationText, outlineLines, outlineOf } from "@vedette/detection";
import type { CommandOutput } from "../command-output.ts";
import { duration } from "../detect/progress.ts";
import { printable } from "../text-table.ts";
import { findRule } from "./find-rule.ts";
import { complainOfRefused, loadFrom, pipelinesOf } from "./loaded-rules.ts";

/** What `rules show` is told. */
export interface ShowOptions {
  readonly format: "text" | "json";
  readonly pipeline: readonly string[];
}

/** Shows one rule in words. */
export function showRule(
  name: string,
  paths: readonly string[],
  { format, pipeline }: ShowOptions,
  output: CommandOutput,
): void {
  const pipelines = pipelinesOf(pipeline, output);
  if (pipelines === undefined) return;
  const { rules, filters, problems } = loadFrom(paths, pipelines.pipelines);
  const found = findRule(name, rules);
  if ("error" in found) {
    complainOfRefused(problems, output);
    output.complain(found.error);
    output.exit(2);
    return;
  }
  if (format === "json") output.print(JSON.stringify(ruleJson(found, rules, filters)));
  else for (const line of ruleLines(found, rules, filters)) output.print(printable(line));
  output.exit(0);
}

function ruleJson(rule: Rule, rules: readonly Rule[], filters: readonly RuleFilter[]): unknown {
  const { id, name, title, description, status, level, tags, kind, logSource, path, line, revision } = rule;
  const { extension, falsePositives, references, correlation } = rule;
  return {
    id,
    name,
    title,
    description,
    status,
    level,
    tags,
    attack: attackOf(tags),
    kind,
    logSource,
    path,
    line,
    revision,
    falsePositives,
    references,
    detection: outlineOf(rule),
    filters: filtersOf(rule, filters).map((filter) => ({ id: filter.id, title: filter.title, path: filter.path })),
    correlation:
      correlation === undefined
        ? undefined
        : { ...correlation, text: correlationText(correlation, (other) => titleOf(other, rules)) },
    correlatedBy: correlatedBy(rule, rules).map((other) => ({ id: other.id, title: other.title })),
    extension: { ...extension, exceptions: extension.exceptions.map(({ condition: _condition, ...rest }) => rest) },
  };
}

const titleOf = (id: string, rules: readonly Rule[]): string => rules.find((rule) => rule.id === id)?.title ?? id;

const filtersOf = ({ id }: Rule, filters: readonly RuleFilter[]): readonly RuleFilter[] =>
  filters.filter(({ ruleIds }) => ruleIds.includes(id));

const correlatedBy = ({ id }: Rule, rules: readonly Rule[]): readonly Rule[] =>
  rules.filter(({ correlation }) => correlation?.ruleIds.includes(id) === true);

/** ATT&CK tactics, techniques and the like that tags name, each as ATT&CK writes it. */
function attackOf(tags: readonly string[]): { readonly tactics: readonly string[]; readonly ids: readonly string[] } {
  const names = tags.flatMap((tag) => (tag.startsWith("attack.") ? [tag.slice("attack.".length)] : []));
  const isId = (name: string): boolean => /^[a-z]{1,2}\d/.test(name);
  return {
    tactics: names.filter((name) => !isId(name)),
    ids: names.filter(isId).map((name) => name.toUpperCase()),
  };
}

function ruleLines(rule: Rule, rules: readonly Rule[], filters: readonly RuleFilter[]): readonly string[] {
  const { id, name, title, description, status, level, tags, logSource, path, line, revision, correlation } = rule;
  const lines = [title];
  const field = (label: string, text: string | undefined): void => {
    if (text !== undefined && text !== "") lines.push(`  ${`${label}:`.padEnd(14)} ${text}`);
  };
  const attack = attackOf(tags);
  field("id", id);
  field("name", name);
  field("level", `${level} (${status})`);
  field("tactics", attack.tactics.join(", "));
  field("ATT&CK", attack.ids.join(", "));
  field("other tags", tags.filter((tag) => !tag.startsWith("attack.")).join(", "));
  if (correlation === undefined) field("log source", sourceText(logSource));
  field("file", line === undefined || line === 0 ? path : `${path}:${line}`);
  field("revision", revision);
  for (const text of description
    .trim()
    .split("\n")
    .filter((part) => part.trim() !== ""))
    lines.push(`  ${text.trim()}`);
  const outline = outlineOf(rule);
  if (outline !== undefined) lines.push("", ...outlineLines(outline));
  if (correlation !== undefined) {
    lines.push("", `${correlation.type}: ${correlationText(correlation, (other) => titleOf(other, rules))}`);
    for (const other of correlation.ruleIds) lines.push(`  of ${titleOf(other, rules)} (${other})`);
    for (const [alias, fields] of Object.entries(correlation.aliases))
      for (const [other, fieldName] of Object.entries(fields))
        lines.push(`  ${alias} is ${fieldName} in ${titleOf(other, rules)}`);
    lines.push(
      correlation.generate
        ? "  its rules also make findings of their own"
        : "  its rules make no findings of their own, unless another correlation has `generate: true`",
    );
  }
  const put = filtersOf(rule, filters);
  for (const filter of put) lines.push("", `filter: ${filter.title} (${filter.id}), ${filter.path}`);
  for (const other of correlatedBy(rule, rules)) lines.push("", `correlated by: ${other.title} (${other.id})`);
  lines.push(...extensionLines(rule));
  return lines;
}

function sourceText({ product, category, service }: Rule["logSource"]): string {
  const parts = [
    ...(product === undefined ? [] : [`product ${product}`]),
    ...(category === undefined ? [] : [`category ${category}`]),
    ...(service === undefined ? [] : [`service ${service}`]),
  ];
  return parts.length === 0 ? "any" : parts.join(", ");
}

function extensionLines({ extension, falsePositives }: Rule): readonly string[] {
  const lines: string[] = [];
  const { suppression, response, examples, exceptions, entities, kind } = extension;
  if (kind !== "security") lines.push(`kind: ${kind}`);
  if (suppression !== undefined)
    lines.push(
      `suppression: findings with equal ${suppression.by.join(" and ")} and gaps of at most ${duration(suppression.window)} are one alert`,
    );
  for (const { action, field, target, route, rate, for: time } of response) {
    const what = target === undefined || target === field ? field : `${field} (${target})`;
    const where = route === undefined ? "" : ` on ${route}`;
    const most = rate === undefined ? "" : ` to ${rate.limit} in ${rate.seconds} s`;
    lines.push(`response: ${action} of ${what}${where}${most} for ${duration(time)}`);
  }
  for (const { kind: entity, field } of entities) lines.push(`entity: ${entity} in ${field}`);
  for (const { name, owner, expires, reason } of exceptions)
    lines.push(
      `exception: ${name}, of ${owner}, until ${new Date(expires).toISOString()}${reason === undefined ? "" : ` (${reason})`}`,
    );
  if (examples.length > 0) {
    const count = (wanted: string): number => examples.filter((example) => example.kind === wanted).length;
    lines.push(
      `examples: ${count("positive")} positive, ${count("negative")} negative, ${count("near_miss")} near misses`,
    );
  }
  if (falsePositives.length > 0) lines.push(`false positives: ${falsePositives.join("; ")}`);
  return lines.length === 0 ? [] : ["", ...lines];
}
