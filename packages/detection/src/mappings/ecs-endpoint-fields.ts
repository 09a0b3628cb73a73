import type { FieldPath } from "../mapping.ts";
import { dottedPaths } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { ownMember } from "./own-member.ts";

/** A place of a field: a dotted ECS name, or a path that computes. */
export type EcsPlace = string | FieldPath;

/** ECS names by Sigma field. */
export type EcsFields = Readonly<Record<string, readonly EcsPlace[]>>;

/** The places of an ECS name followed by a step. */
export function computed(name: string, ...steps: readonly string[]): readonly EcsPlace[] {
  return dottedPaths(name).map((path) => [...path, ...steps]);
}

/** The paths of some places, those of a dotted name in every way it can be nested. */
export function placePaths(places: readonly EcsPlace[]): readonly FieldPath[] {
  return places.flatMap((place) => (typeof place === "string" ? dottedPaths(place) : [place]));
}

/** The own member of a table. */
export function placesIn(fields: EcsFields | undefined, field: string): readonly EcsPlace[] {
  return fields === undefined ? [] : (ownMember(fields, field) ?? []);
}

const DIRECTIONS = "egress=true,outbound=true,ingress=false,inbound=false";
const IP_VERSIONS = "ipv6=true,ipv4=false";

/** Sysmon's fields, as Winlogbeat, Elastic Agent, Elastic Defend and Auditbeat write them in ECS. */
const ENDPOINT: EcsFields = {
  Image: ["process.executable"],
  CommandLine: ["process.command_line", ...computed("process.args", step("joined"))],
  CurrentDirectory: ["process.working_directory"],
  OriginalFileName: ["process.pe.original_file_name"],
  Description: ["process.pe.description"],
  Product: ["process.pe.product"],
  Company: ["process.pe.company"],
  FileVersion: ["process.pe.file_version"],
  User: [[step("windowsAccount", "user")]],
  LogonId: ["winlog.logon.id", "process.Ext.authentication_id"],
  IntegrityLevel: ["process.Ext.token.integrity_level_name"],
  ProcessId: ["process.pid"],
  ProcessGuid: ["process.entity_id"],
  ParentImage: ["process.parent.executable"],
  ParentCommandLine: ["process.parent.command_line", ...computed("process.parent.args", step("joined"))],
  ParentProcessId: ["process.parent.pid"],
  ParentProcessGuid: ["process.parent.entity_id"],
  ParentUser: [[step("windowsAccount", "process.parent.user")]],
  RuleName: ["rule.name"],
  Hashes: [[step("sysmonHashes", "process")], [step("sysmonHashes", "file")], [step("sysmonHashes", "dll")]],
  Hash: [[step("sysmonHashes", "file")]],
  md5: ["process.hash.md5", "file.hash.md5", "dll.hash.md5"],
  sha1: ["process.hash.sha1", "file.hash.sha1", "dll.hash.sha1"],
  sha256: ["process.hash.sha256", "file.hash.sha256", "dll.hash.sha256"],
  Imphash: ["process.pe.imphash", "file.pe.imphash", "dll.pe.imphash"],
  imphash: ["process.pe.imphash", "file.pe.imphash", "dll.pe.imphash"],
  TargetFilename: ["file.path"],
  SourceFilename: ["file.Ext.original.path"],
  FileName: ["file.path"],
  CreationUtcTime: ["file.created"],
  ImageLoaded: ["dll.path", "file.path"],
  Signed: ["file.code_signature.signed", "dll.code_signature.exists", "file.code_signature.exists"],
  Signature: ["dll.code_signature.subject_name", "file.code_signature.subject_name"],
  SignatureStatus: [
    ...computed("dll.code_signature.status", step("translated", "trusted=Valid")),
    "dll.code_signature.status",
    ...computed("file.code_signature.status", step("translated", "trusted=Valid")),
    "file.code_signature.status",
  ],
  TargetObject: ["registry.path"],
  Details: [[step("sysmonRegistryData")]],
  EventType: [[step("sysmonRegistryChange")]],
  SourceIp: ["source.ip"],
  SourcePort: ["source.port"],
  SourceHostname: ["source.domain"],
  DestinationIp: ["destination.ip"],
  DestinationPort: ["destination.port"],
  DestinationHostname: ["destination.domain"],
  DestinationPortName: ["network.protocol"],
  Protocol: ["network.transport"],
  Initiated: computed("network.direction", step("translated", DIRECTIONS)),
  SourceIsIpv6: computed("network.type", step("translated", IP_VERSIONS)),
  DestinationIsIpv6: computed("network.type", step("translated", IP_VERSIONS)),
  QueryName: ["dns.question.name"],
  QueryResults: ["dns.answers.data", "dns.resolved_ip"],
  QueryStatus: computed(
    "sysmon.dns.status",
    step(
      "translated",
      "success=0,dns_error_rcode_server_failure=9002,dns_error_rcode_name_error=9003,error_timeout=1460",
    ),
  ),
  SourceImage: ["process.executable"],
  SourceCommandLine: ["process.command_line"],
  SourceProcessId: ["process.pid"],
  SourceProcessGUID: ["process.entity_id"],
  SourceUser: [[step("windowsAccount", "user")]],
  TargetImage: ["Target.process.executable"],
  TargetProcessId: ["Target.process.pid"],
  Computer: ["host.name", "host.hostname"],
};

/** Of an image that is loaded: what is said of a file is said of it, not of the process. */
const LOADED: EcsFields = {
  OriginalFileName: ["file.pe.original_file_name", "dll.pe.original_file_name"],
  Description: ["file.pe.description", "dll.pe.description"],
  Product: ["file.pe.product", "dll.pe.product"],
  Company: ["file.pe.company", "dll.pe.company"],
  FileVersion: ["file.pe.file_version", "dll.pe.file_version"],
  Hashes: [[step("sysmonHashes", "file")], [step("sysmonHashes", "dll")]],
  md5: ["file.hash.md5", "dll.hash.md5"],
  sha1: ["file.hash.sha1", "dll.hash.sha1"],
  sha256: ["file.hash.sha256", "dll.hash.sha256"],
  Imphash: ["file.pe.imphash", "dll.pe.imphash"],
  imphash: ["file.pe.imphash", "dll.pe.imphash"],
};

/** Of a file that is stored: its hashes before those of the process. */
const STORED: EcsFields = {
  Hashes: [[step("sysmonHashes", "file")], [step("sysmonHashes", "process")]],
  md5: ["file.hash.md5", "process.hash.md5"],
  sha1: ["file.hash.sha1", "process.hash.sha1"],
  sha256: ["file.hash.sha256", "process.hash.sha256"],
};

const CONTEXT_SPACED: readonly EcsPlace[] = [[step("powershellContext", " = ")]];

/** Fields that mean something else, or only something, in one category. */
const BY_CATEGORY: Readonly<Record<string, EcsFields>> = {
  image_load: LOADED,
  driver_load: LOADED,
  create_stream_hash: STORED,
  file_event: STORED,
  file_executable_detected: STORED,
  file_delete: STORED,
  file_delete_detected: STORED,
  // Winlogbeat puts these where ECS has no better place.
  pipe_created: { PipeName: ["file.name"] },
  raw_access_thread: { Device: ["file.path"] },
  wmi_event: { Destination: ["process.executable"] },
  process_tampering: { Type: ["message"] },
  ps_script: {
    ScriptBlockText: ["powershell.file.script_block_text"],
    ScriptBlockId: ["powershell.file.script_block_id"],
    Path: ["file.path"],
  },
  ps_module: {
    Payload: computed("powershell.command.invocation_details", step("invocationLines")),
    ContextInfo: CONTEXT_SPACED,
  },
  ps_classic_start: { Data: [[step("powershellContext", "=")]] },
  ps_classic_provider_start: { Data: [[step("powershellContext", "=")]] },
  ps_classic_script: {
    Data: [
      ...computed("powershell.command.invocation_details", step("invocationLines")),
      [step("powershellContext", "=")],
    ],
  },
};

/** What Elastic's pipelines move out of the event data of Windows's own channels. */
const BY_SERVICE: Readonly<Record<string, EcsFields>> = {
  security: {
    NewProcessName: ["process.executable"],
    ProcessName: ["process.executable"],
    ParentProcessName: ["process.parent.executable"],
    CommandLine: ["process.command_line"],
    NewProcessId: ["process.pid"],
    IpAddress: ["source.ip"],
    IpPort: ["source.port"],
    WorkstationName: ["source.domain"],
    Workstation: ["source.domain"],
    ServiceName: ["service.name"],
  },
  powershell: { HostApplication: ["process.command_line"], ScriptBlockText: ["powershell.file.script_block_text"] },
  "powershell-classic": { HostApplication: ["process.command_line"], Data: [[step("powershellContext", "=")]] },
};

/** The ECS places of a field that Sigma has Sysmon's or Windows's name for. */
export function endpointPlaces(
  field: string,
  category: string | undefined,
  service: string | undefined,
): readonly EcsPlace[] {
  const own = placesIn(ownMember(BY_CATEGORY, category), field);
  if (own.length > 0) return own;
  const ofService = placesIn(ownMember(BY_SERVICE, service), field);
  return ofService.length > 0 ? ofService : placesIn(ENDPOINT, field);
}
