import {
  actionOf,
  describeTargets,
  type Incident,
  type IncidentDetail,
  incidentQuerySchema,
  incidentStatusSchema,
} from "@vedette/api";
import { Command, Option } from "commander";
import { incidentDetail } from "../server/views.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { addList, addShow } from "./data-commands.ts";
import { type Column, printable, timeText } from "./text-table.ts";

const COLUMNS: readonly Column<Incident>[] = [
  { title: "OPENED", text: ({ openedAt }) => timeText(openedAt), width: 20 },
  { title: "LAST SEEN", text: ({ lastSeen }) => timeText(lastSeen), width: 20 },
  { title: "SEVERITY", text: ({ severity }) => severity, width: 13 },
  { title: "STATUS", text: ({ status }) => status, width: 12 },
  { title: "ALERTS", text: ({ alertIds }) => String(alertIds.length), width: 7 },
  { title: "TITLE", text: ({ title }) => title, width: 60 },
  { title: "ENTITIES", text: ({ entities }) => entities.map(({ value }) => value).join(", "), width: 40 },
  { title: "ID", text: ({ id }) => id, width: 128 },
];

/** Builds `vedette incidents list|show`. */
export function incidentsCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("incidents").description("alerts that belong together, from the worker's data folder");
  const list = command
    .command("list")
    .description("list incidents, newest first")
    .addOption(new Option("--status <status>", "of this status").choices(incidentStatusSchema.options))
    .option("--entity <value>", "about this address, user, host …");
  addList(list, {
    schema: incidentQuerySchema,
    columns: COLUMNS,
    list: (reader, query) => reader.listIncidents(query),
    output,
  });
  addShow(command.command("show").description("show one incident with its alerts, actions and timeline"), {
    noun: "incident",
    find: async (reader, id) => {
      const incident = await reader.incident(id);
      return incident && (await incidentDetail(reader, incident));
    },
    describe,
    output,
  });
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
      (entry) =>
        `${actionOf(entry).padEnd(9)} ${printable(describeTargets(entry))}: ${entry.state}, until ${timeText(entry.expiresAt)} (${printable(entry.reason)})`,
    ),
    ...(incident.actions.length > 0 ? [""] : []),
    ...incident.timeline.map(
      ({ time, kind, title, source }) =>
        `${timeText(time)}  ${kind.padEnd(6)}  ${printable(title)}  [${printable(source)}]`,
    ),
  ];
}
