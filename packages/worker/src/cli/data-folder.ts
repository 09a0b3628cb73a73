import { Option } from "commander";
import type { z } from "zod";
import { StoreError } from "../errors.ts";
import { openSqliteReader, type SqliteReader } from "../store/sqlite/reader.ts";
import type { CommandOutput } from "./command-output.ts";

/** `--data DIR`, for each command that reads a data folder. */
export const dataOption = (): Option => new Option("--data <dir>", "data folder of the worker").default(".vedette");

/** `--format table|json`. */
export const formatOption = (): Option =>
  new Option("--format <format>", "how to print").choices(["table", "json"]).default("table");

/** Does something with a data folder; a folder that cannot be read ends the command with exit code 2 and the reason. */
export async function withDataFolder(
  folder: string,
  output: CommandOutput,
  work: (reader: SqliteReader) => Promise<void>,
): Promise<void> {
  try {
    using reader = openSqliteReader(folder);
    await work(reader);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    output.complain(`${error.code}: ${error.message}`);
    output.exit(2);
  }
}

const A_TIME = "takes a time: ISO 8601, such as 2026-01-31T12:00:00Z, or Unix milliseconds";

/** What options take whose values only the query's schema checks. */
const TAKES: ReadonlyMap<string, string> = new Map([
  ["limit", "takes a whole number from 1 to 500"],
  ["from", A_TIME],
  ["to", A_TIME],
]);

/** The query that options make; what is wrong with them is told, and undefined returned. */
export function queryOf<T>(schema: z.ZodType<T>, options: object, output: CommandOutput): T | undefined {
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data;
  for (const { path } of parsed.error.issues) {
    const name = path.join(".");
    output.complain(`--${name} ${TAKES.get(name) ?? "has a value that cannot be taken"}.`);
  }
  output.exit(2);
  return undefined;
}

/** Milliseconds of a time that a person wrote: Unix milliseconds or ISO 8601; what is neither is left for the schema to refuse. */
export function timeOption(text: string): number | string {
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text);
  return Number.isNaN(time) ? text : time;
}
