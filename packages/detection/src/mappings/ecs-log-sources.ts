import type { JsonObject, LogSource } from "../event.ts";
import { digText, digTexts, dottedName } from "./dotted-name.ts";
import { createLogSourceCache } from "./log-source-cache.ts";
import { ownMember } from "./own-member.ts";

const DATASET = dottedName("event.dataset");
const STREAM = dottedName("data_stream.dataset");
const MODULE = dottedName("event.module");
const CATEGORY = dottedName("event.category");
const TYPE = dottedName("event.type");
const ACTION = dottedName("event.action");
const OS_TYPE = dottedName("host.os.type");
const OS_FAMILY = dottedName("host.os.family");
const OS_PLATFORM = dottedName("host.os.platform");
const OBSERVER = dottedName("observer.type");
const PROCESS = dottedName("process.name");
const EXECUTABLE = dottedName("process.executable");
const METHOD = dottedName("http.request.method");
const STATUS = dottedName("http.response.status_code");
const URL_PATH = dottedName("url.path");
const URL_ORIGINAL = dottedName("url.original");
const QUESTION = dottedName("dns.question.name");
const DESTINATION = dottedName("destination.ip");
const LANGUAGE = dottedName("service.language.name");
const FACILITY = dottedName("cisco.ios.facility");
const WORKLOAD = dottedName("o365.audit.Workload");

/** What tells the log sources of an ECS document. */
interface EcsIdentity {
  readonly dataset: string;
  readonly module: string;
  readonly categories: string;
  readonly types: string;
  readonly action: string;
  readonly os: string;
  readonly process: string;
  /** What else there is, one letter each: `p`rocess, `w`eb request, `d`NS question, `n`etwork peer, `x` proxy, `f`irewall. */
  readonly has: string;
  /** A detail that one product needs. */
  readonly detail: string;
}

/** Datasets of cloud and application services. */
const DATASETS: Readonly<Record<string, readonly LogSource[]>> = {
  "aws.cloudtrail": [{ product: "aws", service: "cloudtrail" }],
  "azure.activitylogs": [{ product: "azure", service: "activitylogs" }],
  "azure.auditlogs": [
    { product: "azure", service: "auditlogs" },
    { product: "azure", service: "pim" },
  ],
  "azure.signinlogs": [{ product: "azure", service: "signinlogs" }],
  "azure.identity_protection": [
    { product: "azure", service: "riskdetection" },
    { product: "azure", service: "pim" },
  ],
  "gcp.audit": [{ product: "gcp", service: "gcp.audit" }],
  "google_workspace.admin": [{ product: "gcp", service: "google_workspace.admin" }],
  "google_workspace.login": [{ product: "gcp", service: "google_workspace.login" }],
  "okta.system": [{ product: "okta", service: "okta" }],
  "github.audit": [{ product: "github", service: "audit" }],
  "kubernetes.audit_logs": [{ product: "kubernetes", category: "application", service: "audit" }],
  "atlassian_bitbucket.audit": [{ product: "bitbucket", service: "audit" }],
  "bitbucket.audit": [{ product: "bitbucket", service: "audit" }],
  "onelogin.events": [{ product: "onelogin", service: "onelogin.events" }],
  "cisco_duo.auth": [{ product: "cisco", service: "duo" }],
  "cisco_duo.admin": [{ product: "cisco", service: "duo" }],
  "fortinet.firewall": [
    { product: "fortigate", category: "firewall", service: "event" },
    { product: "fortios", service: "sslvpnd" },
  ],
  "fortinet_fortigate.log": [
    { product: "fortigate", category: "firewall", service: "event" },
    { product: "fortios", service: "sslvpnd" },
  ],
  "netflow.log": [{ service: "netflow", category: "network" }],
  "opencanary.events": [{ product: "opencanary", category: "application" }],
};

const PROXIES = new Set([
  "squid",
  "zscaler",
  "zscaler_zia",
  "bluecoat",
  "symantec_edge_swg",
  "forcepoint_web",
  "cisco_umbrella",
  "netskope",
  "cisco_secure_web_appliance",
  "trellix_swg",
]);
const WEB_SERVERS = new Set(["apache", "nginx", "iis", "traefik", "haproxy", "apache_tomcat", "tomcat", "cloudflare"]);

/** The log sources of an ECS document; one and the same list for documents that are alike. */
export function createEcsLogSources(): (document: JsonObject) => readonly LogSource[] {
  const cache = createLogSourceCache();
  return (document) => {
    const identity = identify(document);
    return cache(Object.values(identity).join("\0"), () => decide(identity));
  };
}

function identify(document: JsonObject): EcsIdentity {
  const lower = (text: string): string => text.toLowerCase();
  const categories = digTexts(document, CATEGORY).join(" ").toLowerCase();
  const dataset = lower(digText(document, DATASET) || digText(document, STREAM));
  const observer = lower(digText(document, OBSERVER));
  const executable = digText(document, EXECUTABLE);
  const process = digText(document, PROCESS);
  const hasRequest =
    digText(document, METHOD) !== "" ||
    (digText(document, STATUS) !== "" && (digText(document, URL_PATH) || digText(document, URL_ORIGINAL)) !== "");
  const action = lower(digText(document, ACTION));
  const os = operatingSystem(document, executable);
  return {
    dataset,
    module: lower(digText(document, MODULE)) || (dataset.split(".")[0] ?? ""),
    categories,
    types: digTexts(document, TYPE).join(" ").toLowerCase(),
    action: ACTIONS.has(action) || action.startsWith("vedette.") ? action : "",
    os,
    // Of programs only those that have a service of their own tell anything.
    process: PROGRAMS.has(lower(process)) ? lower(process) : "",
    has: [
      executable !== "" || process !== "" ? "p" : "",
      hasRequest ? "w" : "",
      digText(document, QUESTION) === "" ? "" : "d",
      digText(document, DESTINATION) === "" ? "" : "n",
      observer.includes("proxy") ? "x" : "",
      observer === "firewall" ? "f" : "",
    ].join(""),
    detail: lower(digText(document, FACILITY) || digText(document, WORKLOAD) || digText(document, LANGUAGE)),
  };
}

/** Actions that make a difference; others are many and make none. */
const ACTIONS = new Set(["fork", "rename", "overwrite", "modification", "load", "open", "deletion", "creation"]);

/** Programs whose lines Sigma has services for. */
const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["sshd", "sshd"],
  ["sudo", "sudo"],
  ["cron", "cron"],
  ["crond", "cron"],
  ["clamd", "clamav"],
  ["freshclam", "clamav"],
  ["guacd", "guacamole"],
  ["vsftpd", "vsftpd"],
]);

function operatingSystem(document: JsonObject, executable: string): string {
  const type = digText(document, OS_TYPE).toLowerCase();
  if (type === "windows" || type === "linux" || type === "macos") return type;
  const family = (digText(document, OS_PLATFORM) || digText(document, OS_FAMILY)).toLowerCase();
  if (family === "windows" || family === "darwin" || family === "macos") return family === "windows" ? family : "macos";
  if (family !== "") return "linux";
  return /^[a-z]:\\/i.test(executable) ? "windows" : "";
}

function decide(identity: EcsIdentity): readonly LogSource[] {
  const { dataset, module, has, detail, action } = identity;
  if (action.startsWith("vedette."))
    return [{ product: "vedette", service: action.slice("vedette.".length), category: "application" }];
  const known = ownMember(DATASETS, dataset);
  if (known !== undefined) return known;
  if (module === "o365")
    return detail === "securitycompliancecenter"
      ? ["threat_management", "threat_detection", "audit"].map((service) => ({ product: "m365", service }))
      : ["audit", ...(detail === "exchange" ? ["exchange"] : [])].map((service) => ({ product: "m365", service }));
  if (module === "zeek" && dataset.startsWith("zeek.")) return zeek(dataset.slice("zeek.".length));
  if (module === "cisco" || module === "cisco_ios") {
    if (dataset.startsWith("cisco.ios") || dataset.startsWith("cisco_ios"))
      return [{ product: "cisco", service: ownMember(CISCO, detail) ?? "syslog" }];
  }
  const host = hostSources(identity);
  if (host.length > 0) return host;
  if (has.includes("w") || WEB_SERVERS.has(module)) return web(identity);
  if (has.includes("d")) return [{ category: "dns" }, { category: "network", service: "dns" }];
  if (has.includes("n") || has.includes("f"))
    return [{ category: "firewall" }, { category: "network", service: "connection" }];
  const language = ownMember(LANGUAGES, detail);
  return language === undefined ? [] : [{ product: language, category: "application" }];
}

const CISCO: Readonly<Record<string, string>> = { aaa: "aaa", parser: "aaa", bgp: "bgp", ldp: "ldp" };

const LANGUAGES: Readonly<Record<string, string>> = {
  nodejs: "nodejs",
  javascript: "nodejs",
  java: "jvm",
  python: "python",
  ruby: "ruby_on_rails",
  sql: "sql",
};

/** The services of Zeek's logs; DNS and HTTP are also what rules without a product ask for. */
export function zeek(service: string): readonly LogSource[] {
  const own: LogSource = { product: "zeek", service };
  if (service === "dns") return [{ ...own, category: "dns" }];
  return service === "conn" ? [own, { category: "firewall" }] : [own];
}

function web({ module, dataset, has }: EcsIdentity): readonly LogSource[] {
  if (PROXIES.has(module) || has.includes("x"))
    return [{ category: "proxy", ...(module === "" ? {} : { service: module }) }];
  const service = WEB_SERVERS.has(module) ? module : undefined;
  if (dataset.endsWith(".error")) return [{ service }];
  return [{ category: "webserver", service }];
}

function hostSources({
  module,
  dataset,
  categories,
  types,
  action,
  os,
  process,
  has,
}: EcsIdentity): readonly LogSource[] {
  const isAudit = module === "auditd" || module === "auditd_manager";
  if (module === "system" || dataset.startsWith("system.")) {
    const service = PROGRAMS.get(process);
    const file = dataset === "system.syslog" ? "syslog" : "auth";
    if (dataset === "system.auth" || dataset === "system.syslog" || dataset === "system.security")
      return [
        { product: os === "macos" ? "macos" : "linux", service: file },
        ...(service === undefined ? [] : [{ product: "linux", service }]),
      ];
  }
  const product = isAudit ? "linux" : os === "" ? undefined : os;
  const sources: LogSource[] = isAudit ? [{ product: "linux", service: "auditd" }] : [];
  if (product === undefined) return sources;
  const of = (...names: readonly string[]): void => {
    for (const category of names) sources.push({ product, category });
  };
  const is = (list: string, word: string): boolean => list.split(" ").includes(word);
  if (is(categories, "library")) of("image_load");
  else if (is(categories, "driver")) of("driver_load");
  else if (is(categories, "process")) {
    if (is(types, "start") && action !== "fork") of("process_creation");
    else if (is(types, "end")) of("process_termination");
  } else if (is(categories, "registry")) of("registry_event", ...registry(action, types));
  else if (is(categories, "file")) of(...file(action, types, product));
  else if (has.includes("p") && has.includes("d")) of("dns_query");
  else if (is(categories, "network") && has.includes("p") && !is(types, "end")) of("network_connection");
  return sources;
}

function registry(action: string, types: string): readonly string[] {
  if (action === "creation" || types.includes("creation")) return ["registry_add"];
  if (action === "deletion" || types.includes("deletion")) return ["registry_delete"];
  return action === "rename" ? ["registry_rename"] : ["registry_set"];
}

/** Sysmon's FileCreate is a file made or overwritten; elsewhere rules of `file_event` are for changes as well. */
function file(action: string, types: string, product: string): readonly string[] {
  if (action === "deletion" || types.includes("deletion")) return ["file_delete"];
  if (action === "rename") return ["file_rename"];
  if (types.includes("creation") || action === "creation" || action === "overwrite") return ["file_event"];
  if (types.includes("change") && product !== "windows") return ["file_event"];
  return types.includes("access") || action === "open" ? ["file_access"] : [];
}
