import { readFileSync, writeFileSync } from "node:fs";
import { GUARD_PATHS } from "@vedette/semconv";
import type { GuardSettings } from "../settings.ts";
import { readGuardKey, type GuardVerificationKey } from "./snapshot.ts";
import type { WorkerClient } from "./worker-client.ts";

/**
 * The key that was configured or pinned before.
 *
 * @throws When there is one that cannot be read: fetching another instead would undo the pinning.
 */
export function configuredKey(settings: GuardSettings): GuardVerificationKey | undefined {
  if (settings.publicKey !== undefined) return readGuardKey(settings.publicKey);
  if (settings.pinFile === undefined) return undefined;
  try {
    return readGuardKey(readFileSync(settings.pinFile, "utf8").trim());
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

const MAX_KEY_CHARACTERS = 4096;

/**
 * Fetches the worker's key where nobody in between can have changed it, and keeps it.
 *
 * @throws When that cannot be known, or the answer is no key.
 */
export async function firstContact(settings: GuardSettings, client: WorkerClient): Promise<GuardVerificationKey> {
  if (settings.url.protocol !== "https:" && !isLoopback(settings.url.hostname)) {
    throw new Error("VEDETTE_GUARD_PUBLIC_KEY is needed: without TLS a key is fetched from loopback only");
  }
  const { status, body } = await client.ask(GUARD_PATHS.key, { limit: MAX_KEY_CHARACTERS });
  if (status !== 200) throw new Error(`answer ${status} for the key`);
  const answer: unknown = JSON.parse(body);
  if (typeof answer !== "object" || answer === null || !("publicKey" in answer) || typeof answer.publicKey !== "string")
    throw new Error("the answer for the key has no publicKey");
  const key = readGuardKey(answer.publicKey);
  if (settings.pinFile !== undefined) writeFileSync(settings.pinFile, `${answer.publicKey}\n`, { mode: 0o600 });
  return key;
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname);
}
