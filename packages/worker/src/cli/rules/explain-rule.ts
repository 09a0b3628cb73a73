import {
  type Explanation,
  type JsonObject,
  type LogSource,
  type Rule,
  type SecurityEvent,
  explain,
  explanationLines,
} from "@vedette/detection";
import type { CommandOutput } from "../command-output.ts";
import type { ChosenPipelines } from "../detect/choose-pipelines.ts";
import { inputName } from "../detect/detection-run.ts";
import { type InputItem, readItems } from "../detect/event-items.ts";
import { printable } from "../text-table.ts";
import { findRule } from "./find-rule.ts";
import { complainOfRefused, loadFrom, pipelinesOf } from "./loaded-rules.ts";

/** What `rules explain` is told. */
export interface ExplainRuleOptions {
  readonly event: readonly string[];
  readonly index?: number;
  readonly format: "text" | "json";
  readonly logsource?: LogSource;
  readonly pipeline: readonly string[];
}

/** Explains what a rule says of each event, or of one. */
export async function explainRule(
  name: string,
  paths: readonly string[],
  options: ExplainRuleOptions,
  output: CommandOutput,
): Promise<void> {
  const pipelines = pipelinesOf(options.pipeline, output);
  if (pipelines === undefined) return;
  const { rules, problems } = loadFrom(paths, pipelines.pipelines);
  const rule = findRule(name, rules);
  if ("error" in rule) {
    complainOfRefused(problems, output);
    output.complain(rule.error);
    output.exit(2);
    return;
  }
  let index = 0;
  let explained = 0;
  let broken = 0;
  for (const path of options.event)
    for await (const item of readItems(path)) {
      if (item.kind === "problem") {
        broken++;
        output.complain(problemText(path, item));
        continue;
      }
      const number = index++;
      if (options.index !== undefined && number !== options.index) continue;
      explained++;
      const explanation = explainEvent(rule, item.document, number, { rules, options, mappings: pipelines.mappings });
      if (explained > 1 && options.format === "text") output.print("");
      print(explanation, number, `${inputName(path)}:${item.line}`, options.format, output);
    }
  if (options.index !== undefined && explained === 0)
    output.complain(`There is no event ${options.index}: there are ${index}, counted from 0.`);
  else if (explained === 0) output.complain("There is no event.");
  output.exit(broken > 0 || explained === 0 ? 2 : 0);
}

interface Context {
  readonly rules: readonly Rule[];
  readonly options: ExplainRuleOptions;
  readonly mappings: ChosenPipelines["mappings"];
}

function explainEvent(
  rule: Rule,
  document: JsonObject,
  number: number,
  { rules, options, mappings }: Context,
): Explanation {
  const mapping = mappings.find((candidate) => candidate.accepts(document));
  const event: SecurityEvent = {
    id: `event-${number}`,
    time: mapping?.time(document) ?? Number.NaN,
    document,
    ...(options.logsource === undefined ? {} : { logSource: options.logsource }),
  };
  return explain(rule, event, { mappings, rules });
}

function print(
  explanation: Explanation,
  number: number,
  place: string,
  format: "text" | "json",
  output: CommandOutput,
): void {
  if (format === "json") {
    output.print(JSON.stringify({ event: { index: number, place }, ...explanation }));
    return;
  }
  const { outcome, correlation } = explanation;
  const word = correlation === null ? (WORDS[outcome] ?? outcome) : correlation.counts ? "counts" : "does not count";
  output.print(`event ${number} (${printable(place)}): ${word}`);
  for (const line of explanationLines(explanation)) output.print(line);
}

const WORDS: Readonly<Partial<Record<Explanation["outcome"], string>>> = {
  matched: "match",
  condition: "no match",
  excepted: "no finding",
  "log-source": "not asked",
  "no-log-source": "not asked",
  "no-mapping": "not asked",
};

const problemText = (path: string, { line, detail, code }: InputItem & { kind: "problem" }): string =>
  `${inputName(path)}${line === undefined ? "" : `:${line}`}: ${printable(detail)} (${code})`;
