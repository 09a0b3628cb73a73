import type { DatabaseSync } from "node:sqlite";

/** What somebody thinks of a product. */
export interface Review {
  readonly author: string;
  readonly text: string;
}

/** The shop's reviews. */
export interface Reviews {
  add(productId: number, review: Review): void;
  /** The 20 newest reviews of a product. */
  of(productId: number): readonly Review[];
}

/** Opens the reviews of a database that `openDatabase` has prepared. */
export function openReviews(database: DatabaseSync): Reviews {
  const insert = database.prepare("INSERT INTO reviews (product, author, text) VALUES (?, ?, ?)");
  const byProduct = database.prepare("SELECT author, text FROM reviews WHERE product = ? ORDER BY id DESC LIMIT 20");
  return {
    add(productId, { author, text }) {
      insert.run(productId, author, text);
    },
    of: (productId) =>
      byProduct.all(productId).map((row) => ({ author: String(row["author"]), text: String(row["text"]) })),
  };
}
