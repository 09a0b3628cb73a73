import { type Incident, type IncidentDetail, incidentQuerySchema, incidentStatusSchema } from "@vedette/api";
import { Command, Option } from "commander";
import { incidentDetail } from "../server/views.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { dataOption, formatOption, queryOf, withDataFolder } from "./data-folder.ts";
import { type Column, printable, textTable, timeText } from "./text-table.ts";

const COLUMNS: readonly Column<Incident>[] = [
  { title: "LAST SEEN", text: ({ lastSeen }) => timeText(lastSeen), width: 20 },
  { title: "SEVERITY", text: ({ severity }) => severity, width: 13 },
  { title: "STATUS", text: ({ status }) => status, width: 12 },
  { title: "ALERTS", text: ({ alertIds }) => String(alertIds.length), width: 7 },
  { title: "TITLE", text: ({ title }) => title, width: 60 },
  { title: "ENTITIES", text: ({ entities }) => entities.map(({ value }) => value).join(", "), width: 40 },
  { title: "ID", text: ({ id }) => id, width: 128 },
];

interface Common {
  readonly data: string;
  readonly format: "table" | "json";
}

/** Builds `vedette incidents list|show`. */
export function incidentsCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("incidents").description("alerts that belong together, from the worker's data folder");
  command
    .command("list")
    .description("list incidents, newest first")
    .addOption(new Option("--status <status>").choices(incidentStatusSchema.options))
    .option("--entity <value>", "about this address, user, host …")
    .option("--limit <count>", "how many at most, up to 500", "50")
    .option("--cursor <cursor>", "the next page, as the last one named it")
    .addOption(dataOption())
    .addOption(formatOption())
    .action(async ({ data, format, ...options }: Common) => {
      const query = queryOf(incidentQuerySchema, options, output);
      if (!query) return;
      await withDataFolder(data, output, async (reader) => {
        const page = await reader.listIncidents(query);
        if (format === "json") return output.print(JSON.stringify(page));
        for (const line of textTable(COLUMNS, page.items)) output.print(line);
        output.print(
          `${page.items.length} of ${page.total}${page.nextCursor ? `; next page: --cursor ${page.nextCursor}` : ""}`,
        );
      });
    });
  command
    .command("show")
    .description("show one incident with its alerts, actions and timeline")
    .argument("<id>", "id of the incident")
    .addOption(dataOption())
    .addOption(formatOption())
    .action((id: string, { data, format }: Common) =>
      withDataFolder(data, output, async (reader) => {
        const incident = await reader.incident(id);
        if (!incident) {
          output.complain(
            `There is no incident ${printable(id)} in ${data}. "vedette incidents list --data ${data}" lists those there are.`,
          );
          return output.exit(2);
        }
        const detail = await incidentDetail(reader, incident);
        if (format === "json") return output.print(JSON.stringify(detail));
        for (const line of describe(detail)) output.print(line);
      }),
    );
  return command;
}

/** An incident as a person reads it. */
function describe(incident: IncidentDetail): string[] {
  return [
    `${incident.severity.toUpperCase()}  ${printable(incident.title)}`,
    "",
    `id        ${incident.id}`,
    `status    ${incident.status}`,
    `entities  ${incident.entities.map(({ kind, value }) => `${kind} ${printable(value)}`).join(", ")}`,
    `ATT&CK    ${[...incident.tactics, ...incident.techniques].join(", ")}`,
    `seen      ${timeText(incident.firstSeen)} to ${timeText(incident.lastSeen)}`,
    ...(incident.mergedInto ? [`merged    into ${incident.mergedInto}`] : []),
    ...incident.reasons.map((reason) => `because   ${printable(reason)}`),
    "",
    ...incident.actions.map(
      ({ address, state, expiresAt, reason }) =>
        `block     ${printable(address)}: ${state}, until ${timeText(expiresAt)} (${printable(reason)})`,
    ),
    ...(incident.actions.length > 0 ? [""] : []),
    ...incident.timeline.map(
      ({ time, kind, title, source }) =>
        `${timeText(time)}  ${kind.padEnd(6)}  ${printable(title)}  [${printable(source)}]`,
    ),
  ];
}
