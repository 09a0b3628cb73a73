import type { Command } from "commander";
import type { z } from "zod";
import type { SqliteReader } from "../store/sqlite/reader.ts";
import type { CommandOutput } from "./command-output.ts";
import { dataOption, formatOption, queryOf, withDataFolder } from "./data-folder.ts";
import { type Column, printable, textTable } from "./text-table.ts";

interface DataOptions {
  readonly data: string;
  readonly format: "table" | "json";
}

/** A page of what a store lists. */
interface Listed<Item> {
  readonly items: readonly Item[];
  readonly total: number;
  readonly nextCursor?: string | undefined;
}

/** Completes a `list` command: paging, data folder and format, and what it does with the options before them. */
export function addList<Query, Item>(
  command: Command,
  options: {
    readonly schema: z.ZodType<Query>;
    readonly columns: readonly Column<Item>[];
    readonly list: (reader: SqliteReader, query: Query) => Promise<Listed<Item>>;
    readonly output: CommandOutput;
  },
): void {
  const { schema, columns, list, output } = options;
  command
    .option("--limit <count>", "how many at most, up to 500", "50")
    .option("--cursor <cursor>", "the next page, as the last one named it")
    .addOption(dataOption())
    .addOption(formatOption())
    .action(async ({ data, format, ...filters }: DataOptions) => {
      const query = queryOf(schema, filters, output);
      if (!query) return;
      await withDataFolder(data, output, async (reader) => {
        const page = await list(reader, query);
        if (format === "json") return output.print(JSON.stringify(page));
        for (const line of textTable(columns, page.items)) output.print(line);
        output.print(
          `${page.items.length} of ${page.total}${page.nextCursor ? `; next page: --cursor ${page.nextCursor}` : ""}`,
        );
      });
    });
}

/** Completes a `show ID` command of things that are called `noun`. */
export function addShow<Detail>(
  command: Command,
  options: {
    readonly noun: string;
    readonly find: (reader: SqliteReader, id: string) => Promise<Detail | undefined>;
    /** The thing as a person reads it, line by line. */
    readonly describe: (detail: Detail) => readonly string[];
    readonly output: CommandOutput;
  },
): void {
  const { noun, find, describe, output } = options;
  command
    .argument("<id>", `id of the ${noun}`)
    .addOption(dataOption())
    .addOption(formatOption())
    .action((id: string, { data, format }: DataOptions) =>
      withDataFolder(data, output, async (reader) => {
        const detail = await find(reader, id);
        if (!detail) {
          output.complain(
            `There is no ${noun} ${printable(id)} in ${data}. "vedette ${noun}s list --data ${data}" lists those there are.`,
          );
          return output.exit(2);
        }
        if (format === "json") return output.print(JSON.stringify(detail));
        for (const line of describe(detail)) output.print(line);
      }),
    );
}
