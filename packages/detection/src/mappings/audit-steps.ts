import type { JsonValue } from "../event.ts";
import { dig, digText, dottedName, isList, isObject, textOf } from "./dotted-name.ts";

/** Arguments that are numbered members (`a0`, `a1`, …) as one text. */
export function numberedArguments(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  const words: string[] = [];
  for (let number = 0; ; number++) {
    const word = textOf(value[`a${number}`]);
    if (word === "") return words.length === 0 ? undefined : words.join(" ");
    words.push(word);
  }
}

/** From the root: the record types of a coalesced audit event, which are keys in upper case. */
export function recordTypes(value: JsonValue): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  const types = Object.keys(value).filter((key) => /^[A-Z][A-Z0-9_]+$/.test(key) && typeof value[key] === "object");
  return types.length === 0 ? undefined : types;
}

/** From the root: the types of the records that go-libaudit made one of. */
export function coalescedTypes(value: JsonValue): JsonValue | undefined {
  if (!isObject(value) || typeof value.record_type !== "string") return undefined;
  const types = [value.record_type.toUpperCase()];
  if (value.paths !== undefined) types.push("PATH");
  if (isObject(value.process) && value.process.args !== undefined) types.push("EXECVE");
  return types;
}

/** A member of whichever record of a coalesced audit event has it. */
export function recordMember(value: JsonValue, argument: string): JsonValue | undefined {
  if (!isObject(value)) return undefined;
  for (const [key, record] of Object.entries(value)) {
    if (!/^[A-Z][A-Z0-9_]+$/.test(key)) continue;
    for (const item of isList(record) ? record : [record])
      if (isObject(item) && Object.hasOwn(item, argument)) return item[argument];
  }
  return undefined;
}

const AUDIT_TYPE = dottedName("auditd.message_type");
const AUDIT_LOG_TYPE = dottedName("auditd.log.record_type");
const AUDIT_PATHS = dottedName("auditd.paths");
const AUDIT_CALL = dottedName("auditd.data.syscall");
const ARGUMENTS = dottedName("process.args");

/** From the root: the types of the records that an ECS audit event was made of. */
export function auditTypes(value: JsonValue): JsonValue | undefined {
  const type = digText(value, AUDIT_TYPE) || digText(value, AUDIT_LOG_TYPE);
  if (type === "") return undefined;
  const types = [type];
  if (dig(value, AUDIT_PATHS) !== undefined) types.push("PATH");
  if (digText(value, AUDIT_CALL).startsWith("execve") && dig(value, ARGUMENTS) !== undefined) types.push("EXECVE");
  return types;
}
