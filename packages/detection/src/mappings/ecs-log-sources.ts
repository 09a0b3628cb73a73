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

/** Datasets of cloud and application services. */
export const DATASETS: Readonly<Record<string, readonly LogSource[]>> = {
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

/** Modules of proxies. */
export const PROXIES: ReadonlySet<string> = new Set([
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
/** Modules of web servers. */
export const WEB_SERVERS: ReadonlySet<string> = new Set([
  "apache",
  "nginx",
  "iis",
  "traefik",
  "haproxy",
  "apache_tomcat",
  "tomcat",
  "cloudflare",
]);

/**
 * The log sources of an ECS document; one and the same list for documents that are alike. What tells more is read first, and nothing that
 * is not needed.
 */
export function createEcsLogSources(): (document: JsonObject) => readonly LogSource[] {
  const cache = createLogSourceCache();
  return (document) => {
    const action = digText(document, ACTION);
    if (action.startsWith("vedette."))
      return cache(action, () => [
        { product: "vedette", service: action.slice("vedette.".length).toLowerCase(), category: "application" },
      ]);
    const dataset = digText(document, DATASET) || digText(document, STREAM);
    const known = ownMember(DATASETS, dataset);
    if (known !== undefined) return cache(dataset, () => known);
    const module = digText(document, MODULE) || (dataset.split(".", 1)[0] ?? "");
    if (SPECIAL_MODULES.has(module)) {
      const detail = digText(document, module === "o365" ? WORKLOAD : FACILITY).toLowerCase();
      return cache(`m ${module} ${dataset} ${detail}`, () => ofModule(module, dataset, detail));
    }
    if (dataset === "system.auth" || dataset === "system.syslog" || dataset === "system.security") {
      const service = PROGRAMS.get(digText(document, PROCESS).toLowerCase());
      return cache(`s ${dataset} ${service ?? ""}`, () => ofSystem(dataset, service));
    }
    const isAudit = module === "auditd" || module === "auditd_manager";
    const host = hostKey(document, action, isAudit);
    if (host !== undefined) {
      const sources = cache(`h ${host}`, () => ofHost(host));
      if (sources.length > 0) return sources;
    }
    return ofTraffic(document, module, dataset, cache);
  };
}

/** Modules whose datasets do not tell everything. */
const SPECIAL_MODULES = new Set(["o365", "zeek", "cisco", "cisco_ios"]);

function ofModule(module: string, dataset: string, detail: string): readonly LogSource[] {
  if (module === "zeek") return dataset.startsWith("zeek.") ? zeek(dataset.slice("zeek.".length)) : [];
  if (module !== "o365")
    return dataset.includes("ios") ? [{ product: "cisco", service: ownMember(CISCO, detail) ?? "syslog" }] : FIREWALL;
  const services =
    detail === "securitycompliancecenter"
      ? ["threat_management", "threat_detection", "audit"]
      : ["audit", ...(detail === "exchange" ? ["exchange"] : [])];
  return services.map((service) => ({ product: "m365", service }));
}

/** Services of what IOS calls facilities: what was typed is logged by the parser. */
export const CISCO: Readonly<Record<string, string>> = { aaa: "aaa", parser: "aaa", bgp: "bgp", ldp: "ldp" };

/** Programs whose lines Sigma has services for. */
export const PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["sshd", "sshd"],
  ["sudo", "sudo"],
  ["cron", "cron"],
  ["crond", "cron"],
  ["clamd", "clamav"],
  ["freshclam", "clamav"],
  ["guacd", "guacamole"],
  ["vsftpd", "vsftpd"],
]);

function ofSystem(dataset: string, program: string | undefined): readonly LogSource[] {
  const file: LogSource = { product: "linux", service: dataset === "system.syslog" ? "syslog" : "auth" };
  return program === undefined ? [file] : [file, { product: "linux", service: program }];
}

/** Actions that make a difference; others are many and make none. */
const ACTIONS = new Set(["fork", "rename", "overwrite", "modification", "load", "open", "deletion", "creation"]);

/** What tells the log sources of an event on a host, parted by `|`; undefined when it is none. */
function hostKey(document: JsonObject, action: string, isAudit: boolean): string | undefined {
  const found = digTexts(document, CATEGORY);
  const categories = found.length === 1 ? (found[0] ?? "") : found.join(" ");
  if (categories.includes("malware")) return MALWARE;
  if (!isAudit && !/\b(?:process|file|registry|network|library|driver)\b/.test(categories)) return undefined;
  const executable = digText(document, EXECUTABLE);
  const os = isAudit ? "linux" : operatingSystem(document, executable);
  if (os === "") return undefined;
  const types = digTexts(document, TYPE);
  const isNetwork = categories.includes("network");
  return [
    isAudit ? "audit" : "",
    os,
    categories,
    types.length === 1 ? (types[0] ?? "") : types.join(" "),
    ACTIONS.has(action) ? action : "",
    isNetwork && executable !== "" ? "p" : "",
    isNetwork && digText(document, QUESTION) !== "" && (executable !== "" || digText(document, PROCESS) !== "")
      ? "d"
      : "",
  ].join("|");
}

/** The key of what an antivirus found, whatever the host. */
const MALWARE = "malware";

function operatingSystem(document: JsonObject, executable: string): string {
  const type = digText(document, OS_TYPE).toLowerCase();
  if (type === "windows" || type === "linux" || type === "macos") return type;
  const family = (digText(document, OS_PLATFORM) || digText(document, OS_FAMILY)).toLowerCase();
  if (family === "windows") return family;
  if (family === "darwin" || family === "macos") return "macos";
  if (family !== "") return "linux";
  return /^[a-z]:\\/i.test(executable) ? "windows" : "";
}

function ofHost(key: string): readonly LogSource[] {
  if (key === MALWARE) return [{ category: "antivirus" }];
  const [audit, product, categoryList = "", typeList = "", action = "", process, query] = key.split("|");
  const categories = new Set(categoryList.split(" "));
  const types = new Set(typeList.split(" "));
  const names = ((): readonly string[] => {
    if (categories.has("library")) return ["image_load"];
    if (categories.has("driver")) return ["driver_load"];
    if (categories.has("process")) {
      // A fork runs what its parent ran.
      if (types.has("start") && action !== "fork") return ["process_creation"];
      return types.has("end") ? ["process_termination"] : [];
    }
    if (categories.has("registry")) return ["registry_event", ...registry(action, types)];
    if (categories.has("file")) return file(action, types, product);
    if (query === "d") return ["dns_query"];
    return categories.has("network") && process === "p" && !types.has("end") ? ["network_connection"] : [];
  })();
  const sources = names.map((category) => ({ product, category }));
  return audit === "" ? sources : [{ product: "linux", service: "auditd" }, ...sources];
}

function registry(action: string, types: ReadonlySet<string>): readonly string[] {
  if (action === "creation" || types.has("creation")) return ["registry_add"];
  if (action === "deletion" || types.has("deletion")) return ["registry_delete"];
  return action === "rename" ? ["registry_rename"] : ["registry_set"];
}

/** Sysmon's FileCreate is a file made or overwritten; elsewhere rules of `file_event` are for changes as well. */
function file(action: string, types: ReadonlySet<string>, product: string | undefined): readonly string[] {
  if (action === "deletion" || types.has("deletion")) return ["file_delete"];
  if (action === "rename") return ["file_rename"];
  if (types.has("creation") || action === "creation" || action === "overwrite") return ["file_event"];
  if (types.has("change") && product !== "windows") return ["file_event"];
  return types.has("access") || action === "open" ? ["file_access"] : [];
}

const DNS: readonly LogSource[] = [{ category: "dns" }, { category: "network", service: "dns" }];
const FIREWALL: readonly LogSource[] = [{ category: "firewall" }, { category: "network", service: "connection" }];

/** Web requests, DNS queries and connections that no host reports of its own processes; what is left belongs to a language. */
function ofTraffic(
  document: JsonObject,
  module: string,
  dataset: string,
  cache: ReturnType<typeof createLogSourceCache>,
): readonly LogSource[] {
  const isRequest =
    digText(document, METHOD) !== "" ||
    (digText(document, STATUS) !== "" &&
      (digText(document, URL_PATH) !== "" || digText(document, URL_ORIGINAL) !== ""));
  if (isRequest || WEB_SERVERS.has(module)) {
    const isProxy = PROXIES.has(module) || digText(document, OBSERVER).toLowerCase().includes("proxy");
    const isError = dataset.endsWith(".error");
    return cache(`w ${module} ${isProxy} ${isError}`, () => web(module, isProxy, isError));
  }
  if (digText(document, QUESTION) !== "") return cache("dns", () => DNS);
  if (digText(document, DESTINATION) !== "" || digText(document, OBSERVER).toLowerCase() === "firewall")
    return cache("firewall", () => FIREWALL);
  const language = digText(document, LANGUAGE).toLowerCase();
  return cache(`l ${language}`, () => {
    const product = ownMember(LANGUAGES, language);
    return product === undefined ? [] : [{ product, category: "application" }];
  });
}

/** Products by the language that a service says it is written in. */
export const LANGUAGES: Readonly<Record<string, string>> = {
  nodejs: "nodejs",
  javascript: "nodejs",
  java: "jvm",
  python: "python",
  ruby: "ruby_on_rails",
};

function web(module: string, isProxy: boolean, isError: boolean): readonly LogSource[] {
  const service = module === "" ? undefined : module;
  if (isProxy) return [{ category: "proxy", service }];
  return isError ? [{ service }] : [{ category: "webserver", service }];
}

/** The services of Zeek's logs; DNS and connections are also what rules without a product ask for. */
export function zeek(service: string): readonly LogSource[] {
  const own: LogSource = { product: "zeek", service };
  if (service === "dns") return [{ ...own, category: "dns" }];
  return service === "conn" ? [own, { category: "firewall" }] : [own];
}
