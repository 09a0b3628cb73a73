import type { RuleException } from "../rule.ts";
import type { Condition } from "../signature.ts";
import { readSearch } from "./detection.ts";
import { isMapOf, readFilledText } from "./extension-values.ts";
import { readDetection } from "./load-signature.ts";
import type { Placeholders } from "./modifiers.ts";
import type { Reporter } from "./reporter.ts";
import { type Tree, child } from "./tree.ts";

const KEYS = ["name", "owner", "reason", "expires", "detection"];

/** Reads an exception (docs/sigma.md): whose it is, until when, and which events it accepts. */
export function readException(tree: Tree, placeholders: Placeholders, reporter: Reporter): RuleException | undefined {
  if (!isMapOf(tree, "exceptions", KEYS, reporter)) return undefined;
  const name = readFilledText(child(tree, "name"), "An exception needs a name.", tree, reporter);
  const owner = readFilledText(child(tree, "owner"), "An exception needs an owner who answers for it.", tree, reporter);
  const reason = child(tree, "reason");
  const given = reason && readFilledText(reason, '"exceptions.reason" must be a text.', tree, reporter);
  const expires = readExpiry(child(tree, "expires"), tree, reporter);
  const condition = readAccepted(child(tree, "detection"), tree, placeholders, reporter);
  if (name === undefined || owner === undefined || expires === undefined || condition === undefined) return undefined;
  return { name, owner, reason: given, expires, condition };
}

function readExpiry(tree: Tree | undefined, parent: Tree, reporter: Reporter): number | undefined {
  const cure = "Write a date such as 2030-06-30, or a time such as 2030-06-30T12:00:00Z.";
  const message =
    tree === undefined ? "An exception needs to expire." : '"exceptions.expires" is not an ISO 8601 date.';
  const time = tree?.kind === "scalar" && typeof tree.value === "string" ? parseInstant(tree.value) : undefined;
  if (time === undefined) reporter.error("rule-extension", message, tree?.at ?? parent.at, cure);
  return time;
}

/** Unix milliseconds of an ISO 8601 date (its first moment) or time, in UTC where it names no offset; undefined when it is none. */
export function parseInstant(text: string): number | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:[Zz]|([+-])(\d\d):(\d\d))?)?$/.exec(
      text,
    );
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const isReal =
    date.getUTCFullYear() === year &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    hour < 24 &&
    minute < 60 &&
    second < 60;
  const [, , , , , , , fraction = "", sign, hours = "0", minutes = "0"] = match;
  if (!isReal || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  return date.getTime() + Math.floor(Number(`0.${fraction || "0"}`) * 1_000) - offset;
}

/** Search identifiers with a condition as in a rule, or fields alone. */
function readAccepted(
  tree: Tree | undefined,
  parent: Tree,
  placeholders: Placeholders,
  reporter: Reporter,
): Condition | undefined {
  if (tree?.kind !== "map" || tree.entries.length === 0) {
    reporter.error(
      "rule-extension",
      '"exceptions.detection" must be a map: fields with values, or search identifiers with a condition.',
      tree?.at ?? parent.at,
    );
    return undefined;
  }
  if (child(tree, "condition") === undefined) return readSearch("detection", tree, placeholders, reporter);
  return readDetection(tree, "exception", placeholders, reporter)?.condition;
}
