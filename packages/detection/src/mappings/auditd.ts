import type { JsonObject, JsonValue } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { toMilliseconds } from "./document-time.ts";
import { dig, digText, dottedName, isList, isObject, isText } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { createSourceMapping, logSourceList } from "./source-mapping.ts";
import { ownMember } from "./own-member.ts";

const AUDITD = logSourceList({ product: "linux", service: "auditd" });
const AUDITD_EXECVE = logSourceList(
  { product: "linux", service: "auditd" },
  { product: "linux", category: "process_creation" },
);

/** Record types that one of is in every coalesced event of Laurel. */
export const LAUREL_TYPES: readonly string[] = [
  "SYSCALL",
  "EXECVE",
  "PATH",
  "CWD",
  "PROCTITLE",
  "USER_CMD",
  "USER_LOGIN",
  "USER_AUTH",
  "USER_ACCT",
  "SERVICE_START",
];

const COALESCED_CALL = dottedName("data.syscall");

/** Of x86-64 and of aarch64; other architectures need the enriched name. */
export const EXECVE_NUMBERS: ReadonlySet<string> = new Set(["59", "221", "322", "281"]);

const isRecord = (document: JsonObject): boolean =>
  typeof document.type === "string" &&
  document.type.length <= 40 &&
  /^[A-Z][A-Z0-9_]+$/.test(document.type) &&
  (isText(document.msg) ||
    isText(document.auid) ||
    isText(document.a0) ||
    isText(document.argc) ||
    isText(document.syscall) ||
    isText(document.nametype) ||
    isText(document.audit_id) ||
    isText(document.ses) ||
    isText(document.unit) ||
    isText(document.key));

const isLaurel = (document: JsonObject): boolean =>
  isText(document.ID) && LAUREL_TYPES.some((type) => isObject(document[type]) || isList(document[type]));

const isCoalesced = (document: JsonObject): boolean =>
  typeof document.record_type === "string" &&
  document.sequence !== undefined &&
  (isObject(document.summary) || isObject(document.data));

function isExecve(document: JsonObject): boolean {
  if (document.type === "EXECVE") return true;
  if (document.type === "SYSCALL")
    return document.SYSCALL === undefined
      ? EXECVE_NUMBERS.has(String(document.syscall)) || String(document.syscall).startsWith("execve")
      : String(document.SYSCALL).startsWith("execve");
  return document.EXECVE !== undefined || digText(document, COALESCED_CALL).startsWith("execve");
}

const PLACES: Readonly<Record<string, readonly FieldPath[]>> = {
  SYSCALL: [["SYSCALL", "SYSCALL"], ["SYSCALL"], ["syscall"], ["data", "syscall"]],
  type: [["type"], [step("coalescedTypes")], [step("recordTypes")]],
  name: [["name"], ["PATH", "name"], ["paths", "name"], ["file", "path"]],
  nametype: [["nametype"], ["PATH", "nametype"], ["paths", "nametype"]],
  comm: [["comm"], ["SYSCALL", "comm"], ["process", "name"]],
  exe: [["exe"], ["SYSCALL", "exe"], ["process", "exe"]],
  key: [["key"], ["SYSCALL", "key"], ["tags"]],
  cwd: [["cwd"], ["CWD", "cwd"], ["process", "cwd"]],
  unit: [["unit"], ["SERVICE_START", "unit"], ["SERVICE_STOP", "unit"], ["data", "unit"]],
  Image: [["exe"], ["SYSCALL", "exe"], ["process", "exe"]],
  CommandLine: [
    ["EXECVE", "ARGV", step("joined")],
    ["EXECVE", "ARGV_STR"],
    ["EXECVE", step("numberedArguments")],
    ["process", "args", step("joined")],
    ["process", "title"],
    // A record by itself: the numbers of a system call's arguments are no command.
    [step("execveArguments")],
  ],
  ParentImage: [
    ["PARENT_INFO", "exe"],
    ["SYSCALL", "PPID", "EXE"],
    ["SYSCALL", "PPID", "exe"],
  ],
  ParentCommandLine: [["PARENT_INFO", "ARGV", step("joined")]],
  ParentProcessId: [["ppid"], ["SYSCALL", "ppid"], ["process", "ppid"]],
  ProcessId: [["pid"], ["SYSCALL", "pid"], ["process", "pid"]],
  CurrentDirectory: [["cwd"], ["CWD", "cwd"], ["process", "cwd"]],
  User: [["UID"], ["SYSCALL", "UID"], ["user", "names", "uid"], ["uid"], ["SYSCALL", "uid"], ["user", "ids", "uid"]],
  LogonId: [["ses"], ["SYSCALL", "ses"], ["session"]],
};

function places(field: string): readonly FieldPath[] {
  const known = ownMember(PLACES, field);
  if (known !== undefined) return known;
  const number = /^a(\d{1,3})$/.exec(field)?.[1];
  if (number !== undefined)
    return [
      ["EXECVE", "ARGV", step("element", number)],
      ["EXECVE", field],
      ["process", "args", step("element", number)],
      [field],
      ["SYSCALL", field],
      ["data", field],
    ];
  return [
    [field],
    ["SYSCALL", field],
    ["data", field],
    ["user", "ids", field],
    ["process", field],
    [step("recordMember", field)],
  ];
}

const base = createSourceMapping({
  name: "auditd",
  accepts: (document) => isRecord(document) || isLaurel(document) || isCoalesced(document),
  logSources: (document) => (isExecve(document) ? AUDITD_EXECVE : AUDITD),
  places,
  times: ["@timestamp", "timestamp", "time"],
  entities: {
    address: ["addr", "USER_LOGIN.addr", "data.addr"],
    user: ["SYSCALL.AUID", "AUID", "acct", "SYSCALL.UID", "UID"],
    host: ["NODE", "node", "host"],
  },
  commonFields: ["type", "SYSCALL", "syscall", "key", "comm"],
});

const MESSAGE = dottedName("msg");

/** Seconds and their fraction, as `audit(1423234994.398:911150)` and `1423234994.398:911150` have them. */
function auditTime(value: JsonValue | undefined): number | undefined {
  if (typeof value !== "string") return undefined;
  const seconds = /(?:^|\()(\d{1,11}\.\d{1,9}):\d/.exec(value.slice(0, 64))?.[1];
  return seconds === undefined ? undefined : toMilliseconds(seconds);
}

/**
 * Linux audit records as JSON: one record a document (`type`, `exe`, `a0` …), the coalesced events of Laurel (`SYSCALL`, `EXECVE`, `PATH` …),
 * and those of go-libaudit (`record_type`, `process`, `data`).
 */
export const auditdMapping: FieldMapping = {
  ...base,
  time: (document) =>
    auditTime(document.ID) ?? auditTime(dig(document, MESSAGE)) ?? auditTime(document.audit_id) ?? base.time(document),
};
