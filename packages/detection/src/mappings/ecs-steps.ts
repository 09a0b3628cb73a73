import type { JsonValue } from "../event.ts";
import { dig, digText, dottedName, isList, isObject, textOf } from "./dotted-name.ts";
import { ownMember } from "./own-member.ts";

const EVENT_DATA = dottedName("winlog.event_data");
const MAX_DATA = 64;

/** From the root: the data of a Windows event that has no names, which Winlogbeat numbers: `param1`, `param2` … */
export function numberedData(value: JsonValue): JsonValue | undefined {
  const data = dig(value, EVENT_DATA);
  const texts: string[] = [];
  for (let number = 1; number <= MAX_DATA; number++) {
    const key = `param${number}`;
    const item = isObject(data) ? data[key] : isObject(value) ? value[`winlog.event_data.${key}`] : undefined;
    if (item === undefined) break;
    texts.push(textOf(item));
  }
  return texts.length === 0 ? undefined : texts;
}

/** Hash names as Sysmon writes them, and where ECS has each below `process`, `file` or `dll`. */
const HASHES = [
  ["SHA1", "hash.sha1"],
  ["MD5", "hash.md5"],
  ["SHA256", "hash.sha256"],
  ["IMPHASH", "pe.imphash"],
  ["IMPHASH", "hash.imphash"],
] as const;
const HASH_NAMES = Object.fromEntries(
  ["process", "file", "dll"].map((root) => [
    root,
    HASHES.map(([label, name]) => ({ label, name: dottedName(`${root}.${name}`) })),
  ]),
);

/** From the root: ECS hashes below a name, as Sysmon lists them: `MD5=…,SHA256=…,IMPHASH=…`. */
export function sysmonHashes(value: JsonValue, argument: string): JsonValue | undefined {
  const parts: string[] = [];
  for (const { label, name } of ownMember(HASH_NAMES, argument) ?? []) {
    const hash = digText(value, name);
    if (hash !== "" && !parts.some((part) => part.startsWith(`${label}=`)))
      parts.push(`${label}=${hash.toUpperCase()}`);
  }
  return parts.length === 0 ? undefined : parts.join(",");
}

const ACCOUNTS = Object.fromEntries(
  ["user", "process.parent.user", "source.user"].map((root) => [
    root,
    { domain: dottedName(`${root}.domain`), name: dottedName(`${root}.name`) },
  ]),
);

/** From the root: domain and name of an ECS user as Windows writes an account, `CORP\eve`. */
export function windowsAccount(value: JsonValue, argument: string): JsonValue | undefined {
  const account = ownMember(ACCOUNTS, argument);
  if (account === undefined) return undefined;
  const name = digText(value, account.name);
  if (name === "") return undefined;
  const domain = digText(value, account.domain);
  return domain === "" || name.includes("\\") ? name : `${domain}\\${name}`;
}

const REGISTRY_STRINGS = dottedName("registry.data.strings");
const REGISTRY_TYPE = dottedName("registry.data.type");
const REGISTRY_VALUE = dottedName("registry.value");
const EVENT_ACTION = dottedName("event.action");

/** From the root: ECS registry data as Sysmon writes it, `DWORD (0x00000001)`. */
export function sysmonRegistryData(value: JsonValue): JsonValue | undefined {
  const strings = dig(value, REGISTRY_STRINGS);
  const type = digText(value, REGISTRY_TYPE).toUpperCase();
  if (strings === undefined) return type === "REG_BINARY" ? "Binary Data" : undefined;
  const texts = (isList(strings) ? strings : [strings]).map(textOf);
  const number = /^(?:0x[0-9a-f]{1,16}|\d{1,20})$/i.test(texts[0] ?? "") ? BigInt(texts[0] ?? "") : undefined;
  // Winlogbeat calls a DWORD `SZ_DWORD`, Elastic Defend `REG_DWORD`.
  if (number !== undefined && type.endsWith("_DWORD")) return `DWORD (0x${hexadecimal(number, 8)})`;
  if (number !== undefined && type.endsWith("_QWORD")) {
    const digits = hexadecimal(number, 16);
    return `QWORD (0x${digits.slice(0, 8)}-0x${digits.slice(8)})`;
  }
  if (type === "REG_BINARY") return "Binary Data";
  return texts.length === 1 ? texts[0] : texts;
}

const hexadecimal = (number: bigint, digits: number): string => number.toString(16).padStart(digits, "0");

/** From the root: what was done to the registry, in Sysmon's words. */
export function sysmonRegistryChange(value: JsonValue): JsonValue | undefined {
  const hasValue = digText(value, REGISTRY_VALUE) !== "";
  switch (digText(value, EVENT_ACTION).toLowerCase()) {
    case "creation":
      return hasValue ? "SetValue" : "CreateKey";
    case "modification":
      return "SetValue";
    case "deletion":
      return hasValue ? "DeleteValue" : "DeleteKey";
    case "rename":
      return hasValue ? "RenameValue" : "RenameKey";
    default:
      return undefined;
  }
}

/** A list of ECS details of a command as the lines of PowerShell's 4103 payload. */
export function invocationLines(value: JsonValue): JsonValue | undefined {
  const lines = (isList(value) ? value : [value]).flatMap((item) => {
    if (!isObject(item)) return textOf(item);
    const { type, related_command: command, name } = item;
    const text = textOf(item.value);
    if (textOf(type) === "") return text;
    return `${textOf(type)}(${textOf(command)}): ${textOf(name) === "" ? text : `name=${textOf(name)}; value=${text}`}`;
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}

const URL_PATH = dottedName("url.path");
const URL_QUERY = dottedName("url.query");

/** From the root: path and query of an ECS URL, as a request line has them. */
export function urlTarget(value: JsonValue): JsonValue | undefined {
  const path = digText(value, URL_PATH);
  if (path === "") return undefined;
  const query = digText(value, URL_QUERY);
  return query === "" ? path : `${path}?${query.replace(/^\?/, "")}`;
}

/** What PowerShell's events call the parts of their context, spaced as in 4103, and where Elastic's pipelines put them. */
const POWERSHELL_CONTEXT = [
  ["Severity", "log.level"],
  ["Host Name", "process.title"],
  ["Host Version", "powershell.process.executable_version"],
  ["Host ID", "process.entity_id"],
  ["Host Application", "process.command_line"],
  ["Engine Version", "powershell.engine.version"],
  ["Runspace ID", "powershell.runspace_id"],
  ["Pipeline ID", "powershell.pipeline_id"],
  ["Command Name", "powershell.command.name"],
  ["Command Type", "powershell.command.type"],
  ["Script Name", "file.path"],
  ["Command Path", "powershell.command.path"],
  ["Command Line", "powershell.command.value"],
  ["User", "user.name"],
  ["Shell ID", "powershell.id"],
].map(([label = "", name = ""]) => ({ label, name: dottedName(name) }));

/** From the root: what PowerShell's events say of their host, one `label<argument>value` a line. */
export function powershellContext(value: JsonValue, argument: string): JsonValue | undefined {
  const isSpaced = argument !== "=";
  const lines = POWERSHELL_CONTEXT.flatMap(({ label, name }) => {
    const text = digText(value, name);
    if (text === "") return [];
    return isSpaced ? `${label} = ${text}` : `${label.replaceAll(" ", "").replace(/ID$/, "Id")}=${text}`;
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}
