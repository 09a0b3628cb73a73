import { sha256 } from "../../audit/chain.ts";

/** Kinds of documents that are replaced, or that are found by id alone: one index each, behind an alias that a migration can swap. */
export const ALIASED_KINDS = [
  "alerts",
  "incidents",
  "episodes",
  "alert-members",
  "deny-list",
  "outbox",
  "state",
  "journal",
  "steps",
  "idempotency",
] as const;

/** Kinds that are written once, into an index for each month (events: each day) of their own time. */
export const DATED_KINDS = ["findings", "events", "history", "audit", "refused", "dead-letter"] as const;

export type AliasedKind = (typeof ALIASED_KINDS)[number];
export type DatedKind = (typeof DATED_KINDS)[number];

/** Name of the alias that a kind is read and written by. */
export const aliasOf = (prefix: string, kind: AliasedKind): string => `${prefix}-${kind}`;

/** Name of the index behind an alias; the number grows with each migration that makes a new one. */
export const backingOf = (prefix: string, kind: AliasedKind, generation: number): string =>
  `${aliasOf(prefix, kind)}-${String(generation).padStart(6, "0")}`;

/** Pattern of all indices of a kind. */
export const patternOf = (prefix: string, kind: AliasedKind | DatedKind): string => `${prefix}-${kind}-*`;

/** Times before it share one index, so that records with made-up times cannot make one each. Unix milliseconds. */
const FIRST_MONTH = Date.UTC(2015, 0, 1);
/** Times from it on share one index, too. */
const LAST_MONTH = Date.UTC(2050, 0, 1);

/** `YYYY.MM` of a time, as UTC; `before` and `after` stand for what lies outside of 2015 to 2049. */
export function monthOf(time: number): string {
  if (!(time >= FIRST_MONTH)) return "before";
  return time < LAST_MONTH ? new Date(time).toISOString().slice(0, 7).replace("-", ".") : "after";
}

/** Name of the index that holds what is of a time: a function of the time alone, so that the same document made again meets itself. */
export const monthlyIndex = (prefix: string, kind: Exclude<DatedKind, "events">, time: number): string =>
  `${prefix}-${kind}-${monthOf(time)}`;

/** Name of the index of a fact: by its month, or one for all whose events have no time of their own. */
export const findingsIndex = (prefix: string, time: number, undated = false): string =>
  undated ? `${prefix}-findings-undated` : monthlyIndex(prefix, "findings", time);

const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9._:/|@-]{0,400}$/;

/** The document id for any text: the text itself where it is a plain one, else its hash. */
export const documentId = (text: string): string => (PLAIN_ID.test(text) ? text : `~${sha256(JSON.stringify(text))}`);

/** The indexed form of any text: the text itself, or its hash where it is longer than an index takes or has no UTF-8. */
export const keywordOf = (text: string): string =>
  text.length <= 1_000 && text.isWellFormed() ? text : `~${sha256(JSON.stringify(text))}`;

/** The time as Elasticsearch's date fields take it; times that no calendar has are moved to its ends. */
export function dateOf(time: number): string {
  const bounded = Number.isNaN(time) ? 0 : Math.min(Math.max(time, 0), Date.UTC(9999, 11, 31));
  return new Date(bounded).toISOString();
}
