import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** The server that the tests run against; `scripts/elasticsearch.mjs` fetches the same. */
export const ELASTICSEARCH_VERSION = "9.4.3";

const OLDEST_JAVA = 21;

/** Where the server and a Java that runs it are. */
export interface Installation {
  readonly home: string;
  readonly java: string;
}

/** Finds the server in the cache and a full JDK for it; says in one sentence what is missing otherwise. */
export function findInstallation(): Installation | { readonly missing: string } {
  const home = join(
    process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"),
    "vedette",
    `elasticsearch-${ELASTICSEARCH_VERSION}`,
  );
  if (!existsSync(join(home, `.ready-${ELASTICSEARCH_VERSION}`)))
    return { missing: `Elasticsearch ${ELASTICSEARCH_VERSION} is not in the cache: node scripts/elasticsearch.mjs` };
  const java = findJava();
  if (java === undefined)
    return {
      missing: `no JDK of version ${OLDEST_JAVA} or newer was found: apt-get install openjdk-21-jdk-headless, or name one in ES_JAVA_HOME`,
    };
  return { home: readableByAll(home), java };
}

/** Home of a full JDK: trimmed runtimes lack modules that the server needs. */
function findJava(): string | undefined {
  const folders = existsSync("/usr/lib/jvm")
    ? readdirSync("/usr/lib/jvm").map((name) => join("/usr/lib/jvm", name))
    : [];
  return [process.env["ES_JAVA_HOME"], process.env["JAVA_HOME"], ...folders].find((home) => {
    if (home === undefined || !existsSync(join(home, "bin", "java"))) return false;
    const { stdout, stderr } = spawnSync(join(home, "bin", "java"), ["-version"], { encoding: "utf8" });
    const version = Number(/version "(\d+)/.exec(`${stdout}${stderr}`)?.[1] ?? 0);
    if (version < OLDEST_JAVA) return false;
    return /^jdk\.jdi/m.test(spawnSync(join(home, "bin", "java"), ["--list-modules"], { encoding: "utf8" }).stdout);
  });
}

/** The server refuses to run as root and another user can not look into root's home: then a copy is run from the folder of temporary files. */
function readableByAll(home: string): string {
  if (process.getuid?.() !== 0 || isReadableByAll(home)) return home;
  const copy = join(tmpdir(), `vedette-elasticsearch-${ELASTICSEARCH_VERSION}`);
  if (existsSync(copy)) {
    if (statSync(copy).uid !== 0) throw new Error(`${copy} belongs to another user; remove it`);
    return copy;
  }
  const unfinished = mkdtempSync(`${copy}-`);
  execFileSync("cp", ["-a", `${home}/.`, unfinished]);
  execFileSync("chmod", ["a+rX", unfinished]);
  try {
    renameSync(unfinished, copy);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another run has put it there in the meantime.
    if (!existsSync(copy)) throw error;
  }
  return copy;
}

function isReadableByAll(path: string): boolean {
  const parts = path.split("/");
  return parts.every((_, index) => (statSync(parts.slice(0, index + 1).join("/") || "/").mode & 0o005) === 0o005);
}
