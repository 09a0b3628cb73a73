import type { estypes } from "@elastic/elasticsearch";
import { errors } from "@elastic/elasticsearch";
import type { Cluster } from "../../../elasticsearch/cluster.ts";
import { StoreError } from "../../../errors.ts";
import { ALIASED_KINDS, type AliasedKind, aliasOf, backingOf } from "../names.ts";
import { storing } from "../store-failure.ts";
import { type TemplateChoices, type TemplateDefinition, templatesOf } from "./definitions.ts";
import { changedPolicies, policiesOf, type PolicyDefinition, putPolicy } from "./lifecycle.ts";
import { readMeta, TEMPLATE_VERSION } from "./marks.ts";
import { migrateAlias } from "./migrate-alias.ts";

/** One thing that installing does, or would do. */
export type InstallAction =
  | { readonly do: "put-policy"; readonly name: string; readonly body: PolicyDefinition["body"] }
  | { readonly do: "put-template"; readonly name: string; readonly body: TemplateDefinition["body"] }
  | { readonly do: "create-index"; readonly name: string; readonly alias: string }
  | { readonly do: "put-mapping"; readonly name: string; readonly mappings: estypes.MappingTypeMapping }
  | { readonly do: "reindex"; readonly name: string; readonly into: string; readonly alias: string };

/** What a cluster is to hold, and how to decide what a change of it means. */
export interface InstallPlan {
  readonly version: number;
  readonly templates: readonly TemplateDefinition[];
}

/** How installing is done. */
export interface InstallOptions {
  /** Only tells what would be done. */
  readonly dryRun?: boolean;
  /** What to install; by default what this version of Vedette needs. */
  readonly plan?: InstallPlan;
  readonly choices?: TemplateChoices;
}

type Target = Pick<Cluster, "client" | "capabilities">;

/**
 * Brings a cluster's templates, indices and aliases to what this version needs, and tells what it did. Doing it again does nothing. A mapping that only gains fields is
 * extended in place; one that changes otherwise is migrated: a new index, all documents copied with their versions, then the alias swapped.
 * @throws StoreError `store-schema-newer` when a newer version of Vedette has installed there, `store-index-foreign` when a name is taken by something that is not ours
 */
export async function installTemplates(
  cluster: Target,
  prefix: string,
  options: InstallOptions = {},
): Promise<InstallAction[]> {
  const { client, capabilities } = cluster;
  const {
    dryRun = false,
    choices,
    plan = { version: TEMPLATE_VERSION, templates: templatesOf(prefix, capabilities, choices) },
  } = options;
  const policies = policiesOf(prefix, capabilities, choices?.retention);
  const actions: InstallAction[] = (await changedPolicies(cluster, prefix, policies)).map((policy) => ({
    do: "put-policy",
    ...policy,
  }));
  const installed = await readTemplates(client, prefix);
  for (const template of plan.templates) {
    if (installed.has(template.name)) refuseNewer(template.name, installed.get(template.name), plan.version);
    const there = installed.get(template.name);
    if (there === undefined || there.version < plan.version)
      actions.push({ do: "put-template", name: template.name, body: template.body });
  }
  const planned = ALIASED_KINDS.map(async (kind) => {
    const template = plan.templates.find(({ body }) => readMeta(body._meta)?.kind === kind);
    const mappings = template?.body.template?.mappings;
    return mappings === undefined ? [] : planAlias(client, prefix, kind, mappings, plan.version);
  });
  actions.push(...(await Promise.all(planned)).flat());
  if (!dryRun) await performAll(client, actions);
  return actions;
}

async function readTemplates(
  client: Cluster["client"],
  prefix: string,
): Promise<Map<string, { readonly version: number } | undefined>> {
  const answer = await storing("Reading the index templates", () =>
    client.indices.getIndexTemplate({ name: `${prefix}-*` }, { ignore: [404] }),
  );
  const found = "index_templates" in answer ? (answer.index_templates ?? []) : [];
  return new Map(found.map(({ name, index_template }) => [name, readMeta(index_template._meta)]));
}

function refuseNewer(name: string, meta: { readonly version: number } | undefined, version: number): void {
  if (meta === undefined)
    throw new StoreError(
      "store-index-foreign",
      `The index template ${name} is not Vedette's. Choose another \`elasticsearch.prefix\`, or rename the template.`,
      { retryable: false },
    );
  if (meta.version > version)
    throw new StoreError(
      "store-schema-newer",
      `${name} was installed by a newer Vedette (version ${meta.version} of the templates, this program knows ${version}). Use that version or a later one.`,
      { retryable: false },
    );
}

async function planAlias(
  client: Cluster["client"],
  prefix: string,
  kind: AliasedKind,
  wanted: estypes.MappingTypeMapping,
  version: number,
): Promise<InstallAction[]> {
  const alias = aliasOf(prefix, kind);
  const backing = await backingIndex(client, alias);
  if (backing === undefined) return [{ do: "create-index", name: backingOf(prefix, kind, 1), alias }];
  const meta = readMeta(backing.mappings._meta);
  refuseNewer(backing.name, meta, version);
  if (meta?.version === version) return [];
  if (onlyAdds(backing.mappings.properties ?? {}, wanted.properties ?? {}))
    return [{ do: "put-mapping", name: backing.name, mappings: wanted }];
  const generation = Number(/-(\d{6})$/.exec(backing.name)?.[1] ?? 1);
  return [{ do: "reindex", name: backing.name, into: backingOf(prefix, kind, generation + 1), alias }];
}

async function backingIndex(
  client: Cluster["client"],
  alias: string,
): Promise<{ readonly name: string; readonly mappings: estypes.MappingTypeMapping } | undefined> {
  const answer = await storing(`Reading ${alias}`, async () => {
    try {
      return await client.indices.get({ index: alias });
    } catch (error) {
      if (error instanceof errors.ResponseError && error.statusCode === 404) return {};
      throw error;
    }
  });
  const [found] = Object.entries(answer);
  if (found === undefined) return undefined;
  const [name, { mappings = {} }] = found;
  return { name, mappings };
}

/** Whether every field that is there stays as it is. */
export function onlyAdds(
  before: Record<string, estypes.MappingProperty>,
  after: Record<string, estypes.MappingProperty>,
): boolean {
  return Object.entries(before).every(([name, property]) => {
    const next = after[name];
    if (next === undefined) return false;
    const { properties: inner, ...own } = withoutDefaults(property);
    const { properties: nextInner, ...nextOwn } = withoutDefaults(next);
    return (
      JSON.stringify(sorted(own)) === JSON.stringify(sorted(nextOwn)) &&
      onlyAdds(
        (inner ?? {}) as Record<string, estypes.MappingProperty>,
        (nextInner ?? {}) as Record<string, estypes.MappingProperty>,
      )
    );
  });
}

/** A property as the cluster tells it: `type: object` is left out where it has properties, and booleans come as text. */
function withoutDefaults(property: estypes.MappingProperty): Record<string, unknown> {
  const all = { ...(property as unknown as Record<string, unknown>) };
  if (all["type"] === "object") delete all["type"];
  return Object.fromEntries(
    Object.entries(all).map(([key, value]) => [key, key === "properties" ? value : String(value)]),
  );
}

const sorted = (record: Record<string, unknown>): [string, unknown][] =>
  Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));

/** Policies and templates first, because new indices take their mappings from them; what a master can do together is asked of it together. */
async function performAll(client: Cluster["client"], actions: readonly InstallAction[]): Promise<void> {
  const together = (kind: InstallAction["do"]): Promise<void[]> =>
    Promise.all(actions.filter((action) => action.do === kind).map((action) => perform(client, action)));
  await together("put-policy");
  await together("put-template");
  await together("create-index");
  for (const action of actions)
    if (action.do === "put-mapping" || action.do === "reindex") await perform(client, action);
}

async function perform(client: Cluster["client"], action: InstallAction): Promise<void> {
  switch (action.do) {
    case "put-policy":
      return putPolicy({ client }, action);
    case "put-template":
      await storing(`Installing the template ${action.name}`, () =>
        client.indices.putIndexTemplate({ name: action.name, ...action.body }),
      );
      return;
    case "create-index":
      await storing(`Creating ${action.name}`, async () => {
        try {
          await client.indices.create({ index: action.name, aliases: { [action.alias]: { is_write_index: true } } });
        } catch (error) {
          // Another worker that starts at the same time has made it.
          const exists = error instanceof Error && error.message.includes("resource_already_exists_exception");
          if (!exists) throw error;
        }
      });
      return;
    case "put-mapping":
      await storing(`Extending the mapping of ${action.name}`, () =>
        client.indices.putMapping({ index: action.name, ...action.mappings }),
      );
      return;
    case "reindex":
      await migrateAlias(client, action);
  }
}
