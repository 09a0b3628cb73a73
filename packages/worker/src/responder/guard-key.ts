import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { join } from "node:path";
import type { GuardKey, GuardSnapshot, SignedGuardSnapshot } from "@vedette/semconv";
import type { Random } from "../ports.ts";
import { damagedFile, readPrivateFile, writePrivateFile } from "../private-file.ts";

/** Signs guard snapshots with the worker's key. */
export interface GuardSigner {
  /** The public half, as guards fetch it. */
  readonly key: GuardKey;
  sign(snapshot: GuardSnapshot): SignedGuardSnapshot;
}

/** DER of a PKCS #8 Ed25519 private key up to the 32 bytes of its seed (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

function keyFromSeed(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
}

/** A signer over an Ed25519 private key. */
export function createGuardSigner(privateKey: KeyObject): GuardSigner {
  const publicKey = createPublicKey(privateKey);
  const raw = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const keyId = createHash("sha256").update(raw).digest("hex").slice(0, 16);
  const key: GuardKey = {
    algorithm: "Ed25519",
    publicKey: publicKey.export({ format: "der", type: "spki" }).toString("base64"),
    keyId,
  };
  return {
    key,
    sign(snapshot) {
      const payload = JSON.stringify(snapshot);
      return { payload, signature: sign(null, Buffer.from(payload, "utf8"), privateKey).toString("base64"), keyId };
    },
  };
}

const KEY_FILE = "guard-key.pem";

const KEY_CURE =
  "Restore it from a backup, or remove it: the worker then makes another key, which guards that know the old one refuse until they are told.";

/**
 * An Ed25519 private key from its text.
 *
 * @param damaged Makes the error for a text that holds none; given what is wrong, e.g. `does not hold a private key`.
 */
export function parseGuardKey(text: string, damaged: (wrong: string, cause?: unknown) => Error): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (error) {
    throw damaged("does not hold a private key", error);
  }
  if (key.asymmetricKeyType !== "ed25519") throw damaged("holds a key that is not Ed25519");
  return key;
}

/** The key that a data folder keeps in `guard-key.pem`; undefined when there is none. Rejects with a StoreError `data-folder-damaged` when that file holds something else. */
export async function readGuardKey(dataFolder: string): Promise<KeyObject | undefined> {
  const path = join(dataFolder, KEY_FILE);
  const kept = await readPrivateFile(path);
  return kept === undefined
    ? undefined
    : parseGuardKey(kept, (wrong, cause) => damagedFile(path, wrong, KEY_CURE, cause));
}

/** A new key. */
export const makeGuardKey = (random: Random): KeyObject => keyFromSeed(random.bytes(32));

/** A private key as text: PKCS #8 in PEM. */
export const guardKeyText = (key: KeyObject): string => key.export({ format: "pem", type: "pkcs8" });

/** The signer of a data folder; its key is made at the first call and kept in `guard-key.pem`, readable by the worker's user only. Rejects with a StoreError `data-folder-damaged` when that file holds something else. */
export async function loadGuardSigner(dataFolder: string, random: Random): Promise<GuardSigner> {
  const kept = await readGuardKey(dataFolder);
  if (kept !== undefined) return createGuardSigner(kept);
  const key = makeGuardKey(random);
  await writePrivateFile(join(dataFolder, KEY_FILE), guardKeyText(key));
  return createGuardSigner(key);
}
