import { createHash } from "node:crypto";
import type { RequestIdentity, RequestState } from "../current-request.ts";

/**
 * Who sent the last request with the same credentials: what an application finds out in the middle of one request is known at the beginning of the next.
 * Credentials are kept as a hash.
 */
export interface RememberedIdentities {
  remember(state: RequestState): void;
  of(state: RequestState): RequestIdentity | undefined;
}

const MAX_IDENTITIES = 4_096;
const MAX_CREDENTIALS = 8_192;

/** Makes an empty memory; when it is full, whoever was not seen for longest is forgotten. */
export function createRememberedIdentities(): RememberedIdentities {
  const identities = new Map<string, RequestIdentity>();
  return {
    remember(state) {
      const key = keyOf(state);
      if (key === undefined) return;
      identities.delete(key);
      const [oldest] = identities.keys();
      if (identities.size >= MAX_IDENTITIES && oldest !== undefined) identities.delete(oldest);
      identities.set(key, state.identity);
    },
    of(state) {
      if (identities.size === 0) return undefined;
      const key = keyOf(state);
      return key === undefined ? undefined : identities.get(key);
    },
  };
}

/** What tells one client's credentials from another's; undefined where it sends none. */
function keyOf({ request: { headers } }: RequestState): string | undefined {
  const { authorization = "", cookie = "" } = headers;
  const apiKey = headers["x-api-key"];
  const credentials = `${authorization}\n${cookie}\n${typeof apiKey === "string" ? apiKey : ""}`;
  if (credentials.length === 2 || credentials.length > MAX_CREDENTIALS) return undefined;
  return createHash("sha256").update(credentials).digest("base64url");
}
