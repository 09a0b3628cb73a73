import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { DEFAULT_MAPPINGS, type JsonObject, type LogSource } from "@vedette/detection";

/** One measured number. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
}

const shared =
  process.env["VEDETTE_SHARED"] ?? join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "..", "shared");

/** Whether the labelled data is beside the checkout. */
export const hasSharedData: boolean = existsSync(join(shared, "data"));

const SETS = new Set(["rules", "rules-emerging-threats", "rules-threat-hunting"]);

function lines<Line>(name: string): Line[] {
  return gunzipSync(readFileSync(join(shared, "data", name)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Line);
}

/** Recorded Windows events, ordinary ones and attacks, in the order of their files. */
export function mixedWindows(): JsonObject[] {
  return [
    ...lines<{ events: JsonObject[] }>("windows-attack.jsonl.gz").flatMap(({ events }) => events),
    ...lines<{ event: JsonObject }>("otrf-windows.jsonl.gz").map(({ event }) => event),
    ...lines<{ event: JsonObject }>("windows-background.jsonl.gz").map(({ event }) => event),
  ].filter((event) => event["EventID"] !== undefined && event["Channel"] !== undefined);
}

/** Recorded process creations: Sysmon's, and those of the Security log with Sysmon's names for their fields. */
export function processCreations(): JsonObject[] {
  const regression = lines<{ events_flat: JsonObject[] }>("sigma-regression.jsonl.gz").flatMap(
    ({ events_flat }) => events_flat,
  );
  return [...mixedWindows(), ...regression].flatMap((event) => {
    const id = String(event["EventID"]);
    if (id === "1" && String(event["Channel"]).includes("Sysmon")) return [event];
    if (id !== "4688" || event["NewProcessName"] === undefined) return [];
    const { NewProcessName, ParentProcessName, NewProcessId, ProcessId, SubjectUserName, ...rest } = event;
    return [
      {
        ...rest,
        EventID: 1,
        Channel: "Microsoft-Windows-Sysmon/Operational",
        Provider_Name: "Microsoft-Windows-Sysmon",
        Image: NewProcessName ?? "",
        ParentImage: ParentProcessName ?? "",
        ProcessId: NewProcessId ?? "",
        ParentProcessId: ProcessId ?? "",
        User: SubjectUserName ?? "",
      },
    ];
  });
}

/** SigmaHQ's Windows rules, or those of process creation alone, as a folder of YAML files; gives how many there are. */
export function writeRules(folder: string, only: "process_creation" | "windows"): number {
  const files = lines<{ path: string; yaml: string; set: string }>("sigma-rules.jsonl.gz").filter(
    ({ set, yaml }) =>
      SETS.has(set) &&
      /^\s+product: windows\s*$/m.test(yaml) &&
      (only === "windows" || /^\s+category: process_creation\s*$/m.test(yaml)),
  );
  for (const { path, yaml } of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, yaml);
  }
  return files.length;
}

/** The log sources that the first mapping which accepts an event reads from it. */
export function logSourcesOf(event: JsonObject): readonly LogSource[] {
  return DEFAULT_MAPPINGS.find((mapping) => mapping.accepts(event))?.logSources(event) ?? [];
}

/** The first event of each kind: of each list of log sources that events have. */
export function oneOfEach(events: readonly JsonObject[]): JsonObject[] {
  return [...new Map(events.toReversed().map((event) => [JSON.stringify(logSourcesOf(event)), event])).values()];
}

/** A process creation whose command lines no event of another number has. */
export function withOwnLines(event: JsonObject, number: number): JsonObject {
  const lines = ["CommandLine", "ParentCommandLine"].flatMap((field) =>
    typeof event[field] === "string" ? [[field, `${event[field]} #${number}`]] : [],
  );
  return { ...event, ...Object.fromEntries(lines) };
}

/**
 * Writes `count` events as JSON lines, over and over from the start of the list; each has a record number of its own, so that no two lines
 * are equal; with `uniqueLines` no two command lines are either. What each event's log source is stands in three fields of its own, for engines that cannot tell it from the event.
 */
export function writeEvents(
  file: string,
  events: readonly JsonObject[],
  count: number,
  { uniqueLines = false }: { readonly uniqueLines?: boolean } = {},
): void {
  const told = events.map((event) => {
    const sources = logSourcesOf(event);
    const value = (key: "product" | "category" | "service") =>
      sources.map((source) => source[key]).findLast((text) => text !== undefined) ?? "none";
    return {
      ...event,
      log_product: value("product"),
      log_category: value("category"),
      log_service: value("service"),
    };
  });
  const texts: string[] = [];
  for (let index = 0; index < count; index++) {
    const event = { ...told[index % told.length], EventRecordID: 1_000_000 + index };
    texts.push(`${JSON.stringify(uniqueLines ? withOwnLines(event, index) : event)}\n`);
  }
  writeFileSync(file, texts.join(""));
}
