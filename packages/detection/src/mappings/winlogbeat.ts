import type { JsonObject } from "../event.ts";
import type { FieldMapping } from "../mapping.ts";
import { dig, dottedName, dottedPaths, isObject, isText } from "./dotted-name.ts";
import { type EcsPlace, endpointPlaces, placePaths } from "./ecs-endpoint-fields.ts";
import { step } from "./path-step.ts";
import { createWindowsMapping } from "./windows.ts";
import { ownMember } from "./own-member.ts";

/** Where Winlogbeat 7 and 8, Elastic Agent, and Winlogbeat 6 write what every Windows event has. */
const SYSTEM: Readonly<Record<string, readonly EcsPlace[]>> = {
  EventID: ["winlog.event_id", "event.code", ["event_id"]],
  Channel: ["winlog.channel", ["log_name"]],
  Provider_Name: ["winlog.provider_name", "event.provider", ["source_name"]],
  Computer: ["winlog.computer_name", "host.name", ["computer_name"]],
  EventRecordID: ["winlog.record_id", ["record_number"]],
  Level: ["winlog.level", "log.level"],
  Keywords: ["winlog.keywords"],
  Task: ["winlog.task"],
  Opcode: ["winlog.opcode"],
  Execution_ProcessID: ["winlog.process.pid"],
  UserID: ["winlog.user.identifier"],
  TimeCreated: ["winlog.time_created", "@timestamp", "event.created"],
};

const CHANNEL = dottedName("winlog.channel");
const EVENT_ID = dottedName("winlog.event_id");
const PROVIDER = dottedName("winlog.provider_name");
const EVENT_PROVIDER = dottedName("event.provider");
const EVENT_CODE = dottedName("event.code");

/**
 * Windows events as Winlogbeat and Elastic Agent write them: `winlog.channel`, `winlog.event_id`, `winlog.event_data.*`; what their
 * pipelines move into ECS fields is looked for there.
 */
export const winlogbeatMapping: FieldMapping = createWindowsMapping({
  name: "winlogbeat",
  accepts: (document: JsonObject) =>
    document.winlog !== undefined ||
    document["winlog.channel"] !== undefined ||
    document["winlog.event_id"] !== undefined
      ? isText(dig(document, CHANNEL)) || isText(dig(document, EVENT_ID))
      : isText(document.log_name) && isText(document.event_id) && isObject(document.event_data),
  identify: (document) => [
    dig(document, CHANNEL) ?? document.log_name,
    dig(document, PROVIDER) ?? dig(document, EVENT_PROVIDER) ?? document.source_name,
    dig(document, EVENT_ID) ?? dig(document, EVENT_CODE) ?? document.event_id,
  ],
  places: (field, { category, service }) => [
    ...placePaths(ownMember(SYSTEM, field) ?? []),
    ...dottedPaths(`winlog.event_data.${field}`),
    ["event_data", field],
    ...(field === "Data" ? [[step("numberedData")]] : []),
    ...placePaths(endpointPlaces(field, category, service)),
    ...dottedPaths(`winlog.user_data.${field}`),
    ...(field.includes(".") ? dottedPaths(field) : []),
  ],
});
