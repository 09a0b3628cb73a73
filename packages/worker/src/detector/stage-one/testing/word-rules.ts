import type { Fact, JsonObject } from "@vedette/detection";
import { hashId } from "../../hash.ts";
import type { EventJudge } from "../../line-rule.ts";
import type { RuleRevision } from "../rule-set.ts";

/** Rules of tests: one for each word, which matches documents that have the word in `words`. */
export const wordRules = (...words: readonly string[]): readonly RuleRevision[] =>
  words.map((id) => ({ id, revision: hashId(id) }));

/** Judges by words; a document with `poison` makes it throw. */
export function createWordJudge(rules: readonly RuleRevision[]): EventJudge {
  return {
    judge({ id: eventId, time, document }) {
      if (document["poison"] === true) throw new Error("poison");
      const words = document["words"];
      if (!Array.isArray(words)) return { logSources: [], facts: [] };
      const facts = rules
        .filter(({ id }) => (words as readonly string[]).includes(id))
        .map(({ id, revision }) => factOf({ id, revision }, eventId, time, document));
      return { logSources: [{ product: "test" }], facts };
    },
  };
}

const factOf = (rule: RuleRevision, eventId: string, time: number, document: JsonObject): Fact => ({
  kind: "fact",
  id: hashId(rule.id, rule.revision, eventId),
  rule: { ...rule, title: rule.id, level: "medium" },
  eventId,
  time,
  entities: [],
  values: { user: document["user"] ?? null },
  alerts: true,
});
