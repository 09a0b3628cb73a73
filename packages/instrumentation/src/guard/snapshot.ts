import { createHash, createPublicKey, verify, type KeyObject } from "node:crypto";
import type { GuardDecision, GuardSnapshot } from "@vedette/semconv";

/** Why a snapshot was not applied. */
export type SnapshotRefusal = "signature" | "replay" | "malformed" | "unknown_key";

/** A key with the id by which snapshots name it. */
export interface GuardVerificationKey {
  readonly key: KeyObject;
  /** First 16 hex digits of SHA-256 over the raw public key. */
  readonly keyId: string;
}

/** Characters that one signed snapshot may have: what a hundred thousand decisions take, and room. */
export const MAX_SNAPSHOT_CHARACTERS = 64 * 1024 * 1024;

/** Length of an Ed25519 public key, the last bytes of its SPKI DER (RFC 8410). */
const RAW_KEY_BYTES = 32;

/**
 * Reads an Ed25519 public key.
 *
 * @param publicKey Base64 of the SPKI DER.
 * @throws When it is no Ed25519 key.
 */
export function readGuardKey(publicKey: string): GuardVerificationKey {
  const der = Buffer.from(publicKey, "base64");
  const key = createPublicKey({ key: der, format: "der", type: "spki" });
  if (key.asymmetricKeyType !== "ed25519")
    throw new TypeError(`The guard needs an Ed25519 key, not ${key.asymmetricKeyType}.`);
  return { key, keyId: createHash("sha256").update(der.subarray(-RAW_KEY_BYTES)).digest("hex").slice(0, 16) };
}

/** A snapshot that may be applied, or the reason why not. */
export type SnapshotReading =
  | { readonly snapshot: GuardSnapshot; readonly refusal?: never }
  | { readonly refusal: SnapshotRefusal; readonly snapshot?: never };

/**
 * Verifies and reads what came on the stream; nothing of a snapshot is looked at before its signature is known to be good.
 *
 * @param data JSON of a `SignedGuardSnapshot`.
 * @param lastSequence Sequence of the last snapshot applied under this key; a smaller one is a replay. The same one again is what a
 *   reconnect brings.
 */
export function readSnapshot(data: string, key: GuardVerificationKey, lastSequence: number): SnapshotReading {
  const signed = parse(data);
  if (!isRecord(signed) || typeof signed["payload"] !== "string" || typeof signed["signature"] !== "string")
    return { refusal: "malformed" };
  if (signed["keyId"] !== key.keyId) return { refusal: "unknown_key" };
  const signature = Buffer.from(signed["signature"], "base64");
  if (signature.length !== 64 || !verify(null, Buffer.from(signed["payload"], "utf8"), key.key, signature))
    return { refusal: "signature" };
  const snapshot = parse(signed["payload"]);
  if (!isSnapshot(snapshot)) return { refusal: "malformed" };
  return snapshot.sequence < lastSequence ? { refusal: "replay" } : { snapshot };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isSnapshot(value: unknown): value is GuardSnapshot {
  return (
    isRecord(value) &&
    value["version"] === 2 &&
    Number.isSafeInteger(value["sequence"]) &&
    Number.isFinite(value["issuedAt"]) &&
    typeof value["off"] === "boolean" &&
    Array.isArray(value["decisions"]) &&
    value["decisions"].every(isDecision)
  );
}

/** An action or a target that this version does not know is still a decision: the guard refuses it by name, not the whole snapshot. */
function isDecision(value: unknown): value is GuardDecision {
  return (
    isRecord(value) &&
    typeof value["id"] === "string" &&
    typeof value["action"] === "string" &&
    Number.isFinite(value["expiresAt"]) &&
    Array.isArray(value["targets"]) &&
    value["targets"].length > 0 &&
    value["targets"].every(isTarget) &&
    (value["rate"] === undefined || isRate(value["rate"]))
  );
}

function isTarget(value: unknown): boolean {
  return isRecord(value) && typeof value["kind"] === "string" && typeof value["value"] === "string";
}

function isRate(value: unknown): boolean {
  return (
    isRecord(value) &&
    Number.isFinite(value["limit"]) &&
    Number.isFinite(value["seconds"]) &&
    (value["burst"] === undefined || Number.isFinite(value["burst"]))
  );
}
