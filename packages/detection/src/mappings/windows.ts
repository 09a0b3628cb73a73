import type { Entity, JsonObject, JsonValue, LogSource } from "../event.ts";
import { ANY_KEY, type FieldMapping, type FieldPath } from "../mapping.ts";
import { readValue } from "../match/field-slot.ts";
import { toMilliseconds } from "./document-time.ts";
import { createWindowsLogSources } from "./windows-log-sources.ts";

/** Fields of Security 4688 under the names that process_creation rules use. */
const PROCESS_CREATION_4688: Readonly<Record<string, readonly string[]>> = {
  Image: ["NewProcessName"],
  ParentImage: ["ParentProcessName"],
  CommandLine: ["CommandLine", "ProcessCommandLine"],
  ProcessId: ["NewProcessId"],
  ParentProcessId: ["ProcessId"],
  User: ["SubjectUserName"],
  LogonId: ["SubjectLogonId"],
  IntegrityLevel: ["MandatoryLabel"],
};

const TIMES = ["TimeCreated", "@timestamp", "UtcTime", "EventTime", "TimeGenerated", "SystemTime"];
const USERS = ["User", "TargetUserName", "SubjectUserName", "AccountName"];
const ADDRESSES = ["SourceIp", "IpAddress", "ClientAddress", "SourceAddress"];
const HOSTS = ["Computer", "ComputerName", "Hostname"];

/** How one shape of document holds a Windows event. */
interface Shape {
  readonly name: string;
  readonly accepts: (document: JsonObject) => boolean;
  /** Places of a field by its own name. */
  readonly places: (field: string) => readonly FieldPath[];
}

function createWindowsMapping({ name, accepts, places }: Shape): FieldMapping {
  const textAt = (document: JsonObject, paths: readonly FieldPath[]): string => {
    const value = readValue(document, paths);
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
  };
  const text = (document: JsonObject, field: string): string => textAt(document, places(field));
  const [channelPaths, providerPaths, idPaths, typePaths] = [
    places("Channel"),
    places("Provider_Name"),
    places("EventID"),
    places("EventType"),
  ];
  const logSourcesOf = createWindowsLogSources();
  return {
    name,
    accepts,
    commonFields: ["EventID", "Channel", "Provider_Name", "Computer", "EventType"],
    logSources: (document) => {
      const id = readValue(document, idPaths);
      return logSourcesOf(
        textAt(document, channelPaths),
        textAt(document, providerPaths),
        typeof id === "number" || typeof id === "string" ? id : "",
        () => textAt(document, typePaths),
      );
    },
    paths: (field, logSource) => fieldNames(field, logSource).flatMap(places),
    time: (document) => {
      for (const field of TIMES) {
        const time = toMilliseconds(readValue(document, places(field)));
        if (time !== undefined) return time;
      }
      return undefined;
    },
    entities: (document) => {
      const entities: Entity[] = [];
      const add = (kind: Entity["kind"], fields: readonly string[]): void => {
        for (const field of fields) {
          const value = text(document, field);
          if (value === "" || value === "-") continue;
          entities.push({ kind, value });
          return;
        }
      };
      add("address", ADDRESSES);
      add("user", USERS);
      add("host", HOSTS);
      return entities;
    },
  };
}

function fieldNames(field: string, { category, service }: LogSource): readonly string[] {
  if (category === "process_creation" && service === "security" && Object.hasOwn(PROCESS_CREATION_4688, field))
    return PROCESS_CREATION_4688[field] ?? [field];
  // Defender's fields have spaces ("Threat Name"); Sigma strips them.
  if (service === "windefend") return [...new Set([field, field.replace(/(?<=[a-z])(?=[A-Z])/g, " ")])];
  return [field];
}

const isText = (value: JsonValue | undefined): boolean =>
  (typeof value === "string" && value !== "") || typeof value === "number";

/** Windows events flattened to the names Sigma uses: EventID, Channel, Provider_Name, Computer and every EventData field. */
export const windowsFlatMapping: FieldMapping = createWindowsMapping({
  name: "windows",
  accepts: (document) => isText(document.EventID) && (isText(document.Channel) || isText(document.Provider_Name)),
  places: (field) => [[field]],
});

const SYSTEM: Readonly<Record<string, readonly FieldPath[]>> = {
  EventID: [["EventID", "#text"], ["EventID"]],
  Channel: [["Channel"]],
  Computer: [["Computer"]],
  Provider_Name: [
    ["Provider", "#attributes", "Name"],
    ["Provider", "Name"],
  ],
  Execution_ProcessID: [["Execution", "#attributes", "ProcessID"]],
  TimeCreated: [["TimeCreated", "#attributes", "SystemTime"]],
  EventRecordID: [["EventRecordID"]],
  Level: [["Level"]],
  Keywords: [["Keywords"]],
  Task: [["Task"]],
  Opcode: [["Opcode"]],
};

/** Windows events as EVTX readers write them: `Event.System` and `Event.EventData`. */
export const windowsEvtxMapping: FieldMapping = createWindowsMapping({
  name: "windows-evtx",
  accepts: (document) =>
    isText(
      readValue(document, [
        ["Event", "System", "EventID", "#text"],
        ["Event", "System", "EventID"],
      ]),
    ),
  places: (field) => [
    ...(Object.hasOwn(SYSTEM, field) ? (SYSTEM[field] ?? []).map((path) => ["Event", "System", ...path]) : []),
    ["Event", "EventData", field],
    ["Event", "UserData", ANY_KEY, field],
  ],
});
