import type { estypes } from "@elastic/elasticsearch";
import type { Capabilities, Cluster } from "../../../elasticsearch/cluster.ts";
import type { DatedKind } from "../names.ts";
import type { Retention } from "../retention.ts";
import { storing } from "../store-failure.ts";
import { metaOf } from "./marks.ts";

/** A lifecycle policy as it is sent to the cluster. */
export interface PolicyDefinition {
  readonly name: string;
  readonly body: { readonly policy: estypes.IlmPolicy };
}

const DAY = 86_400_000;
/** An index takes documents for a month after it is made, and a policy counts from when it was made. */
const LONGEST_MONTH = 31;

/** Kinds of indices by month that a policy can delete; the audit trail goes entry by entry. */
const KINDS = {
  events: "events",
  findings: "findings",
  history: "alerts",
  refused: "deadLetters",
  "dead-letter": "deadLetters",
} as const satisfies Partial<Record<DatedKind, keyof Retention>>;

/** Whether indices of a kind have a policy, named as their template. */
export const hasPolicy = (kind: string): boolean => Object.hasOwn(KINDS, kind);

/**
 * Policies for the indices by month, named as their templates, where the cluster has index lifecycle management. (A data stream's own lifecycle would not do: which index an event belongs to must be a
 * function of the event alone, which it is not in a data stream.) What is kept forever has a policy too, which does nothing, so that only policies change with the configuration. The request is the
 * documented one of `PUT _ilm/policy/<name>`; the servers that tests run on have no such endpoint, so that it is tested against its shape alone.
 */
export function policiesOf(
  prefix: string,
  { indexLifecycle }: Pick<Capabilities, "indexLifecycle">,
  retention: Retention | undefined,
): PolicyDefinition[] {
  if (!indexLifecycle || retention === undefined) return [];
  return Object.entries(KINDS).map(([kind, setting]): PolicyDefinition => {
    const age = retention[setting];
    const phases: estypes.IlmPhases =
      age === "forever"
        ? { hot: { min_age: "0ms", actions: {} } }
        : { delete: { min_age: `${Math.ceil(age / DAY) + LONGEST_MONTH}d`, actions: { delete: {} } } };
    return { name: `${prefix}-${kind}`, body: { policy: { _meta: metaOf(kind), phases } } };
  });
}

/** Those of the policies that the cluster does not have, or has otherwise. @throws StoreError */
export async function changedPolicies(
  { client }: Pick<Cluster, "client">,
  prefix: string,
  wanted: readonly PolicyDefinition[],
): Promise<PolicyDefinition[]> {
  if (wanted.length === 0) return [];
  const there = await storing("Reading the lifecycle policies", () =>
    client.ilm.getLifecycle({ name: `${prefix}-*` }, { ignore: [404] }),
  );
  const minimumOf = ({ phases }: estypes.IlmPolicy): unknown => phases.delete?.min_age;
  return wanted.filter(({ name, body: { policy } }) => {
    const stored = there[name]?.policy;
    return stored === undefined || minimumOf(stored) !== minimumOf(policy);
  });
}

/** Puts a policy; the same one again changes nothing. Needs `manage_ilm`. @throws StoreError */
export async function putPolicy({ client }: Pick<Cluster, "client">, { name, body }: PolicyDefinition): Promise<void> {
  await storing(`Installing the lifecycle policy ${name}`, () => client.ilm.putLifecycle({ name, ...body }));
}
