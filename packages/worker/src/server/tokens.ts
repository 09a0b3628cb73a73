import { createHash, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import type { Role } from "@vedette/api";
import type { Random } from "../ports.ts";
import { readPrivateFile, writePrivateFile } from "../private-file.ts";

/** A bearer token, who uses it and what it allows. */
export interface ApiToken {
  /** Name of the user: stands in the audit trail. */
  readonly name: string;
  readonly role: Role;
  readonly token: string;
}

/** Who makes a request. */
export interface Caller {
  readonly actor: string;
  readonly role: Role;
}

/** Name of the token made at first start, and of whoever uses it. */
export const ADMIN_NAME = "admin";

/** The admin token of a data folder: made at the first call, kept in `admin-token`, readable by the worker's user only. */
export async function loadAdminToken(dataFolder: string, random: Random): Promise<ApiToken> {
  const path = join(dataFolder, "admin-token");
  const kept = (await readPrivateFile(path))?.trim();
  if (kept !== undefined && kept.length >= 32) return { name: ADMIN_NAME, role: "admin", token: kept };
  const token = `vedette_${Buffer.from(random.bytes(32)).toString("base64url")}`;
  await writePrivateFile(path, `${token}\n`);
  return { name: ADMIN_NAME, role: "admin", token };
}

const digestOf = (text: string): Buffer => createHash("sha256").update(text, "utf8").digest();

/** Finds the caller of a token, in a time that does not depend on how much of it is right. */
export function createTokenCheck(tokens: readonly ApiToken[]): (token: string) => ApiToken | undefined {
  const known = tokens.map((token) => ({ token, digest: digestOf(token.token) }));
  return (offered) => {
    const digest = digestOf(offered);
    let found: ApiToken | undefined;
    // Every digest is compared, so that the time does not tell which one was met either.
    for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) found ??= candidate.token;
    return found;
  };
}

const RANK: Readonly<Record<Role, number>> = { reader: 1, responder: 2, admin: 3 };

/** Whether a role allows what needs another one. */
export const includesRole = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed];
