import type { Client } from "@elastic/elasticsearch";

/** What a cluster can do, asked once when the worker connects: what is there is used, nothing that may be missing is required. */
export interface Capabilities {
  /** E.g. `9.4.3`, and its major number. `serverless` clusters have no version of their own and no shards to tail. */
  readonly version: string;
  readonly major: number;
  readonly serverless: boolean;
  readonly security: boolean;
  readonly indexLifecycle: boolean;
  readonly dataStreamLifecycle: boolean;
  /** The `/_data_stream` API. Data streams themselves work without it. */
  readonly dataStreamApi: boolean;
  readonly esql: boolean;
  readonly eql: boolean;
  readonly asyncSearch: boolean;
  /** Field types that this cluster's mappings can use, of those that we would like to. */
  readonly fieldTypes: ReadonlySet<"wildcard" | "constant_keyword" | "match_only_text" | "flattened" | "version">;
}

/** How an Elasticsearch cluster is reached. */
export interface ClusterConnection {
  readonly urls: readonly string[];
  readonly apiKey?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM text of the certificate authority. */
  readonly ca?: string | undefined;
  /** SHA-256 fingerprint of the certificate authority, as Elasticsearch prints it at its first start. */
  readonly caFingerprint?: string | undefined;
  /** Whether the server's certificate is checked; by default it is. With `ca` or `caFingerprint`, false leaves only the names in it unchecked. */
  readonly verifyCertificate?: boolean | undefined;
  /** Milliseconds that one request may take. */
  readonly requestTimeout: number;
}

/** A connected cluster. Disposing of it closes its connections. */
export interface Cluster extends AsyncDisposable {
  readonly client: Client;
  readonly uuid: string;
  readonly name: string;
  readonly capabilities: Capabilities;
}
