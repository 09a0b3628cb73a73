import type { DatabaseSync } from "node:sqlite";
import { hashPassword, verifyPassword } from "./passwords.ts";

/** What an account may do. */
export const ROLES = ["customer", "editor", "admin"] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** Somebody who can log in. */
export interface Account {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

/** How an attempt to log in ended. */
export type LogIn =
  | {
      readonly outcome: "success";
      readonly account: Account;
      /** Failures since the success before this one. */ readonly priorFailures: number;
    }
  | { readonly outcome: "failure"; readonly reason: "unknown_user" | "bad_password" };

/** The shop's accounts. */
export interface Accounts {
  /** Makes a customer's account; undefined when the name is taken. */
  register(name: string, password: string): Promise<Account | undefined>;
  logIn(name: string, password: string): Promise<LogIn>;
  find(id: number): Account | undefined;
  list(): readonly Account[];
  /** Gives an account a role; undefined when there is no account of that name. */
  setRole(name: string, role: Role): Account | undefined;
}

/** Opens the accounts of a database that `openDatabase` has prepared. */
export async function openAccounts(database: DatabaseSync, passwordCost: number): Promise<Accounts> {
  const insert = database.prepare(
    "INSERT INTO accounts (name, password, role) VALUES (?, ?, 'customer') ON CONFLICT (name) DO NOTHING",
  );
  const byName = database.prepare("SELECT id, name, password, role FROM accounts WHERE name = ?");
  const byId = database.prepare("SELECT id, name, role FROM accounts WHERE id = ?");
  const all = database.prepare("SELECT id, name, role FROM accounts ORDER BY name LIMIT 500");
  const updateRole = database.prepare("UPDATE accounts SET role = ? WHERE name = ?");
  const countFailure = database.prepare("UPDATE accounts SET failures = failures + 1 WHERE id = ?");
  const readFailures = database.prepare("SELECT failures FROM accounts WHERE id = ?");
  const clearFailures = database.prepare("UPDATE accounts SET failures = 0 WHERE id = ?");
  // Compared with when there is no such account, so that the answer takes as long as for one that exists.
  const nobody = await hashPassword("nobody has this password", passwordCost);

  return {
    async register(name, password) {
      const added = insert.run(name, await hashPassword(password, passwordCost));
      return added.changes === 0 ? undefined : { id: Number(added.lastInsertRowid), name, role: "customer" };
    },
    async logIn(name, password) {
      const row = byName.get(name);
      const right = await verifyPassword(password, row === undefined ? nobody : String(row["password"]));
      if (row === undefined) return { outcome: "failure", reason: "unknown_user" };
      const account = toAccount(row);
      if (!right) {
        countFailure.run(account.id);
        return { outcome: "failure", reason: "bad_password" };
      }
      const priorFailures = Number(readFailures.get(account.id)?.["failures"] ?? 0);
      clearFailures.run(account.id);
      return { outcome: "success", account, priorFailures };
    },
    find(id) {
      const row = byId.get(id);
      return row === undefined ? undefined : toAccount(row);
    },
    list: () => all.all().map(toAccount),
    setRole(name, role) {
      updateRole.run(role, name);
      const row = byName.get(name);
      return row === undefined ? undefined : toAccount(row);
    },
  };
}

function toAccount(row: Record<string, unknown>): Account {
  const role = ROLES.find((known) => known === row["role"]) ?? "customer";
  return { id: Number(row["id"]), name: String(row["name"]), role };
}
