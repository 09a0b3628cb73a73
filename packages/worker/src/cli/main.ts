import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { alertsCommand } from "./alerts.ts";
import { auditCommand } from "./audit.ts";
import { demoCommand } from "./demo.ts";
import { incidentsCommand } from "./incidents.ts";
import { startCommand } from "./start.ts";

/** Every command of `vedette`, in the order of its help. */
const COMMANDS: readonly (() => Command)[] = [demoCommand, startCommand, alertsCommand, incidentsCommand, auditCommand];

const program = new Command("vedette")
  .description("Security monitoring for the stack that you run.")
  .version(VERSION)
  .showHelpAfterError("(--help says what there is)")
  .showSuggestionAfterError();
for (const command of COMMANDS) program.addCommand(command());

/** Wrong usage ends with 2, as every bad input does; commander itself would say 1. */
const exitWith2 = (command: Command): void => {
  command.exitOverride();
  for (const sub of command.commands) exitWith2(sub);
};
exitWith2(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
