import { identityOfUser } from "../authentication/user-facts.ts";
import { isObject } from "../authentication/is-object.ts";
import type { RequestIdentity } from "../current-request.ts";

/** Where applications keep a session's user, the first that has a value counts; `passport.user` comes before all of them. */
const USER_PROPERTIES = ["userId", "user_id", "uid", "user", "account", "accountId", "username"] as const;

/** Whose session it is, by what the application keeps in it; empty for a session of nobody that is known. */
export function userOfSession(session: unknown): RequestIdentity {
  if (!isObject(session)) return {};
  const passport = session["passport"];
  const candidates = [
    isObject(passport) ? passport["user"] : undefined,
    ...USER_PROPERTIES.map((name) => session[name]),
  ];
  for (const candidate of candidates) {
    const identity = identityOfUser(candidate);
    if (identity.userId !== undefined) return identity;
  }
  return {};
}
