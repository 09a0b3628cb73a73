import type { ConnectionOptions } from "node:tls";
import { Client, errors, SniffingTransport, type TransportOptions } from "@elastic/elasticsearch";
import type { Log } from "../ports.ts";
import { detectCapabilities, type ServerInfo } from "./capabilities.ts";
import type { Cluster, ClusterConnection } from "./cluster.ts";
import { calling, ElasticsearchError, statusError, toElasticsearchError } from "./errors.ts";
import { pinnedAuthority } from "./pinned-authority.ts";

/** How one request ended: `ok`, or the code of its error without its prefix (`timeout`, `overloaded` …). */
export type RequestOutcome = string;

/** What `connectCluster` needs besides the connection. */
export interface ConnectOptions {
  readonly log: Log;
  readonly signal?: AbortSignal | undefined;
  /** Aborts every request, also those under way, once nothing is waited for any more. */
  readonly ending?: AbortSignal | undefined;
  /** Told of each request to the cluster once it has ended. */
  readonly onRequest?: ((outcome: RequestOutcome) => void) | undefined;
}

/**
 * Sends plain media types instead of those that ask for compatibility with version 9, which a server of version 8 refuses. A server answers a plain one in its own
 * version's form; those of 8.19 and 9 are equal in everything that is used here.
 */
class PlainTransport extends SniffingTransport {
  constructor(options: TransportOptions) {
    // The product is checked in `askInfo`, which can also tell what else it is.
    const { productCheck: _, ...others } = options;
    super({
      ...others,
      vendoredHeaders: {
        jsonContentType: "application/json",
        ndjsonContentType: "application/x-ndjson",
        accept: "application/json,text/plain",
      },
    });
  }
}

const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** Whether a request failed before a byte of it was sent, so that sending it to another node cannot do anything twice. */
const neverSent = (error: unknown): boolean => {
  if (!(error instanceof errors.ConnectionError)) return false;
  for (let inner: unknown = error, depth = 0; inner instanceof Error && depth < 6; inner = inner.cause, depth += 1) {
    const { code } = inner as { readonly code?: unknown };
    if (typeof code === "string" && NEVER_SENT.has(code)) return true;
    if (/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|Connect Timeout/.test(inner.message)) return true;
  }
  return false;
};

const tlsOptions = ({ ca, verifyCertificate }: ClusterConnection): ConnectionOptions => {
  if (verifyCertificate !== false) return ca === undefined ? {} : { ca };
  // With an authority of its own only the names in the certificate are left unchecked.
  return ca === undefined ? { rejectUnauthorized: false } : { ca, checkServerIdentity: () => undefined };
};

const named = ({ code }: ElasticsearchError): RequestOutcome => code.replace("elasticsearch-", "");

/** Requests whose answer is read as it comes, and those that expect an error, resolve with it. */
const outcomeOf = (answer: unknown): RequestOutcome => {
  const { statusCode } = (typeof answer === "object" && answer !== null ? answer : {}) as { statusCode?: unknown };
  if (typeof statusCode !== "number" || statusCode < 400) return "ok";
  return named(statusError(statusCode, { type: "", reason: "" }, "A request"));
};

const createClient = (
  connection: ClusterConnection,
  { onRequest, ending }: Pick<ConnectOptions, "onRequest" | "ending">,
): Client => {
  const { apiKey, username, password } = connection;
  const tls = connection.urls.some((url) => url.startsWith("https:"));
  const client = new Client({
    nodes: [...connection.urls],
    Transport: PlainTransport,
    requestTimeout: connection.requestTimeout,
    // The client would also repeat a request whose answer was lost; a compare-and-set or a `create` that had succeeded would then look like another's. Who sends it decides.
    maxRetries: 0,
    name: "vedette",
    opaqueIdPrefix: "vedette:",
    ...(apiKey === undefined
      ? username === undefined
        ? {}
        : { auth: { username, password: password ?? "" } }
      : { auth: { apiKey } }),
    ...(tls ? { tls: tlsOptions(connection) } : {}),
  });
  const { transport } = client;
  const send = transport.request.bind(transport) as (params: unknown, options?: object) => Promise<unknown>;
  const request = async (params: unknown, given: { readonly signal?: AbortSignal } = {}): Promise<unknown> => {
    const signals = [given.signal, ending].filter((signal) => signal !== undefined);
    const options = signals.length === 0 ? given : { ...given, signal: AbortSignal.any(signals) };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const answer = await send(params, options);
        onRequest?.(outcomeOf(answer));
        return answer;
      } catch (error) {
        const told = toElasticsearchError(error, "A request");
        onRequest?.(told instanceof ElasticsearchError ? named(told) : "failed");
        if (attempt >= connection.urls.length || !neverSent(error)) throw error;
      }
    }
  };
  transport.request = request as typeof transport.request;
  return client;
};

const OPENSEARCH =
  "This cluster is OpenSearch, which Vedette does not read or write: send its events to the worker by OTLP through the OpenTelemetry Collector instead.";

const isOpenSearch = (info: unknown): boolean => {
  const { version, tagline } = (typeof info === "object" && info !== null ? info : {}) as ServerInfo;
  return version?.distribution === "opensearch" || /opensearch/i.test(tagline ?? "");
};

const askInfo = async (client: Client, signal: AbortSignal | undefined): Promise<ServerInfo> => {
  const { body, headers } = await calling("Connecting to Elasticsearch", async () =>
    client.transport.request<ServerInfo, unknown>(
      { method: "GET", path: "/" },
      { meta: true, ...(signal === undefined ? {} : { signal }) },
    ),
  );
  if (isOpenSearch(body)) throw new ElasticsearchError("elasticsearch-opensearch", OPENSEARCH, { retryable: false });
  if (headers?.["x-elastic-product"] === "Elasticsearch") return body;
  throw new ElasticsearchError(
    "elasticsearch-not-recognized",
    "Connecting to Elasticsearch failed: what answers does not say that it is Elasticsearch.",
    { retryable: false },
  );
};

const requireVersion = (info: ServerInfo): void => {
  const number = info.version?.number ?? "";
  const [major = Number.NaN, minor = Number.NaN] = number.split(".").map((part) => Number.parseInt(part, 10));
  if (major > 8 || (major === 8 && minor >= 19)) return;
  const what = Number.isNaN(major) ? "of an unknown version" : number;
  throw new ElasticsearchError(
    "elasticsearch-version",
    `This cluster is Elasticsearch ${what}; Vedette needs 8.19 or later.`,
    { retryable: false },
  );
};

/**
 * Connects to a cluster: checks that it is an Elasticsearch of a version that is supported, and asks once what it can do.
 *
 * Supported are 8.19, the last minor version of 8 and the only one still maintained, and everything from 9.0 on. 8.0 to 8.18 are refused: nothing here was seen to work there, and the upgrade
 * to 8.19 is a rolling one. A version above 9 is taken, with a warning. Serverless projects are recognised; their version number says nothing, so it is not looked at.
 *
 * The client repeats no request by itself, with one exception: what was certainly never sent (connection refused, unknown host) goes to the next address.
 * @throws ElasticsearchError with a cure in every case (`docs/errors.md`); retryable when the cluster cannot be reached now.
 */
export const connectCluster = async (
  connection: ClusterConnection,
  { log, signal, onRequest, ending }: ConnectOptions,
): Promise<Cluster> => {
  let client: Client;
  const secure = connection.urls.find((url) => url.startsWith("https:"));
  const ca =
    secure === undefined || connection.caFingerprint === undefined || connection.ca !== undefined
      ? connection.ca
      : await pinnedAuthority(secure, connection.caFingerprint, { timeout: connection.requestTimeout, signal });
  try {
    client = createClient({ ...connection, ca }, { onRequest, ending });
  } catch (error) {
    throw toElasticsearchError(error, "Connecting to Elasticsearch");
  }
  try {
    const info = await askInfo(client, signal);
    if (info.version?.build_flavor !== "serverless") requireVersion(info);
    const uuid = info.cluster_uuid ?? "";
    if (uuid === "" || uuid === "_na_")
      throw new ElasticsearchError("elasticsearch-unavailable", "The cluster has not formed yet.", { retryable: true });
    const capabilities = await detectCapabilities(client, info, { log, signal });
    if (!capabilities.serverless && capabilities.major > 9)
      log.warn({ version: capabilities.version }, "This version of Elasticsearch is newer than any that was tested.");
    const name = info.cluster_name ?? "";
    log.info(
      { cluster: name, uuid, ...capabilities, fieldTypes: [...capabilities.fieldTypes] },
      "Connected to Elasticsearch.",
    );
    return { client, uuid, name, capabilities, [Symbol.asyncDispose]: async () => await client.close() };
  } catch (error) {
    await client.close();
    throw error;
  }
};
