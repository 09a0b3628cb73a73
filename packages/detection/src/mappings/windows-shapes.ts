import type { JsonObject, JsonValue } from "../event.ts";
import { ANY_KEY, type FieldMapping, type FieldPath } from "../mapping.ts";
import { isObject, isText } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { createWindowsMapping } from "./windows.ts";
import { ownMember } from "./own-member.ts";

/** Names that agents give to the fields which identify a Windows event, after Sigma's own name. */
const OTHER_NAMES: Readonly<Record<string, readonly string[]>> = {
  Channel: ["EventLog", "LogName"],
  Provider_Name: ["ProviderName", "SourceName", "Source"],
  Computer: ["Hostname", "ComputerName"],
  EventRecordID: ["RecordNumber", "RecordID"],
  EventLog: ["Channel"],
};

/** Windows events flattened to the names Sigma uses: EventID, Channel, Provider_Name, Computer and every EventData field. */
export const windowsFlatMapping: FieldMapping = createWindowsMapping({
  name: "windows",
  accepts: (document) =>
    isText(document.EventID) &&
    (isText(document.Channel) ||
      isText(document.Provider_Name) ||
      isText(document.EventLog) ||
      isText(document.SourceName) ||
      isText(document.ProviderName) ||
      isText(document.LogName)),
  places: (field) => [field, ...(ownMember(OTHER_NAMES, field) ?? [])].map((key) => [key]),
});

/** Where an attribute of an XML element lies in what converters make of it. */
const attribute = (element: string, name: string): readonly FieldPath[] => [
  [element, "#attributes", name],
  [element, `@${name}`],
  [element, `_${name}`],
  [element, "$", name],
  [element, "@attributes", name],
  [element, name],
];

/** Where the text of an XML element lies: beside attributes under a name of its own. */
const content = (element: string): readonly FieldPath[] => [
  [element, "#text"],
  [element, "_text"],
  [element, "$t"],
  [element, "_"],
  [element, "Value"],
  [element],
];

const SYSTEM: Readonly<Record<string, readonly FieldPath[]>> = {
  EventID: content("EventID"),
  Channel: content("Channel"),
  Computer: content("Computer"),
  Provider_Name: attribute("Provider", "Name"),
  Execution_ProcessID: attribute("Execution", "ProcessID"),
  TimeCreated: attribute("TimeCreated", "SystemTime"),
  EventRecordID: content("EventRecordID"),
  Level: content("Level"),
  Keywords: content("Keywords"),
  Task: content("Task"),
  Opcode: content("Opcode"),
  UserID: attribute("Security", "UserID"),
};

const underRoot = (root: readonly string[]) => {
  const system = new Map<string, readonly FieldPath[]>(
    Object.entries(SYSTEM).map(([field, paths]) => [field, paths.map((path) => [...root, "System", ...path])]),
  );
  return (field: string): readonly FieldPath[] => [
    ...(system.get(field) ?? []),
    // Data without names: a list, or a list beside attributes.
    ...(field === "Data" ? [[...root, "EventData", "Data", "#text"]] : []),
    [...root, "EventData", field],
    [...root, "EventData", "Data", step("named", field)],
    [...root, "EventData", step("named", field)],
    [...root, "UserData", ANY_KEY, field],
  ];
};

/** Names under which converters of XML keep an element's text beside its attributes. */
const TEXTS = ["#text", "_text", "$t", "_", "Value"] as const;
const NAMES = ["Name", "@Name", "_Name"] as const;

function elementText(element: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(element)) return element;
  for (const key of TEXTS) if (isText(element[key])) return element[key];
  return undefined;
}

function providerName(provider: JsonValue | undefined): JsonValue | undefined {
  if (!isObject(provider)) return undefined;
  for (const key of ["#attributes", "$", "@attributes"]) {
    const attributes = provider[key];
    if (isObject(attributes)) return attributes.Name;
  }
  for (const key of NAMES) if (isText(provider[key])) return provider[key];
  return undefined;
}

const hasEventId = (system: JsonValue | undefined): boolean => isObject(system) && isText(elementText(system.EventID));

const identifySystem = (
  system: JsonValue | undefined,
): readonly [JsonValue | undefined, JsonValue | undefined, JsonValue | undefined] =>
  isObject(system)
    ? [elementText(system.Channel), providerName(system.Provider), elementText(system.EventID)]
    : [undefined, undefined, undefined];

/** Windows events as EVTX readers and converters of XML write them: `Event.System`, and `Event.EventData` with members or `Data`. */
export const windowsEvtxMapping: FieldMapping = createWindowsMapping({
  name: "windows-evtx",
  accepts: (document) => isObject(document.Event) && hasEventId(document.Event.System),
  identify: (document) => identifySystem(isObject(document.Event) ? document.Event.System : undefined),
  places: underRoot(["Event"]),
});

/** The same without the element `Event` around it. */
export const windowsXmlMapping: FieldMapping = createWindowsMapping({
  name: "windows-xml",
  accepts: (document) => hasEventId(document.System),
  identify: (document) => identifySystem(document.System),
  places: underRoot([]),
});

const OTEL_BODIES = [["body", "structured"], ["body"]] as const;

const OTEL_SYSTEM: Readonly<Record<string, readonly FieldPath[]>> = {
  EventID: [["event_id", "id"], ["event_id"]],
  Channel: [["channel"]],
  Provider_Name: [["provider", "name"], ["provider"]],
  Computer: [["computer"]],
  EventRecordID: [["record_id"]],
  TimeCreated: [["system_time"]],
  Level: [["level"]],
  Keywords: [["keywords"]],
  Task: [["task"]],
  Opcode: [["opcode"]],
  Execution_ProcessID: [["execution", "process_id"]],
  UserID: [["security", "user_id"]],
};

const otelBody = (document: JsonObject): JsonObject | undefined => {
  if (!isObject(document.body)) return undefined;
  return isObject(document.body.structured) ? document.body.structured : document.body;
};

/** Windows events in OTel log documents, as the Collector's `windowseventlog` receiver writes their body. */
export const windowsOtelMapping: FieldMapping = createWindowsMapping({
  name: "windows-otel",
  accepts: (document) => {
    const body = otelBody(document);
    return body !== undefined && isText(body.channel) && body.event_id !== undefined;
  },
  places: (field) =>
    OTEL_BODIES.flatMap((body) => [
      ...(ownMember(OTEL_SYSTEM, field) ?? []).map((path) => [...body, ...path]),
      [...body, "event_data", field],
      [...body, "event_data", "data", step("named", field)],
      [...body, "user_data", ANY_KEY, field],
    ]),
  keywordRoots: [["body"]],
});
