import { randomUUID } from "node:crypto";
import { actionOf, type Client, createClient, type DenyListEntry, describeEntry } from "@vedette/api";
import { Command } from "commander";
import { parseDuration } from "../config/units.ts";
import { addPlace, explainFailure, PATIENCE, placeOf, type WorkerPlaceOptions } from "./ask-worker.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { printable, timeText } from "./text-table.ts";

/** Builds `vedette guard`: the emergency switch of all guards of a worker, and what they apply. */
export function guardCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("guard")
    .summary("switch all guards off or on, and see what they apply")
    .description(
      "The guards inside your services apply what the worker decides. When they turn away whom they should not, switch them all off first and look for the rule then.\nEach change is audited with the name of the token that made it.",
    );
  addPlace(command.command("off"))
    .summary("switch all guards off for a while")
    .description(
      "Guards hear of it within seconds and apply nothing until the time is over or they are switched on again.",
    )
    .requiredOption("--reason <text>", "why, for the audit trail")
    .option("--for <duration>", "for how long, up to 30d", "1h")
    .action((options: WorkerPlaceOptions & { readonly reason: string; readonly for: string }) =>
      withWorker(options, output, async (client, signal) => {
        const milliseconds = parseDuration(options.for);
        if (milliseconds === undefined) {
          output.complain(`"${options.for}" is no duration such as 30m or 1h.`);
          return output.exit(2);
        }
        const body = { action: "off" as const, seconds: Math.round(milliseconds / 1_000), reason: options.reason };
        const entry = await client.denyAddress({ body }, { signal, idempotencyKey: randomUUID() });
        output.print(
          `All guards are off until ${timeText(entry.expiresAt)}; "vedette guard on" switches them on again.`,
        );
      }),
    );
  addPlace(command.command("on"))
    .summary("switch all guards on again")
    .action((options: WorkerPlaceOptions) =>
      withWorker(options, output, async (client, signal) => {
        const switches = (await inForce(client, signal)).filter((entry) => actionOf(entry) === "off");
        for (const { id } of switches) await client.undoDeny({ id }, { signal, idempotencyKey: randomUUID() });
        output.print(switches.length === 0 ? "The guards were not switched off." : "All guards are on again.");
      }),
    );
  addPlace(command.command("list"))
    .summary("list what the guards apply now")
    .action((options: WorkerPlaceOptions) =>
      withWorker(options, output, async (client, signal) => {
        const entries = await inForce(client, signal);
        if (entries.length === 0) output.print("The guards apply nothing.");
        for (const entry of entries)
          output.print(
            `${entry.id}  ${printable(describeEntry(entry))} until ${timeText(entry.expiresAt)}: ${printable(entry.reason)}`,
          );
      }),
    );
  return command;
}

async function withWorker(
  options: WorkerPlaceOptions,
  output: CommandOutput,
  work: (client: Client, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const place = placeOf(options, output);
  if (place === undefined) return output.exit(2);
  try {
    await work(createClient(place), AbortSignal.timeout(PATIENCE));
  } catch (error) {
    output.complain(explainFailure(error, place.baseUrl));
    output.exit(2);
  }
}

/** Every entry in force: they are among the newest, but an old one may last. */
async function inForce(client: Client, signal: AbortSignal): Promise<readonly DenyListEntry[]> {
  const entries: DenyListEntry[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await client.listDenyList({ query: { limit: 200, cursor } }, { signal });
    entries.push(...page.items.filter(({ state }) => state === "in_force" || state === "pending"));
    cursor = page.nextCursor;
    if (cursor === undefined) return entries;
  }
}
