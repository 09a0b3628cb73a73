import type { LogSource } from "../event.ts";
import { ownMember } from "./own-member.ts";

/** What identifies a Windows event, however its document is shaped. */
export interface WindowsIdentity {
  readonly eventId: string;
  readonly channel: string;
  readonly provider: string;
  /** Sysmon's `EventType`, which tells registry events apart. */
  readonly eventType: string;
}

/** Sigma service by channel, lower case (taxonomy appendix, "Windows Folder: Service"). */
const SERVICES: Readonly<Record<string, string>> = {
  application: "application",
  security: "security",
  system: "system",
  "dns server": "dns-server",
  "msexchange management": "msexchange-management",
  "windows powershell": "powershell-classic",
  "openssh/operational": "openssh",
  "powershellcore/operational": "powershell",
  "microsoft-iis-configuration/operational": "iis-configuration",
  "microsoft-servicebus-client/admin": "microsoft-servicebus-client",
  "microsoft-servicebus-client/operational": "microsoft-servicebus-client",
  "microsoft-windows-application-experience/program-compatibility-assistant": "application-experience",
  "microsoft-windows-application-experience/program-telemetry": "application-experience",
  "microsoft-windows-applocker/exe and dll": "applocker",
  "microsoft-windows-applocker/msi and script": "applocker",
  "microsoft-windows-applocker/packaged app-deployment": "applocker",
  "microsoft-windows-applocker/packaged app-execution": "applocker",
  "microsoft-windows-appmodel-runtime/admin": "appmodel-runtime",
  "microsoft-windows-appxdeploymentserver/operational": "appxdeployment-server",
  "microsoft-windows-appxpackaging/operational": "appxpackaging-om",
  "microsoft-windows-bitlocker/bitlocker management": "bitlocker",
  "microsoft-windows-bits-client/operational": "bits-client",
  "microsoft-windows-capi2/operational": "capi2",
  "microsoft-windows-certificateservicesclient-lifecycle-system/operational":
    "certificateservicesclient-lifecycle-system",
  "microsoft-windows-codeintegrity/operational": "codeintegrity-operational",
  "microsoft-windows-dhcp-server/operational": "dhcp",
  "microsoft-windows-diagnosis-scripted/operational": "diagnosis-scripted",
  "microsoft-windows-dns client events/operational": "dns-client",
  "microsoft-windows-dns-client/operational": "dns-client",
  "microsoft-windows-dns-server/analytical": "dns-server-analytic",
  "microsoft-windows-dns-server/audit": "dns-server-audit",
  "microsoft-windows-driverframeworks-usermode/operational": "driver-framework",
  "microsoft-windows-hyper-v-worker": "hyper-v-worker",
  "microsoft-windows-hyper-v-worker-admin": "hyper-v-worker",
  "microsoft-windows-kernel-eventtracing": "kernel-event-tracing",
  "microsoft-windows-kernel-shimengine/diagnostic": "kernel-shimengine",
  "microsoft-windows-kernel-shimengine/operational": "kernel-shimengine",
  "microsoft-windows-ldap-client/debug": "ldap",
  "microsoft-windows-lsa/operational": "lsa-server",
  "microsoft-windows-ntfs/operational": "ntfs",
  "microsoft-windows-ntlm/operational": "ntlm",
  "microsoft-windows-powershell/operational": "powershell",
  "microsoft-windows-printservice/admin": "printservice-admin",
  "microsoft-windows-printservice/operational": "printservice-operational",
  "microsoft-windows-security-mitigations/kernel mode": "security-mitigations",
  "microsoft-windows-security-mitigations/kernelmode": "security-mitigations",
  "microsoft-windows-security-mitigations/user mode": "security-mitigations",
  "microsoft-windows-security-mitigations/usermode": "security-mitigations",
  "microsoft-windows-sense/operational": "sense",
  "microsoft-windows-shell-core/operational": "shell-core",
  "microsoft-windows-smbclient/connectivity": "smbclient-connectivity",
  "microsoft-windows-smbclient/security": "smbclient-security",
  "microsoft-windows-smbserver/connectivity": "smbserver-connectivity",
  "microsoft-windows-sysmon/operational": "sysmon",
  "microsoft-windows-taskscheduler/operational": "taskscheduler",
  "microsoft-windows-terminalservices-localsessionmanager/operational": "terminalservices-localsessionmanager",
  "microsoft-windows-vhdmp-operational": "vhdmp",
  "microsoft-windows-vhdmp/operational": "vhdmp",
  "microsoft-windows-windows defender/operational": "windefend",
  "microsoft-windows-windows firewall with advanced security/firewall": "firewall-as",
  "microsoft-windows-wmi-activity/operational": "wmi",
};

/** Channels that have a Sigma service, lower case. */
export const WINDOWS_CHANNELS: readonly string[] = Object.keys(SERVICES);

/** Sigma categories by Sysmon event id (taxonomy appendix, "Windows Folder: Category"). */
const SYSMON: Readonly<Record<string, readonly string[]>> = {
  "1": ["process_creation"],
  "2": ["file_change"],
  "3": ["network_connection"],
  "4": ["sysmon_status"],
  "5": ["process_termination"],
  "6": ["driver_load"],
  "7": ["image_load"],
  "8": ["create_remote_thread"],
  "9": ["raw_access_thread"],
  "10": ["process_access"],
  "11": ["file_event"],
  "12": ["registry_event"],
  "13": ["registry_event", "registry_set"],
  "14": ["registry_event", "registry_rename"],
  "15": ["create_stream_hash"],
  "16": ["sysmon_status"],
  "17": ["pipe_created"],
  "18": ["pipe_created"],
  "19": ["wmi_event"],
  "20": ["wmi_event"],
  "21": ["wmi_event"],
  "22": ["dns_query"],
  "23": ["file_delete"],
  "24": ["clipboard_capture"],
  "25": ["process_tampering"],
  "26": ["file_delete", "file_delete_detected"],
  "27": ["file_block_executable"],
  "28": ["file_block_shredding"],
  "29": ["file_executable_detected"],
  "255": ["sysmon_error"],
};

/** Categories of other channels by service and event id. */
const CATEGORIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  security: { "4688": "process_creation" },
  powershell: { "4103": "ps_module", "4104": "ps_script" },
  "powershell-classic": { "400": "ps_classic_start", "600": "ps_classic_provider_start", "800": "ps_classic_script" },
};

/** Defender's events of malware that it found or acted on. */
const DEFENDER_DETECTIONS = new Set(["1006", "1007", "1008", "1015", "1116", "1117", "1118", "1119"]);

/** Categories of the file events that Windows traces itself (ETW), by event id. */
const KERNEL_FILE: Readonly<Record<string, string>> = { "12": "file_access", "19": "file_rename", "27": "file_rename" };

/**
 * The log sources of a Windows event. The first has no category where a category reads fields by other names than the channel does
 * (Security 4688), so that rules for the channel see the event as it is.
 */
export function windowsLogSources(identity: WindowsIdentity): readonly LogSource[] {
  const channel = identity.channel.toLowerCase();
  const provider = identity.provider.toLowerCase();
  if (channel === "linux-sysmon/operational" || provider === "linux-sysmon")
    return (ownMember(SYSMON, identity.eventId) ?? [undefined]).map((category) => ({
      product: "linux",
      category,
      service: "sysmon",
    }));
  if (channel === "rpcfw" || provider === "rpcfw") return [{ product: "rpc_firewall", category: "application" }];
  const service = ownMember(SERVICES, channel) ?? (provider === "microsoft-windows-sysmon" ? "sysmon" : undefined);
  const plain: LogSource = { product: "windows", service };
  if (service === "sysmon") {
    const categories = sysmonCategories(identity);
    return categories.length === 0 ? [plain] : categories.map((category) => ({ ...plain, category }));
  }
  if (service === "windefend" && DEFENDER_DETECTIONS.has(identity.eventId))
    return [plain, { ...plain, category: "antivirus" }];
  const category =
    provider === "microsoft-windows-kernel-file"
      ? ownMember(KERNEL_FILE, identity.eventId)
      : service === undefined
        ? undefined
        : ownMember(CATEGORIES[service] ?? {}, identity.eventId);
  return category === undefined ? [plain] : [plain, { ...plain, category }];
}

/** Identities that are remembered; of more, all are forgotten, so that events with ever new names cost no memory. */
const MAX_REMEMBERED = 4_096;

/** Longer names than any real one are not remembered. */
const MAX_LENGTH = 256;

type Raw = string | number;

/** Registry events by what their type begins with; no id of a document is equal to these. */
const CREATED = Symbol("create");
const DELETED = Symbol("delete");
const OTHER = Symbol("other");

/**
 * {@link windowsLogSources} with a memory: the same identity gives the same list, so that readers may recognise it. Ids may be numbers, as
 * documents have them; `eventType` is asked where it matters.
 */
export function createWindowsLogSources(): (
  channel: string,
  provider: string,
  eventId: Raw,
  eventType: () => string,
) => readonly LogSource[] {
  const known = new Map<string, Map<string, Map<Raw | symbol, readonly LogSource[]>>>();
  /** The identity that an id belonged to last: comparing two names takes less than looking them up. */
  const last = new Map<Raw, { channel: string; provider: string; result: readonly LogSource[] }>();
  let count = 0;
  return (channel, provider, eventId, eventType) => {
    const recent = last.get(eventId);
    if (recent !== undefined && recent.channel === channel && recent.provider === provider) return recent.result;
    const remembered = known.get(channel)?.get(provider)?.get(eventId);
    if (remembered !== undefined) {
      if (last.size >= MAX_REMEMBERED) last.clear();
      last.set(eventId, { channel, provider, result: remembered });
      return remembered;
    }
    const id = String(eventId);
    // Of Sysmon's registry events the type says more than the id.
    const type = id === "12" ? eventType().slice(0, 6).toLowerCase() : "";
    const detail = id !== "12" ? eventId : type === "create" ? CREATED : type === "delete" ? DELETED : OTHER;
    if (channel.length + provider.length + id.length > MAX_LENGTH)
      return windowsLogSources({ eventId: id, channel, provider, eventType: type });
    if (count >= MAX_REMEMBERED) {
      known.clear();
      count = 0;
    }
    let providers = known.get(channel);
    if (providers === undefined) known.set(channel, (providers = new Map()));
    let ids = providers.get(provider);
    if (ids === undefined) providers.set(provider, (ids = new Map()));
    let result = ids.get(detail);
    if (result === undefined) {
      result = Object.freeze([...windowsLogSources({ eventId: id, channel, provider, eventType: type })]);
      ids.set(detail, result);
      count++;
    }
    return result;
  };
}

function sysmonCategories({ eventId, eventType }: WindowsIdentity): readonly string[] {
  const categories = ownMember(SYSMON, eventId) ?? [];
  if (eventId !== "12") return categories;
  const type = eventType.toLowerCase();
  if (type.startsWith("create")) return [...categories, "registry_add"];
  return type.startsWith("delete")
    ? [...categories, "registry_delete"]
    : [...categories, "registry_add", "registry_delete"];
}
