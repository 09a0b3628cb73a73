import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { alertsCommand } from "./alerts.ts";
import { auditCommand } from "./audit.ts";
import { backfillCommand } from "./backfill.ts";
import { demoCommand } from "./demo.ts";
import { detectCommand } from "./detect.ts";
import { doctorCommand } from "./doctor.ts";
import { guardCommand } from "./guard.ts";
import { huntCommand } from "./hunt.ts";
import { incidentsCommand } from "./incidents.ts";
import { rulesCommand } from "./rules.ts";
import { setupCommand } from "./setup.ts";
import { shadowCommand } from "./shadow.ts";
import { simulateCommand } from "./simulate.ts";
import { startCommand } from "./start.ts";
import { statusCommand } from "./status.ts";
import { storeCommand } from "./store.ts";

/** Every command, in the order that the help lists them. */
const commands: readonly Command[] = [
  startCommand(),
  demoCommand(),
  setupCommand(),
  doctorCommand(),
  statusCommand(),
  detectCommand(),
  huntCommand(),
  backfillCommand(),
  rulesCommand(),
  shadowCommand(),
  alertsCommand(),
  incidentsCommand(),
  auditCommand(),
  guardCommand(),
  storeCommand(),
  simulateCommand(),
];

const program = new Command("vedette")
  .description("Security monitoring for the stack a team already runs.")
  .version(VERSION);
for (const command of commands) program.addCommand(command);

/** Makes a wrong flag or argument end with exit code 2, whichever command it is for. */
function refuseGently(command: Command, name: string): void {
  command.exitOverride().showHelpAfterError(`("${name} --help" says what there is)`);
  for (const sub of command.commands) refuseGently(sub, `${name} ${sub.name()}`);
}
refuseGently(program, program.name());

// A reader that has had enough (`vedette detect … | head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit();
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode === 0 ? 0 : 2;
}
