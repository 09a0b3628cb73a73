import type { DatabaseSync } from "node:sqlite";

/** Something the shop sells. */
export interface Product {
  readonly id: number;
  readonly name: string;
  readonly description: string;
  readonly category: string;
  /** Cents. */
  readonly price: number;
}

/** Orders in which products can be listed. */
export const SORT_ORDERS = ["name", "price", "-price"] as const;

/** One of {@link SORT_ORDERS}. */
export type SortOrder = (typeof SORT_ORDERS)[number];

/** Reads the shop's products. */
export interface Catalogue {
  /** Products whose name, description or category contains every word, at most 50. */
  search(words: string, sort: SortOrder): readonly Product[];
  find(id: number): Product | undefined;
}

const ORDER_BY: Readonly<Record<SortOrder, string>> = {
  name: "name",
  price: "price, name",
  "-price": "price DESC, name",
};

/** Opens the catalogue of a database that {@link file://./database.ts} has prepared. */
export function openCatalogue(database: DatabaseSync): Catalogue {
  const columns = "SELECT id, name, description, category, price FROM products";
  const byId = database.prepare(`${columns} WHERE id = ?`);
  return {
    search(words, sort) {
      const terms = words
        .split(/\s+/)
        .filter((word) => word !== "")
        .slice(0, 8);
      // Only the number of placeholders depends on the input; the input itself is always a parameter.
      const condition = terms
        .map(() => "(name || ' ' || description || ' ' || category) LIKE ? ESCAPE '\\'")
        .join(" AND ");
      const statement = database.prepare(
        `${columns} ${condition === "" ? "" : `WHERE ${condition}`} ORDER BY ${ORDER_BY[sort]} LIMIT 50`,
      );
      return statement.all(...terms.map((term) => `%${term.replaceAll(/[\\%_]/g, "\\$&")}%`)).map(toProduct);
    },
    find(id) {
      const row = byId.get(id);
      return row === undefined ? undefined : toProduct(row);
    },
  };
}

function toProduct(row: Record<string, unknown>): Product {
  return {
    id: Number(row["id"]),
    name: String(row["name"]),
    description: String(row["description"]),
    category: String(row["category"]),
    price: Number(row["price"]),
  };
}
