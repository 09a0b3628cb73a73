import type { ScriptedAnswer, SeenRequest } from "./answering-server.ts";

const version = (number: string, rest: object = {}) => ({
  number,
  build_flavor: "default",
  build_type: "docker",
  build_hash: "45f6a06b1b441b41fe711059b8720013173e7c89",
  build_date: "2026-06-25T14:04:34.316306228Z",
  build_snapshot: false,
  lucene_version: "10.4.0",
  minimum_wire_compatibility_version: "8.19.0",
  minimum_index_compatibility_version: "8.0.0",
  ...rest,
});

/** `GET /` as recorded from 9.4.3, with another version number; 8.19 answers with the same fields. */
export const info = (number: string, rest: object = {}): object => ({
  name: "es-1",
  cluster_name: "test",
  cluster_uuid: "8f7NOz3ZRO2kD-dcs3_huQ",
  version: version(number, rest),
  tagline: "You Know, for Search",
});

/** `GET /` of OpenSearch as its documentation shows it, and as it is with `compatibility.override_main_response_version`. */
export const openSearchInfo = (number: string, overridden = false): object => ({
  name: "opensearch-node1",
  cluster_name: "opensearch-cluster",
  cluster_uuid: "sQj1b9cZQICv0b8iYc3y5A",
  version: {
    ...(overridden ? {} : { distribution: "opensearch" }),
    number: overridden ? "7.10.2" : number,
    build_type: "tar",
    lucene_version: "9.10.0",
    minimum_wire_compatibility_version: "7.10.0",
    minimum_index_compatibility_version: "7.0.0",
  },
  tagline: "The OpenSearch Project: https://opensearch.org/",
});

/** Recorded from 9.4.3: an address that the server does not know. */
export const noHandler = ({ method, path }: SeenRequest): ScriptedAnswer =>
  path === "/_query"
    ? {
        status: 405,
        body: {
          error: `Incorrect HTTP method for uri [${path}] and method [${method}], allowed: [GET, PUT, DELETE, HEAD]`,
          status: 405,
        },
      }
    : { status: 400, body: { error: `no handler found for uri [${path}] and method [${method}]` } };

/** Documented shape of what the security features refuse. */
export const forbidden = (action: string, granting: string): ScriptedAnswer => ({
  status: 403,
  body: {
    error: {
      type: "security_exception",
      reason: `action [${action}] is unauthorized for API key id [x] of user [u], this action is granted by the cluster privileges [${granting}]`,
    },
    status: 403,
  },
});

/** Modules of the default distribution that matter here, as `GET _nodes/plugins` names them (documented). */
export const ALL_MODULES = [
  "constant-keyword",
  "data-streams",
  "mapper-extras",
  "mapper-version",
  "wildcard",
  "x-pack-async-search",
  "x-pack-core",
  "x-pack-eql",
  "x-pack-esql",
  "x-pack-ilm",
  "x-pack-security",
];

/** Modules of the server of the tests, as recorded. */
export const FEW_MODULES = ["analysis-common", "rest-root", "transport-netty4", "x-pack-core", "x-pack-security"];

/** `GET _nodes/plugins` for nodes with these modules. */
export const nodes = (...modules: readonly (readonly string[])[]): object => ({
  nodes: Object.fromEntries(
    modules.map((names, index) => [`node-${index}`, { version: "9.4.3", modules: names.map((name) => ({ name })) }]),
  ),
});

/** Recorded or documented answers to the probes of a server that has everything: what a module answers matters less than that it does. */
export const everyHandler = (request: SeenRequest): ScriptedAnswer => {
  switch (request.path) {
    case "/_security/_authenticate":
      return { body: { username: "u", roles: [], authentication_type: "api_key" } };
    case "/_ilm/status":
      return forbidden("cluster:admin/ilm/operation_mode/get", "read_ilm,manage_ilm,manage,all");
    case "/_lifecycle/stats":
      return { body: { data_stream_count: 1 } };
    case "/_query":
      return {
        status: 400,
        body: { error: { type: "action_request_validation_exception", reason: "[query] is required" }, status: 400 },
      };
    case "/_data_stream/vedette-probe-none":
      return {
        status: 404,
        body: { error: { type: "index_not_found_exception", reason: "no such index" }, status: 404 },
      };
    case "/_eql/search/vedette-probe-none":
    case "/_async_search/vedette-probe-none":
      return { status: 404, body: { error: { type: "resource_not_found_exception" }, status: 404 } };
    default:
      return noHandler(request);
  }
};
