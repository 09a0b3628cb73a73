/** Digits of a content hash that tell two judgements of one event apart. */
const DIGITS = 12;

/** Id of a finding that stands beside another one of the same id and another content: the event was changed in between. */
export const otherJudgementId = (id: string, contentHash: string): string => `${id}.${contentHash.slice(0, DIGITS)}`;

/** The id that `otherJudgementId` was given; any other id is left as it is. */
export const firstJudgementId = (id: string): string => id.replace(/\.[0-9a-f]{12}$/, "");
