import type { RequestIdentity } from "../current-request.ts";
import { isObject } from "./is-object.ts";

/** Properties that identify a user, the first that has a value counts. */
const ID_PROPERTIES = ["id", "_id", "sub", "userId", "user_id", "uid", "username", "userName", "email"] as const;
/** Properties that a user logs in with. */
const NAME_PROPERTIES = ["username", "userName", "login", "email", "preferred_username"] as const;

/**
 * Who a user object of an application stands for: a string or a number is its own id; of an object the first of `id`, `_id`, `sub`, `userId`,
 * `user_id`, `uid`, `username`, `userName` and `email` that has a value is.
 */
export function identityOfUser(user: unknown): RequestIdentity {
  const own = idText(user);
  if (own !== undefined) return { userId: own };
  if (!isObject(user)) return {};
  return { userId: firstOf(user, ID_PROPERTIES), userName: firstOf(user, NAME_PROPERTIES) };
}

function firstOf(user: Record<string, unknown>, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = user[name];
    // Ids of document databases are objects that can be written as hexadecimal digits.
    const text =
      isObject(value) && typeof value["toHexString"] === "function" ? idText(value["toHexString"]()) : idText(value);
    if (text !== undefined) return text;
  }
  return undefined;
}

const LONGEST_ID = 256;

function idText(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value.slice(0, LONGEST_ID);
  if (typeof value === "bigint" || (typeof value === "number" && Number.isFinite(value))) return String(value);
  return undefined;
}
