import type { estypes } from "@elastic/elasticsearch";

/** One privilege that the worker's key needs, and what for. */
export interface Privilege {
  /** `cluster`; `sources`: the indices and data streams that sources read; `own`: everything under the prefix. */
  readonly scope: "cluster" | "sources" | "own";
  readonly name: string;
  /** Completes "needed …". */
  readonly reason: string;
}

/** What a running worker needs, and nothing more. */
export const RUN_PRIVILEGES: readonly Privilege[] = [
  {
    scope: "cluster",
    name: "monitor",
    reason: "to learn the cluster's version, identity and modules when it connects",
  },
  { scope: "sources", name: "read", reason: "to read events" },
  { scope: "sources", name: "monitor", reason: "to learn how far each shard has come (its global checkpoint)" },
  {
    scope: "sources",
    name: "maintenance",
    reason: "to refresh, so that no event is passed over before it can be seen",
  },
  {
    scope: "sources",
    name: "view_index_metadata",
    reason: "to see which indices there are and how their fields are mapped",
  },
  { scope: "own", name: "read", reason: "to read findings, alerts, leases and state" },
  { scope: "own", name: "index", reason: "to write them, and to change leases and alerts" },
  { scope: "own", name: "delete", reason: "to delete the journal's steps and the leases that are done with" },
  { scope: "own", name: "create_index", reason: "to make the next month's indices" },
  { scope: "own", name: "delete_index", reason: "to delete indices that are older than their retention" },
  { scope: "own", name: "maintenance", reason: "to refresh what it has just written" },
  { scope: "own", name: "monitor", reason: "to learn how far each shard of the findings has come" },
  { scope: "own", name: "view_index_metadata", reason: "to see which of its indices there are" },
];

/** What `vedette setup elasticsearch` needs besides, once, to install templates and to move indices between their versions. */
export const SETUP_PRIVILEGES: readonly Privilege[] = [
  { scope: "cluster", name: "manage_index_templates", reason: "to install the index templates" },
  { scope: "own", name: "manage", reason: "to make aliases and to change mappings when templates change" },
];

/** What setup needs besides where the cluster has index lifecycle management. */
export const LIFECYCLE_PRIVILEGES: readonly Privilege[] = [
  { scope: "cluster", name: "manage_ilm", reason: "to install the lifecycle policies" },
];

/** The indices that privileges are for. */
export interface PrivilegeScopes {
  /** Beginning of the names of our own indices. */
  readonly prefix: string;
  /** Indices, data streams and patterns of all sources. */
  readonly patterns: readonly string[];
}

/** The index of the key by which guards know the workers. Whoever reads what the workers found must not read it: a role for `<prefix>-*` does not cover its name. */
export const guardIndex = (prefix: string): string => `${prefix}_guard`;

/** Names of all that is our own, as a role has them. */
export const ownNames = (prefix: string): string[] => [`${prefix}-*`, guardIndex(prefix)];

/** A role descriptor, as the APIs for roles and for API keys take it. */
export interface RoleDescriptor {
  readonly cluster: estypes.SecurityClusterPrivilege[];
  readonly indices: { names: string[]; privileges: estypes.SecurityIndexPrivilege[] }[];
}

/** Privileges as a role descriptor; without sources there is nothing about them in it. */
export const roleDescriptor = (
  privileges: readonly Privilege[],
  { prefix, patterns }: PrivilegeScopes,
): RoleDescriptor => {
  const of = (scope: Privilege["scope"]): string[] => [
    ...new Set(privileges.filter((privilege) => privilege.scope === scope).map(({ name }) => name)),
  ];
  const indices = [
    { names: [...new Set(patterns)], privileges: of("sources") },
    { names: ownNames(prefix), privileges: of("own") },
  ];
  return {
    cluster: of("cluster"),
    indices: indices.filter(({ names, privileges: granted }) => names.length > 0 && granted.length > 0),
  };
};
