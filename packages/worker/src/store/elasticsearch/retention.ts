import type { AuditDraft } from "../store.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { aliasOf, type DatedKind, patternOf } from "./names.ts";
import { storing } from "./store-failure.ts";
import { readMeta } from "./templates/definitions.ts";

/** How long things are kept, in milliseconds; what is "forever" is never deleted. */
export interface Retention {
  readonly events: number | "forever";
  readonly findings: number | "forever";
  /** Closed alerts and incidents, and histories. */
  readonly alerts: number | "forever";
  /** Refused documents and refused input. */
  readonly deadLetters: number | "forever";
}

/** What one round deleted. */
export interface RetentionResult {
  /** Whole indices. */
  readonly indices: readonly string[];
  /** Documents out of indices that go on, by kind. */
  readonly documents: Readonly<Record<string, number>>;
  /** What the audit trail is to say about it. */
  readonly audit: readonly AuditDraft[];
}

/** The audit trail is not among them: a chain without its beginning could not be verified. */
const kindsOf = ({ events, findings, alerts, deadLetters }: Retention): readonly (readonly [DatedKind, number])[] =>
  (
    [
      ["events", events],
      ["findings", findings],
      ["history", alerts],
      ["dead-letter", deadLetters],
      ["refused", deadLetters],
    ] as const
  ).flatMap(([kind, age]) => (age === "forever" ? [] : [[kind, age] as const]));

/** The time up to which an index by month can hold documents: the month's end. Undefined for an index that is none by month. */
export function endOfMonth(index: string): number | undefined {
  const month = /-(\d{4})\.(\d{2})$/.exec(index);
  return month === null ? undefined : Date.UTC(Number(month[1]), Number(month[2]), 1);
}

/**
 * Deletes what is older than it is to be kept: indices by month as soon as the whole month is, and of the indices that go on the closed alerts and incidents. An index is deleted only if its
 * mapping says that it is ours; its name alone is not enough. What is deleted is returned, to be counted and put into the audit trail. Doing it again is safe.
 * @throws StoreError
 */
export async function deleteByAge(
  client: Cluster["client"],
  {
    prefix,
    line,
    retention,
    now,
  }: { readonly prefix: string; readonly line: string; readonly retention: Retention; readonly now: number },
): Promise<RetentionResult> {
  const indices: string[] = [];
  for (const [kind, age] of kindsOf(retention)) {
    const pattern = patternOf(prefix, kind);
    const found = await storing(`Reading ${pattern}`, () =>
      client.indices.getMapping({ index: pattern, expand_wildcards: "open" }),
    );
    for (const [name, { mappings }] of Object.entries(found)) {
      const end = endOfMonth(name);
      if (end === undefined || end > now - age || readMeta(mappings._meta)?.kind !== kind) continue;
      await storing(`Deleting ${name}`, () => client.indices.delete({ index: name, ignore_unavailable: true }));
      indices.push(name);
    }
  }
  const documents: Record<string, number> = {};
  if (retention.alerts !== "forever") {
    const before = now - retention.alerts;
    for (const kind of ["alerts", "incidents"] as const) {
      const index = aliasOf(prefix, kind);
      const answer = await storing(`Deleting closed ${kind}`, () =>
        client.deleteByQuery({
          index,
          conflicts: "proceed",
          refresh: true,
          query: {
            bool: {
              filter: [
                { term: { "vedette.line": line } },
                { term: { "vedette.status": "closed" } },
                { range: { "vedette.last_seen": { lt: before } } },
                { range: { "vedette.opened_at": { lt: before } } },
              ],
            },
          },
        }),
      );
      if ((answer.deleted ?? 0) > 0) documents[kind] = answer.deleted ?? 0;
    }
  }
  const draft = (subject: string, details: Record<string, unknown>): AuditDraft => ({
    time: now,
    actor: "worker",
    action: "retention.deleted",
    subject,
    details,
  });
  return {
    indices,
    documents,
    audit: [
      ...indices.map((index) => draft(index, { what: "index" })),
      ...Object.entries(documents).map(([kind, count]) =>
        draft(aliasOf(prefix, kind as "alerts"), { what: kind, count }),
      ),
    ],
  };
}
