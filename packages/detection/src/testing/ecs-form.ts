import type { JsonObject, JsonValue } from "../event.ts";

/**
 * Flat Windows events in the forms that Elastic's shippers write. Made from ECS's field reference and the descriptions of the pipelines, and
 * apart from the mappings, so that tests find where those are wrong.
 */

type Mutable = { [key: string]: JsonValue };

const SYSTEM_FIELDS = new Set([
  "EventID",
  "Channel",
  "Provider_Name",
  "Computer",
  "TimeCreated",
  "EventRecordID",
  "Level",
  "Keywords",
  "Execution_ProcessID",
]);

/** An event as Winlogbeat sends it when no pipeline touches it. */
export function winlogbeatForm(flat: JsonObject): JsonObject {
  return nest({
    "@timestamp": flat.TimeCreated ?? "2026-01-01T00:00:00Z",
    "event.code": String(flat.EventID),
    "event.kind": "event",
    "event.provider": flat.Provider_Name ?? flat.SourceName ?? "",
    "winlog.channel": flat.Channel ?? "",
    "winlog.provider_name": flat.Provider_Name ?? flat.SourceName ?? "",
    "winlog.event_id": String(flat.EventID),
    "winlog.computer_name": flat.Computer ?? "",
    "winlog.record_id": String(flat.EventRecordID),
    "winlog.process.pid": flat.Execution_ProcessID ?? 0,
    "host.name": flat.Computer ?? "",
    "agent.type": "winlogbeat",
    "ecs.version": "8.0.0",
    ...Object.fromEntries(
      Object.entries(flat)
        .filter(([key]) => !SYSTEM_FIELDS.has(key))
        .flatMap(([key, value]): [string, JsonValue][] =>
          // Data without names is numbered.
          key === "Data" && Array.isArray(value)
            ? value.map((item, index) => [`winlog.event_data.param${index + 1}`, text(item as JsonValue)])
            : [[`winlog.event_data.${key}`, text(value)]],
        ),
    ),
  });
}

/** Sysmon's fields that the pipeline renames, whatever the event. */
const RENAMED: Readonly<Record<string, string>> = {
  RuleName: "rule.name",
  ProcessGuid: "process.entity_id",
  SourceProcessGUID: "process.entity_id",
  Image: "process.executable",
  SourceImage: "process.executable",
  CommandLine: "process.command_line",
  CurrentDirectory: "process.working_directory",
  ParentProcessGuid: "process.parent.entity_id",
  ParentImage: "process.parent.executable",
  ParentCommandLine: "process.parent.command_line",
  TargetFilename: "file.path",
  ImageLoaded: "file.path",
  PipeName: "file.name",
  Protocol: "network.transport",
  SourceIp: "source.ip",
  SourceHostname: "source.domain",
  DestinationIp: "destination.ip",
  DestinationHostname: "destination.domain",
  QueryName: "dns.question.name",
};
const NUMBERS: Readonly<Record<string, string>> = {
  ProcessId: "process.pid",
  SourceProcessId: "process.pid",
  ParentProcessId: "process.parent.pid",
  SourcePort: "source.port",
  DestinationPort: "destination.port",
};
const COPIED: Readonly<Record<string, string>> = {
  Company: "company",
  Description: "description",
  FileVersion: "file_version",
  Product: "product",
};
const GONE = new Set(["UtcTime", "SourceIsIpv6", "DestinationIsIpv6", "SourceThreadId", "IsExecutable", "Archived"]);
const FILE_HASHES = new Set(["6", "7", "15", "29"]);

/** An event of Sysmon after the Sysmon pipeline of Winlogbeat or Elastic Agent, which moves fields to ECS and drops empty ones. */
export function sysmonPipelineForm(flat: JsonObject): JsonObject {
  const code = String(flat.EventID);
  const fields: Mutable = {
    "@timestamp": flat.TimeCreated ?? "2026-01-01T00:00:00Z",
    "event.code": code,
    "event.module": "sysmon",
    "winlog.channel": flat.Channel ?? "",
    "winlog.provider_name": flat.Provider_Name ?? "",
    "winlog.event_id": code,
    "winlog.computer_name": flat.Computer ?? "",
    "host.name": flat.Computer ?? "",
  };
  for (const [key, value] of Object.entries(flat)) {
    if (SYSTEM_FIELDS.has(key) || value === null || value === "" || value === "-") continue;
    const written = text(value);
    const renamed = RENAMED[key];
    const number = NUMBERS[key];
    if (GONE.has(key)) continue;
    if (renamed !== undefined) fields[renamed] = written;
    else if (number !== undefined) fields[number] = Number(written);
    else if (key === "OriginalFileName")
      fields[code === "7" ? "file.pe.original_file_name" : "process.pe.original_file_name"] = written;
    else if (key === "User") {
      const [domain = "", name = ""] = written.split("\\");
      fields["user.domain"] = domain;
      fields["user.name"] = name;
    } else if (key === "Hashes" || key === "Hash") {
      const root = FILE_HASHES.has(code) ? "file" : "process";
      for (const pair of written.split(",")) {
        const [name = "", hash = ""] = pair.toLowerCase().split("=");
        fields[name === "imphash" ? `${root}.pe.imphash` : `${root}.hash.${name}`] = hash;
      }
    } else if (key === "Initiated") fields["network.direction"] = written === "true" ? "egress" : "ingress";
    else if (key === "TargetObject") {
      const parts = written.split("\\");
      fields["registry.path"] = written;
      fields["registry.hive"] = parts[0] ?? "";
      fields["registry.value"] = parts.at(-1) ?? "";
    } else if (key === "Details") {
      const dword = /^DWORD \((0x[0-9a-f]{8})\)$/i.exec(written)?.[1];
      fields["registry.data.type"] =
        dword !== undefined ? "SZ_DWORD" : written === "Binary Data" ? "REG_BINARY" : "REG_SZ";
      fields["registry.data.strings"] = [dword === undefined ? written : String(Number(dword))];
    } else {
      fields[`winlog.event_data.${key}`] = written;
      const copied = COPIED[key];
      if (copied !== undefined) fields[`${code === "7" ? "file" : "process"}.pe.${copied}`] = written;
    }
  }
  return nest(fields);
}

/** An event of Sysmon as Elastic Defend would have seen the same thing: no `winlog` at all. */
export function defendForm(flat: JsonObject): JsonObject | undefined {
  const kind = DEFEND_EVENTS[String(flat.EventID)];
  if (kind === undefined || !String(flat.Channel).includes("Sysmon")) return undefined;
  const { winlog, event: _, ...rest } = sysmonPipelineForm(flat);
  const level = ((winlog as Mutable).event_data as Mutable | undefined)?.IntegrityLevel;
  const logon = ((winlog as Mutable).event_data as Mutable | undefined)?.LogonId;
  const process =
    level === undefined
      ? rest.process
      : {
          ...(rest.process as Mutable),
          Ext: { authentication_id: logon ?? "", token: { integrity_level_name: String(level).toLowerCase() } },
        };
  const data = rest.registry as Mutable | undefined;
  const registry = data === undefined ? undefined : { ...data };
  if (registry !== undefined && typeof registry.data === "object" && registry.data !== null) {
    const { type } = registry.data as Mutable;
    registry.data = { ...(registry.data as Mutable), type: type === "SZ_DWORD" ? "REG_DWORD" : (type ?? "") };
  }
  const dll = String(flat.EventID) === "7" ? { dll: rest.file ?? {} } : {};
  return {
    ...rest,
    process: process ?? {},
    ...dll,
    ...(registry === undefined ? {} : { registry }),
    ...(dll.dll === undefined ? {} : { file: null }),
    event: {
      module: "endpoint",
      dataset: `endpoint.events.${kind.category}`,
      category: [kind.category],
      type: [kind.type],
      action: kind.action,
    },
    host: { name: flat.Computer ?? "", os: { type: "windows" } },
  };
}

const DEFEND_EVENTS: Readonly<Record<string, { category: string; type: string; action: string }>> = {
  "1": { category: "process", type: "start", action: "start" },
  "7": { category: "library", type: "start", action: "load" },
  "11": { category: "file", type: "creation", action: "creation" },
  "13": { category: "registry", type: "change", action: "modification" },
};

/** Dotted keys as nested objects. */
export function nest(fields: JsonObject): JsonObject {
  const root: Mutable = {};
  for (const [name, value] of Object.entries(fields)) {
    const parts = name.split(".");
    let at = root;
    for (const part of parts.slice(0, -1)) at = (at[part] ??= {}) as Mutable;
    at[parts.at(-1) ?? ""] = value;
  }
  return root;
}

/** Nested objects as dotted keys. */
export function flatten(document: JsonObject, prefix = ""): JsonObject {
  return Object.fromEntries(
    Object.entries(document).flatMap(([key, value]) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.entries(flatten(value as JsonObject, `${prefix}${key}.`))
        : [[`${prefix}${key}`, value]],
    ),
  );
}

/** The first level nested, the rest dotted: `{"process": {"parent.executable": …}}`. */
export function halfNest(document: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [
      key,
      typeof value === "object" && value !== null && !Array.isArray(value) ? flatten(value as JsonObject) : value,
    ]),
  );
}

const text = (value: JsonValue | undefined): string =>
  typeof value === "string"
    ? value
    : typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : JSON.stringify(value);
