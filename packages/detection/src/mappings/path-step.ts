import type { JsonValue } from "../event.ts";
import { auditTypes, coalescedTypes, numberedArguments, recordMember, recordTypes } from "./audit-steps.ts";
import { isList, isObject } from "./dotted-name.ts";
import {
  invocationLines,
  numberedData,
  powershellContext,
  sysmonHashes,
  sysmonRegistryChange,
  sysmonRegistryData,
  urlTarget,
  windowsAccount,
} from "./ecs-steps.ts";
import { asText, hash, joined, named, translated, w3cTarget } from "./value-steps.ts";

/** What a step makes of the value that a path has come to, a list as a whole; undefined when there is nothing. */
type Step = (value: JsonValue, argument: string) => JsonValue | undefined;

const STEPS = {
  named,
  element: (value, argument) => (isList(value) ? value[Number(argument)] : undefined),
  joined,
  text: asText,
  translated,
  hash,
  urlStem: (value) => (typeof value === "string" ? (value.split("?", 1)[0] ?? "") : undefined),
  urlTarget,
  w3cTarget,
  recordTypes,
  coalescedTypes,
  recordMember,
  auditTypes,
  numberedArguments,
  execveArguments: (value) => (isObject(value) && value.type === "EXECVE" ? numberedArguments(value) : undefined),
  numberedData,
  sysmonHashes,
  windowsAccount,
  sysmonRegistryData,
  sysmonRegistryChange,
  powershellContext,
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
