import type { Client } from "@elastic/elasticsearch";
import type { Log } from "../ports.ts";
import type { Capabilities } from "./cluster.ts";
import { toElasticsearchError } from "./errors.ts";

type FieldType = Capabilities["fieldTypes"] extends ReadonlySet<infer T> ? T : never;

/** Modules of the server that bring a field type; `flattened` is part of the server itself. */
const FIELD_TYPE_MODULES: readonly (readonly [FieldType, string])[] = [
  ["wildcard", "wildcard"],
  ["constant_keyword", "constant-keyword"],
  ["match_only_text", "mapper-extras"],
  ["version", "mapper-version"],
];

interface Probe {
  readonly module: string;
  readonly method: "GET" | "POST";
  readonly path: string;
}

/** Endpoints that only one module brings, and that change nothing when they are called so. */
const PROBES = {
  indexLifecycle: { module: "x-pack-ilm", method: "GET", path: "/_ilm/status" },
  dataStreamLifecycle: { module: "data-streams", method: "GET", path: "/_lifecycle/stats" },
  dataStreamApi: { module: "data-streams", method: "GET", path: "/_data_stream/vedette-probe-none" },
  esql: { module: "x-pack-esql", method: "POST", path: "/_query" },
  eql: { module: "x-pack-eql", method: "GET", path: "/_eql/search/vedette-probe-none" },
  asyncSearch: { module: "x-pack-async-search", method: "GET", path: "/_async_search/vedette-probe-none" },
} as const satisfies Record<string, Probe>;

type ProbeName = keyof typeof PROBES;

/**
 * Whether the server has a handler at an address: where there is none it answers 400 or 405 with a bare text for an error. Any other answer, a 403 included, comes from a handler.
 */
const hasHandler = async (client: Client, { method, path }: Pick<Probe, "method" | "path">, signal?: AbortSignal) => {
  const answer = await client.transport.request<{ readonly error?: unknown }, unknown>(
    { method, path, ...(method === "POST" ? { body: {} } : {}) },
    {
      meta: true,
      ignore: [400, 401, 403, 404, 405, 409, 410, 422, 500, 501],
      ...(signal === undefined ? {} : { signal }),
    },
  );
  const error = answer.body?.error;
  return !(typeof error === "string" && /^(?:no handler found|Incorrect HTTP method)/i.test(error));
};

interface NodeModules {
  readonly nodes?: Readonly<
    Record<string, { readonly version?: string; readonly modules?: readonly { readonly name?: string }[] }>
  >;
}

/** Names of the modules that every node has, or undefined when the cluster does not tell. */
const commonModules = async (
  client: Client,
  signal?: AbortSignal,
): Promise<{ readonly modules: ReadonlySet<string>; readonly versions: readonly string[] } | undefined> => {
  const answer = await client.transport.request<NodeModules, unknown>(
    {
      method: "GET",
      path: "/_nodes/plugins",
      querystring: { filter_path: "nodes.*.version,nodes.*.modules.name", timeout: "5s" },
    },
    { meta: true, ignore: [400, 403, 404, 405, 410, 500, 501], ...(signal === undefined ? {} : { signal }) },
  );
  if (answer.statusCode !== 200) return undefined;
  const nodes = Object.values(answer.body?.nodes ?? {});
  const [first, ...rest] = nodes.map(({ modules }) => new Set(modules?.flatMap(({ name }) => name ?? []) ?? []));
  if (first === undefined || first.size === 0) return undefined;
  return {
    modules: new Set([...first].filter((name) => rest.every((other) => other.has(name)))),
    versions: [...new Set(nodes.flatMap(({ version }) => version ?? []))],
  };
};

/** `GET /` of an Elasticsearch. */
export interface ServerInfo {
  readonly name?: string;
  readonly cluster_name?: string;
  readonly cluster_uuid?: string;
  readonly version?: { readonly number?: string; readonly build_flavor?: string; readonly distribution?: string };
  readonly tagline?: string;
}

const MANAGED: Omit<Capabilities, "version" | "major"> = {
  serverless: true,
  security: true,
  indexLifecycle: false,
  dataStreamLifecycle: true,
  dataStreamApi: true,
  esql: true,
  eql: true,
  asyncSearch: true,
  fieldTypes: new Set<FieldType>(["wildcard", "constant_keyword", "match_only_text", "flattened", "version"]),
};

/**
 * Asks once what the cluster can do. The list of modules (cluster privilege `monitor`) answers most; without it each endpoint is tried for being there, which needs no
 * privilege at all, and only the field types that every server has are taken to be there. In a cluster of mixed versions something counts as there when every node has it.
 * @throws ElasticsearchError when the cluster is gone meanwhile; an answer that forbids or does not know a probe is none.
 */
export const detectCapabilities = async (
  client: Client,
  info: ServerInfo,
  { log, signal }: { readonly log: Log; readonly signal?: AbortSignal | undefined },
): Promise<Capabilities> => {
  const version = info.version?.number ?? "";
  const major = Number.parseInt(version, 10);
  if (info.version?.build_flavor === "serverless") return { ...MANAGED, version, major };
  try {
    const listed = await commonModules(client, signal);
    const names = Object.keys(PROBES) as ProbeName[];
    const [security, ...answers] = await Promise.all([
      hasHandler(client, { method: "GET", path: "/_security/_authenticate" }, signal),
      ...names.map(async (name) =>
        listed !== undefined && !listed.modules.has(PROBES[name].module)
          ? false
          : await hasHandler(client, PROBES[name], signal),
      ),
    ]);
    const has = Object.fromEntries(names.map((name, index) => [name, answers[index] === true])) as Record<
      ProbeName,
      boolean
    >;
    const fieldTypes = new Set<FieldType>(["flattened"]);
    for (const [type, module] of FIELD_TYPE_MODULES) if (listed?.modules.has(module) === true) fieldTypes.add(type);
    if (listed === undefined) {
      log.info({}, "The cluster does not list its modules; only field types that every server has are used.");
    } else if (listed.versions.length > 1) {
      log.warn({ versions: listed.versions }, "The nodes of the cluster have different versions.");
    }
    return { version, major, serverless: false, security, ...has, fieldTypes };
  } catch (error) {
    throw toElasticsearchError(error, "Asking what the cluster can do");
  }
};
