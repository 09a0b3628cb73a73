import type { Entity, JsonObject, JsonValue, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { readValue } from "../match/field-slot.ts";
import { toMilliseconds } from "./document-time.ts";
import { textOf } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { createWindowsLogSources } from "./windows-log-sources.ts";
import { ownMember } from "./own-member.ts";

/** Fields of Security 4688 under the names that process_creation rules use. */
const PROCESS_CREATION_4688: Readonly<Record<string, readonly string[]>> = {
  Image: ["NewProcessName"],
  ParentImage: ["ParentProcessName", "CreatorProcessName"],
  CommandLine: ["CommandLine", "ProcessCommandLine"],
  ProcessId: ["NewProcessId"],
  ParentProcessId: ["ProcessId"],
  User: ["SubjectUserName"],
  LogonId: ["SubjectLogonId"],
  IntegrityLevel: ["MandatoryLabel"],
};

/** Fields of Defender's detections under the names that antivirus rules use. */
const ANTIVIRUS: Readonly<Record<string, readonly string[]>> = {
  Signature: ["ThreatName", "Threat Name"],
  Filename: ["Path"],
  Action: ["ActionName", "Action Name"],
};

/** Hashes that rules ask for by name, which Sysmon writes as one text: `MD5=…,IMPHASH=…`. */
const HASHES: Readonly<Record<string, string>> = {
  imphash: "IMPHASH",
  md5: "MD5",
  sha1: "SHA1",
  sha256: "SHA256",
};

const TIMES = ["TimeCreated", "@timestamp", "UtcTime", "EventTime", "TimeGenerated", "SystemTime"];
const USERS = ["User", "TargetUserName", "SubjectUserName", "AccountName"];
const ADDRESSES = ["SourceIp", "IpAddress", "ClientAddress", "SourceAddress"];
const HOSTS = ["Computer", "ComputerName", "Hostname"];
const COMMON_FIELDS = ["EventID", "Channel", "Provider_Name", "Computer", "EventType"];

/** How one shape of document holds a Windows event. */
export interface WindowsShape {
  readonly name: string;
  readonly accepts: (document: JsonObject) => boolean;
  /** Places of a field by its own name; more may depend on what the rule looks at. */
  readonly places: (field: string, logSource: LogSource) => readonly FieldPath[];
  /** Channel, provider and event id of a document, where asking the places for them costs too much. */
  readonly identify?: (
    document: JsonObject,
  ) => readonly [JsonValue | undefined, JsonValue | undefined, JsonValue | undefined];
  /** Parts of a document that keywords are searched in; the whole document when absent. */
  readonly keywordRoots?: readonly FieldPath[];
}

/** A mapping for documents that hold a Windows event in one shape. */
export function createWindowsMapping({ name, accepts, places, identify, keywordRoots }: WindowsShape): FieldMapping {
  const any: LogSource = {};
  const textAt = (document: JsonObject, paths: readonly FieldPath[]): string => textOf(readValue(document, paths));
  const placesOf = (fields: readonly string[]): readonly (readonly FieldPath[])[] =>
    fields.map((field) => places(field, any));
  const [channelPaths = [], providerPaths = [], idPaths = [], typePaths = []] = placesOf([
    "Channel",
    "Provider_Name",
    "EventID",
    "EventType",
  ]);
  const times = placesOf(TIMES);
  const entityPlaces: readonly (readonly [Entity["kind"], readonly (readonly FieldPath[])[]])[] = [
    ["address", placesOf(ADDRESSES)],
    ["user", placesOf(USERS)],
    ["host", placesOf(HOSTS)],
  ];
  const logSourcesOf = createWindowsLogSources();
  return {
    name,
    accepts,
    commonFields: COMMON_FIELDS,
    ...(keywordRoots === undefined ? {} : { keywordRoots }),
    logSources: (document) => {
      const [channel, provider, id] = identify?.(document) ?? [
        readValue(document, channelPaths),
        readValue(document, providerPaths),
        readValue(document, idPaths),
      ];
      return logSourcesOf(
        textOf(channel),
        textOf(provider),
        typeof id === "number" || typeof id === "string" ? id : "",
        () => textAt(document, typePaths),
      );
    },
    paths: (field, logSource) => fieldPaths(field, logSource, places),
    time: (document) => {
      for (const paths of times) {
        const time = toMilliseconds(readValue(document, paths));
        if (time !== undefined) return time;
      }
      return undefined;
    },
    entities: (document) => {
      const entities: Entity[] = [];
      for (const [kind, candidates] of entityPlaces)
        for (const paths of candidates) {
          const value = textAt(document, paths);
          if (value === "" || value === "-") continue;
          entities.push({ kind, value });
          break;
        }
      return entities;
    },
  };
}

function fieldPaths(field: string, logSource: LogSource, places: WindowsShape["places"]): readonly FieldPath[] {
  const paths = fieldNames(field, logSource).flatMap((name) => places(name, logSource));
  const hash = ownMember(HASHES, field.toLowerCase());
  if (hash === undefined) return paths;
  return [...paths, ...places("Hashes", logSource).map((path) => [...path, step("hash", hash)])];
}

function fieldNames(field: string, { category, service }: LogSource): readonly string[] {
  if (category === "process_creation" && service === "security")
    return ownMember(PROCESS_CREATION_4688, field) ?? [field];
  if (category === "antivirus") return ownMember(ANTIVIRUS, field) ?? [field];
  // Defender's fields have spaces ("Threat Name"); Sigma strips them.
  if (service === "windefend") return [...new Set([field, field.replace(/(?<=[a-z])(?=[A-Z])/g, " ")])];
  return [field];
}
