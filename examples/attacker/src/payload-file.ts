import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const NAME = "data/web-payloads.jsonl.gz";

/**
 * Finds the payload file: the one that was asked for, else that of the folder in `VEDETTE_SHARED`, else that of a folder `shared` beside the repository.
 *
 * @param repository Path of the repository.
 * @returns undefined when there is none; a path that was asked for is returned whether it is there or not.
 */
export function findPayloadFile(
  asked: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  repository: string,
): string | undefined {
  if (asked !== undefined) return resolve(asked);
  const shared = environment["VEDETTE_SHARED"];
  const path = shared === undefined || shared === "" ? join(repository, "..", "shared", NAME) : join(shared, NAME);
  return existsSync(path) ? path : undefined;
}
