import { Command, InvalidArgumentError, Option } from "commander";
import { type SimulationReport, simulate } from "../simulation/simulate.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";

/** A range of seeds, both ends included. */
interface SeedRange {
  readonly from: number;
  readonly to: number;
}

/** Violations printed for one seed; the rest is counted. */
const SHOWN = 5;

/** Builds `vedette simulate faults`. */
export function simulateCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("simulate").description("run the worker against faults or attacks that are made up");
  command
    .command("faults")
    .description(
      "run the worker from the inbox to its effects on a virtual clock, crash it at every awaited side effect, fail its store and its receivers, deliver late, twice and out of order; exit code 1 when facts, state or effects are not what they should be",
    )
    .requiredOption("--seeds <A..B>", "seeds to run, both ends included; a seed repeats exactly", parseSeeds)
    .addOption(
      new Option(
        "--planted <defect>",
        "run with a defect that has to be found: the checkpoint is committed before what was judged",
      ).choices(["checkpoint-first"]),
    )
    .action(async ({ seeds, planted }: { seeds: SeedRange; planted?: "checkpoint-first" }) => {
      const report = await simulate({
        seeds: rangeOf(seeds),
        planted,
        onSeed: ({ seed, violations }) => {
          if (violations.length === 0) return;
          output.complain(
            `seed ${seed}: ${violations.length} violations (again: vedette simulate faults --seeds ${seed}..${seed}${planted === undefined ? "" : ` --planted ${planted}`})`,
          );
          for (const violation of violations.slice(0, SHOWN)) output.complain(`  ${violation}`);
          if (violations.length > SHOWN) output.complain(`  and ${violations.length - SHOWN} more`);
        },
      });
      for (const line of describeReport(report)) output.print(line);
      if (report.failures.length > 0) output.exit(1);
    });
  return command;
}

function describeReport({ seeds, faults, reached, unreached, failures }: SimulationReport): string[] {
  return [
    `seeds run: ${seeds}`,
    "faults injected:",
    ...[...faults].sort(([a], [b]) => (a < b ? -1 : 1)).map(([kind, count]) => `  ${kind}: ${count}`),
    `crash points reached: ${reached.length} of ${reached.length + unreached.length}`,
    ...reached.map((point) => `  ${point}`),
    ...(unreached.length === 0 ? [] : ["crash points not reached:", ...unreached.map((point) => `  ${point}`)]),
    failures.length === 0 ? "violations: none" : `violations: in ${failures.length} of ${seeds} seeds`,
  ];
}

function parseSeeds(text: string): SeedRange {
  const match = /^(\d{1,9})\.\.(\d{1,9})$/u.exec(text);
  const from = Number(match?.[1]);
  const to = Number(match?.[2]);
  if (match === null || from > to)
    throw new InvalidArgumentError("Write two whole numbers in ascending order, like 1..300.");
  return { from, to };
}

function* rangeOf({ from, to }: SeedRange): Iterable<number> {
  for (let seed = from; seed <= to; seed += 1) yield seed;
}
