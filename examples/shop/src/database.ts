import { DatabaseSync } from "node:sqlite";
import { hashPassword } from "./passwords.ts";
import { SEED_ACCOUNTS, SEED_PRODUCTS } from "./seed.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS products (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, description TEXT NOT NULL, category TEXT NOT NULL, price INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS accounts (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE, password TEXT NOT NULL, role TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES accounts (id), total INTEGER NOT NULL, lines TEXT NOT NULL,
    placed_at INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS reviews (
    id INTEGER PRIMARY KEY, product INTEGER NOT NULL REFERENCES products (id), author TEXT NOT NULL, text TEXT NOT NULL
  ) STRICT;
`;

/**
 * Opens the shop's database, makes its tables, and fills an empty one with products and the accounts of the README.
 *
 * @param file Path of an SQLite file, or `:memory:`.
 * @param passwordCost Cost of the seed accounts' password hashes.
 */
export async function openDatabase(file: string, passwordCost: number): Promise<DatabaseSync> {
  const database = new DatabaseSync(file);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;");
  database.exec(SCHEMA);
  if (database.prepare("SELECT 1 FROM products LIMIT 1").get() === undefined) {
    const insert = database.prepare("INSERT INTO products (name, description, category, price) VALUES (?, ?, ?, ?)");
    for (const product of SEED_PRODUCTS) insert.run(product.name, product.description, product.category, product.price);
  }
  if (database.prepare("SELECT 1 FROM accounts LIMIT 1").get() === undefined) {
    const passwords = await Promise.all(
      SEED_ACCOUNTS.map(async ({ password }) => hashPassword(password, passwordCost)),
    );
    const insert = database.prepare("INSERT INTO accounts (name, password, role) VALUES (?, ?, ?)");
    for (const [index, { name, role }] of SEED_ACCOUNTS.entries()) insert.run(name, passwords[index] ?? "", role);
  }
  return database;
}
