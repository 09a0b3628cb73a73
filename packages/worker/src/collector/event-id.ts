import { createHash } from "node:crypto";
import type { JsonObject } from "@vedette/detection";
import { ATTR } from "@vedette/semconv";

/** A sender's id that is safe to be an event id as it is: visible ASCII. */
const PLAIN_UID = /^[\x21-\x7e]{1,128}$/;

/** The event id that a sender gave as `log.record.uid`: itself, or its hash when it is long or has unusual characters; undefined when there is none. */
export const uidOf = (attributes: JsonObject): string | undefined => {
  const uid = attributes[ATTR.logRecordUid];
  if (typeof uid !== "string" || uid === "") return undefined;
  return PLAIN_UID.test(uid) ? uid : createHash("sha256").update(JSON.stringify(uid)).digest("hex");
};
