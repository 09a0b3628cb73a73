import type { DatabaseSync } from "node:sqlite";

/** One line of an order. */
export interface OrderLine {
  readonly productId: number;
  readonly quantity: number;
  /** Cents a piece. */
  readonly price: number;
}

/** What somebody bought. */
export interface Order {
  readonly id: number;
  readonly accountId: number;
  /** Cents, after coupons. */
  readonly total: number;
  readonly lines: readonly OrderLine[];
  /** Unix milliseconds. */
  readonly placedAt: number;
}

/** The shop's orders. */
export interface OrderBook {
  place(accountId: number, total: number, lines: readonly OrderLine[], placedAt: number): Order;
  find(id: number): Order | undefined;
  ofAccount(accountId: number): readonly Order[];
  all(): readonly Order[];
}

/** Opens the orders of a database that `openDatabase` has prepared. */
export function openOrders(database: DatabaseSync): OrderBook {
  const insert = database.prepare("INSERT INTO orders (account, total, lines, placed_at) VALUES (?, ?, ?, ?)");
  const byId = database.prepare("SELECT * FROM orders WHERE id = ?");
  const byAccount = database.prepare("SELECT * FROM orders WHERE account = ? ORDER BY id DESC LIMIT 100");
  const all = database.prepare("SELECT * FROM orders ORDER BY id LIMIT 10000");
  return {
    place(accountId, total, lines, placedAt) {
      const added = insert.run(accountId, total, JSON.stringify(lines), placedAt);
      return { id: Number(added.lastInsertRowid), accountId, total, lines, placedAt };
    },
    find(id) {
      const row = Number.isSafeInteger(id) ? byId.get(id) : undefined;
      return row === undefined ? undefined : toOrder(row);
    },
    ofAccount: (accountId) => byAccount.all(accountId).map(toOrder),
    all: () => all.all().map(toOrder),
  };
}

function toOrder(row: Record<string, unknown>): Order {
  return {
    id: Number(row["id"]),
    accountId: Number(row["account"]),
    total: Number(row["total"]),
    lines: JSON.parse(String(row["lines"])) as OrderLine[],
    placedAt: Number(row["placed_at"]),
  };
}
