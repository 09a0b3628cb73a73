import type { Attributes } from "@opentelemetry/api";
import { ATTR } from "@vedette/semconv";
import { truncateAddress } from "./client-address.ts";
import {
  createPseudonyms,
  normaliseUserName,
  processPseudonyms,
  setProcessHashKeys,
  type Pseudonyms,
} from "./pseudonyms.ts";
import { readSettings, type Settings } from "./settings.ts";

/** The settings that decide what of people leaves the process. */
export type PrivacySettings = Pick<Settings, "hashKeys" | "clearUsers" | "truncateAddresses">;

/** Who did something, in clear. */
export interface Person {
  readonly userId?: string | undefined;
  readonly userName?: string | undefined;
  readonly userRoles?: readonly string[] | undefined;
  readonly sessionId?: string | undefined;
  readonly apiKey?: string | undefined;
}

/** Decides in which form people and their addresses leave the process. */
export interface Privacy {
  /** Attributes that name a person: pseudonyms, roles, and in clear only what the settings allow. */
  person(person: Person): Attributes;
  /** Attributes of an attempt to log in: the person, and the account by the name that was typed. */
  account(person: Person): Attributes;
  /** An address as it is emitted. */
  address(address: string): string;
}

/** Makes the privacy of some settings; pseudonyms are made of its keys when none are handed over. */
export function createPrivacy(
  { hashKeys, clearUsers, truncateAddresses }: PrivacySettings,
  pseudonyms: Pseudonyms = createPseudonyms(hashKeys),
): Privacy {
  const put = (to: Attributes, name: string, next: string | undefined, value: string | undefined): void => {
    if (value === undefined) return;
    to[name] = pseudonyms.of(value);
    const coming = next === undefined ? undefined : pseudonyms.next(value);
    if (next !== undefined && coming !== undefined) to[next] = coming;
  };
  const person = ({ userId, userName, userRoles, sessionId, apiKey }: Person): Attributes => {
    const attributes: Attributes = {};
    const name = userName === undefined ? undefined : normaliseUserName(userName);
    put(attributes, ATTR.userHash, ATTR.userHashNext, userId ?? name);
    put(attributes, ATTR.sessionId, ATTR.sessionIdNext, sessionId);
    put(attributes, ATTR.apiKeyHash, undefined, apiKey);
    if (userRoles !== undefined) attributes[ATTR.userRoles] = [...userRoles];
    if (!clearUsers) return attributes;
    if (userId !== undefined) attributes[ATTR.userId] = userId;
    if (userName !== undefined) attributes[ATTR.userName] = userName;
    return attributes;
  };
  return {
    person,
    account(who) {
      const attributes = person(who);
      // Failures know the name that was typed and rarely the id; what counts them must find the success under the same value.
      const account = who.userName === undefined ? who.userId : normaliseUserName(who.userName);
      put(attributes, ATTR.authAccountHash, undefined, account);
      return attributes;
    },
    address: (address) => (truncateAddresses ? truncateAddress(address) : address),
  };
}

let ofProcess: Privacy | undefined;

/** The process's privacy: by the settings of the start, or else of the environment. */
export function processPrivacy(): Privacy {
  return (ofProcess ??= createPrivacy(readSettings(process.env).settings, processPseudonyms()));
}

/** Puts settings into force for everything that this process emits from now on. */
export function setProcessPrivacy(settings: PrivacySettings): void {
  ofProcess = createPrivacy(settings, setProcessHashKeys(settings.hashKeys));
}
