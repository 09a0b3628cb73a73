import type { JsonObject, JsonValue } from "../event.ts";
import { dig, digText, dottedName, isList, isObject, textOf } from "./dotted-name.ts";

/** What a step makes of the value that a path has come to; undefined when there is nothing. */
type Step = (value: JsonValue, argument: string) => JsonValue | undefined;

const STEPS = {
  /** The value of the element that is called so: `[{"Name": "Image", "#text": "…"}]`, `[{"@Name": "Image", "#text": "…"}]`, `[{"Image": "…"}]`. */
  named,
  /** One element of a list, by its number. */
  element: (value, argument) => (isList(value) ? value[Number(argument)] : undefined),
  /** A list of words as one text, a space between them; a text as it is. */
  joined: (value) => (isList(value) ? joinTexts(value) : value),
  /** The value as text: a structure as compact JSON, because rules search in it as in a text. */
  text: (value) => (typeof value === "object" && value !== null ? JSON.stringify(value) : value),
  /** A text with another in front. */
  prefixed: (value, argument) => (textOf(value) === "" ? undefined : argument + textOf(value)),
  /** A text by a list `from=to,from=to` of what it may be, in lower case; nothing for others. */
  translated,
  /** Keys that are all upper case: the record types of a coalesced audit event. */
  recordTypes: (value) =>
    isObject(value) ? Object.keys(value).filter((key) => /^[A-Z][A-Z0-9_]+$/.test(key)) : undefined,
  /** From the root: the types of the records that go-libaudit made one of. */
  coalescedTypes,
  /** A member of whichever record of a coalesced audit event has it. */
  recordMember,
  /** From the root of a record: the words of an EXECVE. */
  execveArguments: (value) => (isObject(value) && value.type === "EXECVE" ? numberedArguments(value) : undefined),
  /** Arguments that are numbered members (`a0`, `a1`, …) as one text. */
  numberedArguments,
  /** What comes before the first `?` of a URL. */
  urlStem: (value) => (typeof value === "string" ? (value.split("?", 1)[0] ?? "") : undefined),
  /** What comes after the first `?` of a URL. */
  urlQuery: (value) =>
    typeof value === "string" && value.includes("?") ? value.slice(value.indexOf("?") + 1) : undefined,
  /** From the root: path and query of an ECS URL, as a request line has them. */
  urlTarget,
  /** From the root: the types of the records that an ECS audit event was made of. */
  auditTypes,
  /** One hash of those that Sysmon writes as one text, by its name in upper case. */
  hash: (value, argument) => {
    const pair = textOf(value)
      .split(",")
      .find((item) => item.trimStart().toUpperCase().startsWith(`${argument}=`));
    return pair?.trim().slice(argument.length + 1);
  },
  /** From the root: the data of a Windows event that has no names, which Winlogbeat numbers: `param1`, `param2` … */
  numberedData,
  /** From the root: ECS hashes below a name, as Sysmon lists them: `MD5=…,SHA256=…,IMPHASH=…`. */
  sysmonHashes,
  /** From the root: domain and name of an ECS user as Windows writes an account, `CORP\eve`. */
  windowsAccount,
  /** From the root: ECS registry data as Sysmon writes it, `DWORD (0x00000001)`. */
  sysmonRegistryData,
  /** From the root: what was done to the registry, in Sysmon's words. */
  sysmonRegistryChange,
  /** From the root: what PowerShell's events say of their host, one `label<argument>value` a line. */
  powershellContext,
  /** A list of ECS details of a command as the lines of PowerShell's 4103 payload. */
  invocationLines,
} satisfies Record<string, Step>;

/** Name of something that is computed on the way of a path. */
export type StepName = keyof typeof STEPS;

/**
 * A key of a path that computes the next value from the one that the path has come to, a list as a whole. It begins with NUL, as no key
 * of a document does by accident.
 */
export function step(name: StepName, argument = ""): string {
  return `\0${name} ${argument}`;
}

/** Whether a key of a path computes. */
export function isStep(key: string): boolean {
  return key.charCodeAt(0) === 0;
}

/** The value that a step gives; undefined when the key is none or gives nothing. */
export function takeStep(value: JsonValue, key: string): JsonValue | undefined {
  const space = key.indexOf(" ");
  const name = key.slice(1, space);
  return space > 0 && Object.hasOwn(STEPS, name) ? STEPS[name as StepName](value, key.slice(space + 1)) : undefined;
}

const NAME_KEYS = ["Name", "@Name", "_Name", "name", "@name"] as const;
const TEXT_KEYS = [
  "#text",
  "_text",
  "text",
  "content",
  "Value",
  "value",
  "Text",
  "$t",
  "_",
  "boolValue",
  "intValue",
  "multiValue",
] as const;

function named(value: JsonValue, argument: string): JsonValue | undefined {
  if (!isList(value)) {
    if (!isObject(value)) return undefined;
    return Object.hasOwn(value, argument) ? value[argument] : namedIn(value, argument);
  }
  let first: JsonValue | undefined;
  let several: JsonValue[] | undefined;
  for (const item of value) {
    const found = isObject(item) ? namedIn(item, argument) : undefined;
    if (found === undefined) continue;
    if (first === undefined) first = found;
    else (several ??= [first]).push(found);
  }
  return several ?? first;
}

function namedIn(item: JsonObject, argument: string): JsonValue | undefined {
  const attributes = isObject(item["#attributes"]) ? item["#attributes"] : isObject(item.$) ? item.$ : item;
  for (const key of NAME_KEYS) {
    const name = attributes[key];
    if (typeof name !== "string") continue;
    if (name !== argument) return undefined;
    for (const textKey of TEXT_KEYS) {
      const text = item[textKey];
      if (text !== undefined) return text;
    }
    return null;
  }
  return Object.hasOwn(item, argument) ? item[argument] : undefined;
}

function joinTexts(value: readonly JsonValue[]): string | undefined {
  const texts = value.filter((item) => typeof item === "string" || typeof item === "number");
  return texts.length === 0 ? undefined : texts.join(" ");
}

function translated(value: JsonValue, argument: string): JsonValue | undefined {
  const text = textOf(isList(value) ? value[0] : value).toLowerCase();
  if (text === "") return undefined;
  const pair = argument.split(",").find((item) => item.startsWith(`${text}=`));
  return pair?.slice(text.length + 1);
}

function numberedArguments(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  const words: string[] = [];
  for (let number = 0; ; number++) {
    const word = textOf(value[`a${number}`]);
    if (word === "") return words.length === 0 ? undefined : words.join(" ");
    words.push(word);
  }
}

function coalescedTypes(value: JsonValue): JsonValue | undefined {
  if (!isObject(value) || typeof value.record_type !== "string") return undefined;
  const types = [value.record_type.toUpperCase()];
  if (value.paths !== undefined) types.push("PATH");
  if (isObject(value.process) && value.process.args !== undefined) types.push("EXECVE");
  return types;
}

function recordMember(value: JsonValue, argument: string): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  for (const [key, record] of Object.entries(value)) {
    if (!/^[A-Z][A-Z0-9_]+$/.test(key)) continue;
    for (const item of isList(record) ? record : [record])
      if (isObject(item) && Object.hasOwn(item, argument)) return item[argument];
  }
  return undefined;
}

const EVENT_DATA = dottedName("winlog.event_data");
const MAX_DATA = 64;

function numberedData(value: JsonValue): JsonValue | undefined {
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

function sysmonHashes(value: JsonValue, argument: string): JsonValue | undefined {
  const parts: string[] = [];
  for (const { label, name } of HASH_NAMES[argument] ?? []) {
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

function windowsAccount(value: JsonValue, argument: string): JsonValue | undefined {
  const account = ACCOUNTS[argument];
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

function sysmonRegistryData(value: JsonValue): JsonValue | undefined {
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

function sysmonRegistryChange(value: JsonValue): JsonValue | undefined {
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

function invocationLines(value: JsonValue): JsonValue | undefined {
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

function urlTarget(value: JsonValue): JsonValue | undefined {
  const path = digText(value, URL_PATH);
  if (path === "") return undefined;
  const query = digText(value, URL_QUERY);
  return query === "" ? path : `${path}?${query.replace(/^\?/, "")}`;
}

const AUDIT_TYPE = dottedName("auditd.message_type");
const AUDIT_LOG_TYPE = dottedName("auditd.log.record_type");
const AUDIT_PATHS = dottedName("auditd.paths");
const AUDIT_CALL = dottedName("auditd.data.syscall");
const ARGUMENTS = dottedName("process.args");

function auditTypes(value: JsonValue): JsonValue | undefined {
  const type = digText(value, AUDIT_TYPE) || digText(value, AUDIT_LOG_TYPE);
  if (type === "") return undefined;
  const types = [type];
  if (dig(value, AUDIT_PATHS) !== undefined) types.push("PATH");
  if (digText(value, AUDIT_CALL).startsWith("execve") && dig(value, ARGUMENTS) !== undefined) types.push("EXECVE");
  return types;
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

function powershellContext(value: JsonValue, argument: string): JsonValue | undefined {
  const isSpaced = argument !== "=";
  const lines = POWERSHELL_CONTEXT.flatMap(({ label, name }) => {
    const text = digText(value, name);
    if (text === "") return [];
    return isSpaced ? `${label} = ${text}` : `${label.replaceAll(" ", "").replace(/ID$/, "Id")}=${text}`;
  });
  return lines.length === 0 ? undefined : lines.join("\n");
}
