import type { Cluster } from "./cluster.ts";
import { calling, ElasticsearchError } from "./errors.ts";
import { ownNames, roleDescriptor, type Privilege, type PrivilegeScopes } from "./privileges.ts";

interface HasPrivileges {
  readonly has_all_requested?: boolean;
  readonly cluster?: Readonly<Record<string, boolean>>;
  readonly index?: Readonly<Record<string, Readonly<Record<string, boolean>>>>;
}

/** Privileges of a list that the key or user of a connection lacks; for sources and own indices, that it lacks for any of the names. Asking needs no privilege; without security nothing is ever missing. */
export const missingPrivileges = async (
  cluster: Cluster,
  privileges: readonly Privilege[],
  scopes: PrivilegeScopes,
  signal?: AbortSignal,
): Promise<readonly Privilege[]> => {
  if (!cluster.capabilities.security) return [];
  const { cluster: names, indices } = roleDescriptor(privileges, scopes);
  const answer = await calling("Checking the worker's privileges", async () =>
    cluster.client.transport.request<HasPrivileges>(
      { method: "POST", path: "/_security/user/_has_privileges", body: { cluster: names, index: indices } },
      { meta: false, ...(signal === undefined ? {} : { signal }) },
    ),
  );
  if (answer.has_all_requested === true) return [];
  const held = (name: string, on: readonly string[]): boolean =>
    on.every((pattern) => answer.index?.[pattern]?.[name] === true);
  return privileges.filter(({ scope, name }) => {
    if (scope === "cluster") return answer.cluster?.[name] !== true;
    return !held(name, scope === "own" ? ownNames(scopes.prefix) : scopes.patterns);
  });
};

/**
 * Checks that the worker's key may do everything that it will have to. Without this check a missing privilege can pass unnoticed: to a request for a pattern such as `logs-*` Elasticsearch answers as if indices that one may
 * not see were not there.
 * @throws ElasticsearchError `elasticsearch-forbidden` that names every missing privilege, on what, and what it is for.
 */
export const requirePrivileges = async (
  cluster: Cluster,
  privileges: readonly Privilege[],
  scopes: PrivilegeScopes,
  signal?: AbortSignal,
): Promise<void> => {
  const missing = await missingPrivileges(cluster, privileges, scopes, signal);
  if (missing.length === 0) return;
  const lines = missing.map(({ scope, name, reason }) => {
    if (scope === "cluster") return `the cluster privilege \`${name}\` (${reason})`;
    const names = (scope === "own" ? ownNames(scopes.prefix) : scopes.patterns).join(", ");
    return `the index privilege \`${name}\` on ${names} (${reason})`;
  });
  throw new ElasticsearchError("elasticsearch-forbidden", `The worker's key lacks ${lines.join(", ")}.`, {
    retryable: false,
    status: 403,
  });
};
