import { type Alert, type AlertDetail, alertQuerySchema, alertStatusSchema } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { Command, Option } from "commander";
import { alertDetail } from "../server/views.ts";
import { alertsExportCommand } from "./alerts-export.ts";
import { type CommandOutput, PROCESS_OUTPUT } from "./command-output.ts";
import { addList, addShow } from "./data-commands.ts";
import { timeOption } from "./data-folder.ts";
import { type Column, printable, textTable, timeText } from "./text-table.ts";

const COLUMNS: readonly Column<Alert>[] = [
  { title: "OPENED", text: ({ openedAt }) => timeText(openedAt), width: 20 },
  { title: "LAST SEEN", text: ({ lastSeen }) => timeText(lastSeen), width: 20 },
  { title: "SEVERITY", text: ({ severity }) => severity, width: 13 },
  { title: "STATUS", text: ({ status }) => status, width: 12 },
  { title: "FINDINGS", text: ({ findingCount }) => String(findingCount), width: 9 },
  { title: "TITLE", text: ({ title }) => title, width: 48 },
  { title: "ENTITIES", text: ({ entities }) => entities.map(({ value }) => value).join(", "), width: 40 },
  { title: "ID", text: ({ id }) => id, width: 128 },
];

const SHOWN = 20;

/** Builds `vedette alerts list|show|export`. */
export function alertsCommand(output: CommandOutput = PROCESS_OUTPUT): Command {
  const command = new Command("alerts").description("what the worker found");
  const list = command
    .command("list")
    .description("list alerts, newest first")
    .addOption(new Option("--status <status>", "of this status").choices(alertStatusSchema.options))
    .addOption(new Option("--severity <level>", "of this severity").choices([...SEVERITY_LEVELS]))
    .option("--rule <id>", "of this rule")
    .option("--entity <value>", "about this address, user, host …")
    .addOption(new Option("--from <time>", "seen at or after (ISO 8601 or Unix milliseconds)").argParser(timeOption))
    .addOption(new Option("--to <time>", "seen at or before").argParser(timeOption));
  addList(list, {
    schema: alertQuerySchema,
    columns: COLUMNS,
    list: (reader, query) => reader.listAlerts(query),
    output,
  });
  addShow(command.command("show").description("show one alert with its findings, events and history"), {
    noun: "alert",
    find: async (reader, id) => {
      const alert = await reader.alert(id);
      return alert && (await alertDetail(reader, alert));
    },
    describe,
    output,
  });
  command.addCommand(alertsExportCommand(output));
  return command;
}

/** An alert as a person reads it. */
function describe(alert: AlertDetail): string[] {
  const { rule, priority, findings, events, history } = alert;
  const findingColumns: readonly Column<AlertDetail["findings"][number]>[] = [
    { title: "TIME", text: ({ time }) => timeText(time), width: 20 },
    { title: "RULE", text: ({ rule }) => rule.title, width: 60 },
    { title: "EVENTS", text: ({ eventIds }) => String(eventIds.length), width: 8 },
    { title: "ID", text: ({ id }) => id, width: 128 },
  ];
  return [
    `${alert.severity.toUpperCase()}  ${printable(alert.title)}`,
    printable(alert.description),
    "",
    `id        ${alert.id}`,
    `status    ${alert.status}${alert.closeReason ? ` (${alert.closeReason})` : ""}${alert.assignee ? `, assigned to ${printable(alert.assignee)}` : ""}`,
    `priority  ${priority.score}: ${priority.factors.map(({ name, points }) => `${name} ${points}`).join(", ")}`,
    `rule      ${printable(rule.title)} (${rule.id})`,
    `entities  ${alert.entities.map(({ kind, value }) => `${kind} ${printable(value)}`).join(", ")}`,
    `ATT&CK    ${[...alert.tactics, ...alert.techniques].join(", ")}`,
    `seen      ${timeText(alert.firstSeen)} to ${timeText(alert.lastSeen)}, ${alert.eventCount} events, ${alert.findingCount} findings`,
    ...(alert.incidentId ? [`incident  ${alert.incidentId}`] : []),
    ...(alert.mergedInto ? [`merged    into ${alert.mergedInto}`] : []),
    "",
    ...textTable(findingColumns, findings.slice(0, SHOWN)),
    ...(findings.length > SHOWN ? [`… ${findings.length - SHOWN} more; --format json has up to 200`] : []),
    "",
    ...events
      .slice(0, 3)
      .map(({ id, time, document }) => `${timeText(time)}  ${printable(id)}  ${printable(JSON.stringify(document))}`),
    "",
    ...history.map(
      ({ time, actor, change, note }) =>
        `${timeText(time)}  ${printable(actor)}: ${printable(change)}${note ? `: ${printable(note)}` : ""}`,
    ),
  ];
}
