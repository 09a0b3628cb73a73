import { createHash } from "node:crypto";
import { canonicalJson } from "../../audit/canonical-json.ts";

/** A rule by its id and the hash of its content. */
export interface RuleRevision {
  readonly id: string;
  readonly revision: string;
}

/** The rules that events are judged with, under the name that progress refers to. */
export interface RuleSetRecord {
  /** Hash of ids and revisions. */
  readonly hash: string;
  readonly rules: readonly RuleRevision[];
}

/** The document of a set of rules; never changed. */
export interface RuleSetDocument {
  readonly "@timestamp": string;
  readonly vedette: { readonly rule_set: RuleSetRecord };
}

/** Name of the index of rule sets. */
export const ruleSetsIndex = (prefix: string): string => `${prefix}-rule-sets`;

/** Mapping of the index of rule sets; the list is kept, not indexed. */
export const RULE_SET_PROPERTIES = {
  "@timestamp": { type: "date" },
  vedette: {
    properties: {
      rule_set: { properties: { hash: { type: "keyword" }, rules: { type: "object", enabled: false } } },
    },
  },
} as const;

/** Names a set of rules by what it is made of, in whatever order. */
export function ruleSetOf(rules: readonly RuleRevision[]): RuleSetRecord {
  const sorted = rules
    .map(({ id, revision }) => ({ id, revision }))
    .toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.revision < b.revision ? -1 : 1));
  return { hash: createHash("sha256").update(canonicalJson(sorted)).digest("hex").slice(0, 32), rules: sorted };
}

/** The document that a set of rules is kept in. */
export const ruleSetDocument = (set: RuleSetRecord, now: number): RuleSetDocument => ({
  "@timestamp": new Date(now).toISOString(),
  vedette: { rule_set: set },
});
