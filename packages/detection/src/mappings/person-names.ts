import { ATTR } from "@vedette/semconv";

/**
 * Where a field that names a person is looked for. Services that hash users name them by `user.hash` and accounts by what was typed; those that
 * do not, or that know nothing of it, name them in clear: rules that count by person work for both.
 */
const PLACES: Readonly<Record<string, readonly string[]>> = {
  [ATTR.userHash]: [ATTR.userHash, ATTR.userId, ATTR.userName],
  [ATTR.authAccountHash]: [ATTR.authAccountHash, ATTR.userName, ATTR.userId, ATTR.userHash],
};

/** The names under which a field stands in events, the first that is there counts; undefined for a field that names no person. */
export function personPlaces(field: string): readonly string[] | undefined {
  return Object.hasOwn(PLACES, field) ? PLACES[field] : undefined;
}

/** Names of a user, the first that is there counts. */
export const USER_NAMES: readonly string[] = [ATTR.userName, ATTR.userId, ATTR.userHash, ATTR.enduserPseudoId];

/**
 * Further names of whom a name names, which are entities of their own. A log-in with id and name joins the failures before it, which knew the name that was typed only, to what the id does
 * after it; while hash keys are changed, both hashes join what came before to what comes after.
 */
export const FURTHER_NAMES: ReadonlyMap<string, readonly string[]> = new Map([
  [ATTR.userHash, [ATTR.authAccountHash, ATTR.userHashNext]],
  [ATTR.sessionId, [ATTR.sessionIdNext]],
]);
