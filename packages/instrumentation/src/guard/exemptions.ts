import type { RequestIdentity, RequestState } from "../current-request.ts";
import { addressBits, networkKey, parseAddressRange } from "./address-range.ts";
import type { GuardPolicy } from "./guard-policy.ts";

/** Requests that nothing is ever done to. */
export interface Exemptions {
  /** Says whether a request is a health check: GET or HEAD of one of the paths. */
  isHealthCheck(state: RequestState): boolean;
  isAllowed(state: RequestState, identity: RequestIdentity): boolean;
  /** Entries that are neither an address nor a range nor a user. */
  readonly invalid: readonly string[];
}

/** Reads the lists of a policy. */
export function readExemptions(policy: GuardPolicy): Exemptions {
  const isHealthPath = pathList(policy.healthPaths);
  const users = new Set<string>();
  const invalid: string[] = [];
  const networks: { readonly family: 4 | 6; readonly bits: number; readonly key: string }[] = [];
  for (const entry of policy.allow) {
    const user = /^user:(.+)$/.exec(entry)?.[1];
    const range = user === undefined ? parseAddressRange(entry) : undefined;
    if (user !== undefined) users.add(user);
    else if (range === undefined) invalid.push(entry);
    else networks.push(range);
  }
  return {
    isHealthCheck: ({ request, path }) =>
      (request.method === "GET" || request.method === "HEAD") && isPlainPath(path) && isHealthPath(path),
    isAllowed({ clientAddress }, identity) {
      if (identity.userId !== undefined && users.has(identity.userId)) return true;
      if (networks.length === 0 || clientAddress === undefined) return false;
      const address = addressBits(clientAddress);
      return networks.some(({ family, bits, key }) => family === address.family && networkKey(address, bits) === key);
    },
    invalid,
  };
}

/** Makes the check of a path against a list of paths, `*` at the end of one for any rest. */
export function pathList(entries: readonly string[]): (path: string) => boolean {
  const exact = new Set(entries.filter((entry) => !entry.endsWith("*")));
  const prefixes = entries.filter((entry) => entry.endsWith("*")).map((entry) => entry.slice(0, -1));
  return (path) => exact.has(path) || prefixes.some((prefix) => path.startsWith(prefix));
}

/** A path that could lead anywhere else than it says is nobody's health check: `/health/../admin`. */
export function isPlainPath(path: string): boolean {
  return !/\.\.|[%\\;]|\/\//.test(path);
}
