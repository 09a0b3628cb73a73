import type { Finding, Rule } from "@vedette/detection";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import type { CommandOutput } from "../command-output.ts";
import { printable, textTable } from "../text-table.ts";
import { episodeLine, indexOf, timeOf } from "./finding-line.ts";
import type { FactForm } from "./chunk.ts";
import type { RunTotals } from "./detection-run.ts";

/** How findings are printed. */
export const PRINT_FORMATS = ["jsonl", "table", "summary"] as const;

/** One of {@link PRINT_FORMATS}. */
export type PrintFormat = (typeof PRINT_FORMATS)[number];

/** Prints findings as they come, and what is to be said at the end. */
export interface Printer {
  /** How it takes facts. */
  readonly form: FactForm;
  readonly add: (finding: Finding) => void;
  /** Prints a fact whose line is made already. */
  readonly addLine: (line: string) => void;
  readonly finish: (totals: RunTotals) => void;
}

/** Makes the printer of a format. */
export function createPrinter(format: PrintFormat, rules: readonly Rule[], output: CommandOutput): Printer {
  if (format === "jsonl") return linePrinter(output);
  return format === "table" ? tablePrinter(output) : summaryPrinter(rules, output);
}

function linePrinter(output: CommandOutput): Printer {
  return {
    form: "lines",
    add: (finding) => {
      if (finding.kind === "episode") output.print(episodeLine(finding));
    },
    addLine: output.print,
    finish: () => undefined,
  };
}

function tablePrinter(output: CommandOutput): Printer {
  const row = (time: string, level: string, title: string, events: string, entities: string): string =>
    `${time.padEnd(24)}  ${level.padEnd(13)}  ${title.padEnd(60)}  ${events.padEnd(10)}  ${entities}`;
  let titled = false;
  const title = (): void => {
    if (!titled) output.print(row("TIME", "LEVEL", "RULE", "EVENTS", "ENTITIES").trimEnd());
    titled = true;
  };
  return {
    form: "findings",
    addLine: output.print,
    add: (finding) => {
      title();
      const ids = finding.kind === "fact" ? [finding.eventId] : finding.eventIds;
      const events = ids.length === 1 ? String(indexOf(ids[0] ?? "")) : `${indexOf(ids[0] ?? "")} +${ids.length - 1}`;
      const entities = finding.entities.map(({ kind, value }) => `${kind}=${printable(value)}`).join(" ");
      output.print(
        row(
          timeOf(finding) ?? "-",
          finding.rule.level,
          printable(finding.rule.title).slice(0, 60),
          events,
          entities,
        ).trimEnd(),
      );
    },
    finish: title,
  };
}

function summaryPrinter(rules: readonly Rule[], output: CommandOutput): Printer {
  return {
    form: "counts",
    add: () => undefined,
    addLine: () => undefined,
    finish: ({ byRule, findings, events }) => {
      const found = rules.flatMap((rule) => (byRule.has(rule.id) ? [{ rule, count: byRule.get(rule.id) ?? 0 }] : []));
      const rank = ({ rule, count }: (typeof found)[number]): number =>
        SEVERITY_LEVELS.indexOf(rule.level) * 1e9 + count;
      const columns = [
        { title: "FINDINGS", text: ({ count }: (typeof found)[number]) => String(count), width: 10 },
        { title: "LEVEL", text: ({ rule }: (typeof found)[number]) => rule.level, width: 13 },
        { title: "RULE", text: ({ rule }: (typeof found)[number]) => rule.title, width: 90 },
        { title: "ID", text: ({ rule }: (typeof found)[number]) => rule.id, width: 64 },
      ];
      for (const line of textTable(
        columns,
        found.toSorted((a, b) => rank(b) - rank(a)),
      ))
        output.print(line);
      output.print(`${findings} findings of ${found.length} rules in ${events} events (${rules.length} rules loaded).`);
    },
  };
}
