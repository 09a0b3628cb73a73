import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Installation } from "./installation.ts";

/** The user that a node runs as where the tests are run by root. */
export const SERVER_UID = 9200;

/** The superuser of a node with security. */
export const ADMIN = "admin";

/** Makes a temporary folder for the folders of nodes; the user that nodes run as can pass through it. */
export function makeNodesFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vedette-nodes-"));
  chmodSync(folder, 0o711);
  return folder;
}

/** What a node is started with. */
export interface NodeOptions {
  /** Folder of its data, configuration and logs; started again with the same folder it is the same node. */
  readonly folder: string;
  readonly port: number;
  readonly transportPort: number;
  /** Transport ports of all nodes of the cluster; left out for a cluster of one. */
  readonly seeds?: readonly number[];
  /** Turns security on: basic authentication as `admin`, and API keys. */
  readonly password?: string;
  /** PEM texts; HTTPS instead of HTTP. */
  readonly tls?: { readonly key: string; readonly certificate: string };
  /** As Java writes it, e.g. `512m`. */
  readonly heap?: string;
  /** More lines for `elasticsearch.yml`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
}

/** Writes the folder that a node is started from. */
export function writeNodeFolder(installation: Installation, options: NodeOptions): void {
  const { folder, password, tls } = options;
  const config = join(folder, "config");
  for (const name of ["config/jvm.options.d", "data", "logs", "repo", "tmp"])
    mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(installation.home, "config", "log4j2.properties"), join(config, "log4j2.properties"));
  if (tls) {
    writeFileSync(join(config, "http.key"), tls.key, { mode: 0o600 });
    writeFileSync(join(config, "http.crt"), tls.certificate);
  }
  writeFileSync(join(config, "elasticsearch.yml"), yamlOf(options));
  writeFileSync(join(config, "jvm.options"), jvmOptions(options.heap ?? "512m"));
  if (password !== undefined) addAdmin(installation, config, password);
  if (process.getuid?.() === 0) giveTo(folder, SERVER_UID);
}

function yamlOf({ folder, port, transportPort, seeds, password, tls, settings }: NodeOptions): string {
  // The list of first masters is for nodes that have no cluster state yet.
  const isNew = readdirSync(join(folder, "data")).length === 0;
  const quoted = (values: readonly string[]): string => `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
  const lines = {
    "cluster.name": "vedette-test",
    "node.name": `n${transportPort}`,
    "path.data": join(folder, "data"),
    "path.logs": join(folder, "logs"),
    "path.repo": join(folder, "repo"),
    "network.host": "127.0.0.1",
    "http.port": port,
    "transport.port": transportPort,
    "xpack.security.enabled": password !== undefined,
    "xpack.security.autoconfiguration.enabled": false,
    ...(tls
      ? {
          "xpack.security.http.ssl.enabled": true,
          "xpack.security.http.ssl.key": "http.key",
          "xpack.security.http.ssl.certificate": "http.crt",
        }
      : {}),
    "cluster.routing.allocation.disk.threshold_enabled": false,
    "action.destructive_requires_name": false,
    ...(seeds
      ? {
          "discovery.seed_hosts": quoted(seeds.map((seed) => `127.0.0.1:${seed}`)),
          ...(isNew ? { "cluster.initial_master_nodes": quoted(seeds.map((seed) => `n${seed}`)) } : {}),
        }
      : { "discovery.type": "single-node" }),
    ...settings,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join("");
}

const jvmOptions = (heap: string): string =>
  [
    `-Xms${heap}`,
    `-Xmx${heap}`,
    "-XX:+UseSerialGC",
    // Quick to start matters more than quick to run.
    "-XX:TieredStopAtLevel=1",
    "-XX:-AlwaysPreTouch",
    "-Djava.io.tmpdir=${ES_TMPDIR}",
    "-XX:+ExitOnOutOfMemoryError",
    "",
  ].join("\n");

function addAdmin(installation: Installation, config: string, password: string): void {
  const users = join(config, "users");
  if (existsSync(users) && readFileSync(users, "utf8").includes(`${ADMIN}:`)) return;
  for (const name of ["roles.yml", "role_mapping.yml", "users", "users_roles"])
    copyFileSync(join(installation.home, "config", name), join(config, name));
  execFileSync(
    join(installation.java, "bin", "java"),
    [
      "-Xmx64m",
      "-XX:+UseSerialGC",
      "-XX:TieredStopAtLevel=1",
      "-Dcli.name=users",
      "-Dcli.libs=modules/x-pack-core,modules/x-pack-security,lib/tools/security-cli",
      `-Des.path.home=${installation.home}`,
      `-Des.path.conf=${config}`,
      "-Des.distribution.type=tar",
      "-cp",
      `${installation.home}/lib/*:${installation.home}/lib/cli-launcher/*`,
      "org.elasticsearch.launcher.CliToolLauncher",
      "useradd",
      ADMIN,
      "-p",
      password,
      "-r",
      "superuser",
    ],
    { stdio: "pipe", timeout: 60_000 },
  );
}

function giveTo(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const inside = join(path, entry.name);
    if (entry.isDirectory()) giveTo(inside, uid);
    else chownSync(inside, uid, uid);
  }
}
