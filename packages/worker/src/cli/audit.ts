import { Command } from "commander";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { dataOption, formatOption, withDataFolder } from "./data-folder.ts";

/** Builds `vedette audit verify`. */
export function auditCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("audit").description("the record of who and what did what");
  command
    .command("verify")
    .description(
      "recompute the hash chain of the audit trail; exit code 1 and the first entry that does not hold when it was changed, or when the anchors are missing",
    )
    .addOption(dataOption())
    .addOption(formatOption())
    .action(({ data, format }: { data: string; format: "table" | "json" }) =>
      withDataFolder(data, output, async (reader) => {
        const verdict = reader.verifyTrail();
        const { ok, entries, anchors, brokenAt, reason } = verdict;
        if (!ok) output.exit(1);
        if (format === "json") return output.print(JSON.stringify(verdict));
        if (!ok) {
          const where =
            brokenAt === undefined
              ? "The audit trail cannot be vouched for"
              : `The audit trail does not hold at entry ${brokenAt}`;
          return output.complain(
            `${where}: ${reason}. The ${entries} entries ${brokenAt === undefined ? "that there are" : "before"} hold.`,
          );
        }
        output.print(`ok: ${entries} entries hold, ${anchors} anchors outside the database agree.`);
      }),
    );
  return command;
}
