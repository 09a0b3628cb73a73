import { sentenceCase } from "./words.ts";

const fields =
  /^(?:status:(?<status>\w+))? ?(?:reason:(?<reason>\w+))? ?(?:assigned:(?<assignee>[^\s:]+)|(?<nobody>unassigned))?(?:: (?<note>.*))?$/s;

/**
 * A change in an alert's or incident's history, in words: `status:closed reason:true_positive` is `Closed as true positive`. What the
 * worker says in words already stays, but for a capital at its beginning. A note behind a colon stays as it is.
 */
export function describeChange(change: string): string {
  const { status, reason, assignee, nobody, note } = fields.exec(change)?.groups ?? {};
  const parts = [
    status === undefined ? undefined : sentenceCase(status),
    reason === undefined ? undefined : `as ${sentenceCase(reason).toLowerCase()}`,
    assignee === undefined ? undefined : `assigned to ${assignee}`,
    nobody,
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return change.charAt(0).toUpperCase() + change.slice(1);
  const text = parts.join(" ").replace(/(?<=.) (?=assigned|unassigned)/, ", ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${note === undefined ? "" : `: ${note}`}`;
}
