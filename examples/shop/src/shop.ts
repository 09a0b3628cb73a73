import type { DatabaseSync } from "node:sqlite";
import { openAccounts, type Accounts } from "./accounts.ts";
import { openCatalogue, type Catalogue } from "./catalogue.ts";
import { openDatabase } from "./database.ts";
import { fetchImage, type FetchedImage } from "./fetch-image.ts";
import { createLoginLimit, type LoginLimit } from "./login-limit.ts";
import { openOrders, type OrderBook } from "./orders.ts";
import { PASSWORD_COST } from "./passwords.ts";
import { openReviews, type Reviews } from "./reviews.ts";
import { createSessions, type Sessions } from "./sessions.ts";

/** Everything behind the shop's pages. */
export interface Shop {
  readonly database: DatabaseSync;
  readonly accounts: Accounts;
  readonly catalogue: Catalogue;
  readonly orders: OrderBook;
  readonly reviews: Reviews;
  readonly sessions: Sessions;
  readonly loginLimit: LoginLimit;
  readonly fetchImage: (url: URL) => Promise<FetchedImage>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** What can be set about a shop. */
export interface ShopOptions {
  /** Path of an SQLite file. Default: in memory, gone when the process ends. */
  readonly database?: string;
  /** Attempts to log in that one address has in a minute. Default 30. */
  readonly loginsPerMinute?: number;
  /** scrypt cost of new passwords. Default {@link PASSWORD_COST}. */
  readonly passwordCost?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly fetchImage?: (url: URL) => Promise<FetchedImage>;
}

/** Opens the database and everything that keeps something. */
export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const now = options.now ?? Date.now;
  const passwordCost = options.passwordCost ?? PASSWORD_COST;
  const database = await openDatabase(options.database ?? ":memory:", passwordCost);
  return {
    database,
    accounts: await openAccounts(database, passwordCost),
    catalogue: openCatalogue(database),
    orders: openOrders(database),
    reviews: openReviews(database),
    sessions: createSessions(now),
    loginLimit: createLoginLimit(options.loginsPerMinute ?? 30, now),
    fetchImage: options.fetchImage ?? ((url) => fetchImage(url)),
    now,
  };
}
