import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** Options of a command of this folder by their names, all of them. */
type Values<Options extends ParseArgsOptionsConfig> = ReturnType<
  typeof parseArgs<{ options: Options & { readonly help: { readonly type: "boolean" } } }>
>["values"];

/** Says what a command takes, after what was wrong if something was, and ends: with 2 after a mistake. */
export function endWithUsage(usage: string, problem?: string): never {
  process.stderr.write(`${problem === undefined ? "" : `${problem}\n`}${usage}\n`);
  process.exit(problem === undefined ? 0 : 2);
}

/** Reads the command line; `--help` and what is no option end the command with its usage. */
export function readOptions<Options extends ParseArgsOptionsConfig>(usage: string, options: Options): Values<Options> {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: "boolean" } } });
    if ((values as { readonly help?: boolean }).help === true) endWithUsage(usage);
    return values;
  } catch (error) {
    endWithUsage(usage, error instanceof Error ? error.message : String(error));
  }
}

/** A number above nought, or the end of the command. */
export function positiveNumber(usage: string, option: string, value: string): number {
  const number = Number(value);
  return number > 0 ? number : endWithUsage(usage, `--${option} ${value}: expected a number above 0`);
}
