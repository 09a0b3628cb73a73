import { Command, Option } from "commander";
import { ERROR_CODES, StoreError } from "../errors.ts";
import { counted, type DumpCounts, readDump, writeDump } from "../store/dump/dump-file.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { PLACE_HELP, withSource, withTarget } from "./store-place.ts";

const configOption = (): Option =>
  new Option("--config <file>", "configuration whose block `elasticsearch` names the cluster").default("vedette.yaml");

/** Builds `vedette store migrate|backup|restore`. */
export function storeCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("store").description("the memory: move it, back it up, put it back");
  const progress = (doing: string) => (total: number) => output.complain(`${doing}: ${total} records …`);

  command
    .command("migrate")
    .description("copy a store into an empty one, in the other home or in the same; the worker has to be stopped")
    .requiredOption("--from <store>", PLACE_HELP)
    .requiredOption("--to <store>", `where to: ${PLACE_HELP}`)
    .addOption(configOption())
    .action(({ from, to, config }: { from: string; to: string; config: string }) =>
      telling(output, () =>
        withSource(from, config, output, (source) =>
          withTarget(to, config, output, async (target) => {
            const counts: DumpCounts = {};
            await target.take(counted(source.records(), counts, progress("moved")));
            output.print(`Moved ${from} to ${to}: ${summaryOf(counts)}.`);
          }),
        ),
      ),
    );

  command
    .command("backup")
    .description("write a store into a file (gzip, a JSON value a line)")
    .argument("<file>", "where to write; it appears when it is whole")
    .option("--from <store>", PLACE_HELP, ".vedette")
    .addOption(configOption())
    .action((file: string, { from, config }: { from: string; config: string }) =>
      telling(output, () =>
        withSource(from, config, output, async (source) => {
          const counts = await writeDump(file, source.records(), progress("written"));
          output.print(`Wrote ${file}: ${summaryOf(counts)}.`);
        }),
      ),
    );

  command
    .command("restore")
    .description("put a backup into an empty store")
    .argument("<file>", "what `vedette store backup` wrote")
    .requiredOption("--to <store>", PLACE_HELP)
    .addOption(configOption())
    .action((file: string, { to, config }: { to: string; config: string }) =>
      telling(output, async () => {
        // Read through once before anything is written: whether it is whole shows at its end.
        const counts: DumpCounts = {};
        for await (const _record of counted(readDump(file), counts)) continue;
        await withTarget(to, config, output, async (target) => {
          await target.take(counted(readDump(file), {}, progress("restored")));
          output.print(`Restored ${to}: ${summaryOf(counts)}.`);
        });
      }),
    );
  return command;
}

const summaryOf = (counts: DumpCounts): string =>
  Object.entries(counts)
    .filter(([kind]) => kind !== "position")
    .map(([kind, count]) => `${kind} ${count}`)
    .join(", ") || "nothing";

async function telling(output: CommandOutput, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    output.complain(`${error.code}: ${error.message}`);
    const cure = ERROR_CODES[error.code]?.cure;
    if (cure !== undefined) output.complain(cure);
    output.exit(2);
  }
}
