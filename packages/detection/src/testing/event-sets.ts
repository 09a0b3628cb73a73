import type { JsonObject, JsonValue, LogSource } from "../event.ts";
import { sharedLines } from "./shared-data.ts";

/** Events of the labelled data, and the log source of those that do not tell it themselves. */
export interface EventSet {
  readonly name: string;
  readonly documents: () => readonly { readonly document: JsonObject; readonly logSource?: LogSource | undefined }[];
}

interface CloudCase {
  readonly log_types: readonly string[] | null;
  readonly event: JsonObject;
}

interface RegressionCase {
  readonly events_flat: readonly JsonObject[];
  readonly events_nested: readonly JsonObject[];
}

interface HttpCase {
  readonly stages: readonly {
    readonly method?: string | null;
    readonly uri?: string | null;
    readonly headers?: JsonObject | null;
  }[];
}

interface AuditCase {
  readonly raw: readonly string[];
  readonly expected_coalesced: JsonObject;
}

interface ScenarioCase {
  readonly log: readonly string[];
  readonly alerts: readonly { readonly events: readonly JsonObject[] }[];
}

/** Sigma's log source for a log type of cloud-app-rule-tests. */
const CLOUD_SOURCES: Readonly<Record<string, LogSource>> = {
  "AWS.CloudTrail": { product: "aws", service: "cloudtrail" },
  "Azure.MonitorActivity": { product: "azure", service: "activitylogs" },
  "Azure.Audit": { product: "azure", service: "auditlogs" },
  "GCP.AuditLog": { product: "gcp", service: "gcp.audit" },
  "GSuite.ActivityEvent": { product: "gcp", service: "google_workspace.admin" },
  "GitHub.Audit": { product: "github", service: "audit" },
  "Okta.SystemLog": { product: "okta", service: "okta" },
  "OneLogin.Events": { product: "onelogin", service: "onelogin.events" },
  "Amazon.EKS.Audit": { product: "kubernetes", category: "application", service: "audit" },
  "Crowdstrike.FDREvent": { product: "windows", category: "process_creation" },
  "Microsoft365.Audit.Exchange": { product: "m365", service: "exchange" },
  "AWS.VPCDns": { category: "dns" },
  "Zeek.DNS": { product: "zeek", service: "dns" },
};

const webserver: LogSource = { category: "webserver" };
const plain = (documents: readonly JsonObject[], logSource?: LogSource) =>
  documents.map((document) => ({ document, logSource }));

/** Every file of the labelled data that holds events, in the forms in which events of its kind are delivered. */
export const EVENT_SETS: readonly EventSet[] = [
  {
    name: "sigma-regression, flat",
    documents: () =>
      plain(sharedLines<RegressionCase>("sigma-regression.jsonl.gz").flatMap(({ events_flat }) => events_flat)),
  },
  {
    name: "sigma-regression, nested",
    documents: () =>
      plain(sharedLines<RegressionCase>("sigma-regression.jsonl.gz").flatMap(({ events_nested }) => events_nested)),
  },
  {
    name: "windows-attack",
    documents: () =>
      plain(sharedLines<{ events: readonly JsonObject[] }>("windows-attack.jsonl.gz").flatMap(({ events }) => events)),
  },
  {
    name: "otrf-windows",
    documents: () => plain(sharedLines<{ event: JsonObject }>("otrf-windows.jsonl.gz").map(({ event }) => event)),
  },
  {
    name: "windows-background",
    documents: () => plain(sharedLines<{ event: JsonObject }>("windows-background.jsonl.gz").map(({ event }) => event)),
  },
  {
    name: "cloudtrail-mixed",
    documents: () =>
      plain(
        sharedLines<{ event: JsonObject }>("cloudtrail-mixed.jsonl.gz").map(({ event }) => event),
        CLOUD_SOURCES["AWS.CloudTrail"],
      ),
  },
  {
    name: "cloudtrail-stratus",
    documents: () =>
      plain(
        sharedLines<{ events: readonly JsonObject[] }>("cloudtrail-stratus.jsonl.gz").flatMap(({ events }) => events),
        CLOUD_SOURCES["AWS.CloudTrail"],
      ),
  },
  {
    name: "cloud-app-rule-tests",
    documents: () =>
      sharedLines<CloudCase>("cloud-app-rule-tests.jsonl.gz").map(({ event, log_types }) => ({
        document: event,
        logSource: log_types?.map((type) => CLOUD_SOURCES[type]).find((source) => source !== undefined),
      })),
  },
  {
    name: "linux-auditd, coalesced",
    documents: () =>
      plain(
        sharedLines<AuditCase>("linux-auditd.jsonl.gz").map(({ expected_coalesced }) => expected_coalesced),
        { product: "linux", service: "auditd" },
      ),
  },
  {
    name: "linux-auditd, records",
    documents: () =>
      plain(
        sharedLines<AuditCase>("linux-auditd.jsonl.gz").flatMap(({ raw }) => raw.map(auditRecord)),
        { product: "linux", service: "auditd" },
      ),
  },
  {
    name: "linux-authlog",
    documents: () =>
      sharedLines<{ raw: string }>("linux-authlog.jsonl.gz").map(({ raw }) => ({
        document: { message: raw },
        logSource: { product: "linux", service: raw.includes(" sshd[") ? "sshd" : "auth" },
      })),
  },
  {
    name: "web-access, ECS",
    documents: () =>
      plain(
        sharedLines<{ ecs: JsonObject }>("web-access.jsonl.gz").map(({ ecs }) => ecs),
        webserver,
      ),
  },
  {
    name: "crs-http, as a web server",
    documents: () => plain(requests().map(serverLine), webserver),
  },
  {
    name: "crs-http, as a proxy",
    documents: () => plain(requests().map(proxyLine), { category: "proxy" }),
  },
  {
    name: "web-payloads, as a web server",
    documents: () => plain(payloads().map(serverLine), webserver),
  },
  {
    name: "web-payloads, as a proxy",
    documents: () => plain(payloads().map(proxyLine), { category: "proxy" }),
  },
  {
    name: "log-scenarios, normalised",
    documents: () =>
      plain(
        sharedLines<ScenarioCase>("log-scenarios.jsonl.gz").flatMap(({ alerts }) =>
          alerts.flatMap(({ events }) => events),
        ),
        { product: "linux", service: "syslog" },
      ),
  },
  {
    name: "log-scenarios, lines",
    documents: () =>
      plain(
        sharedLines<ScenarioCase>("log-scenarios.jsonl.gz").flatMap(({ log }) =>
          log.map((message): JsonObject => ({ message })),
        ),
        { product: "linux", service: "syslog" },
      ),
  },
  {
    name: "log-normalise",
    documents: () =>
      plain(
        sharedLines<{ message: string; expected: JsonObject }>("log-normalise.jsonl.gz").map(
          ({ message, expected }): JsonObject => ({ message, ...expected }),
        ),
        { product: "linux", service: "auth" },
      ),
  },
];

/** A record of auditd as the key=value pairs it is made of. */
function auditRecord(raw: string): JsonObject {
  return Object.fromEntries(
    [...raw.matchAll(/([\w-]+)=("[^"]*"|'[^']*'|\S+)/g)].map(([, key = "", value = ""]) => [
      key,
      value.replace(/^(["'])(.*)\1$/, "$2"),
    ]),
  );
}

interface Request {
  readonly method: string;
  readonly uri: string;
  readonly header: (name: string) => JsonValue;
}

const requests = (): readonly Request[] =>
  sharedLines<HttpCase>("crs-http.jsonl.gz").flatMap(({ stages }) =>
    stages.map(({ method, uri, headers }) => ({
      method: method ?? "GET",
      uri: uri ?? "/",
      header: (name) => Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1] ?? null,
    })),
  );

const payloads = (): readonly Request[] =>
  sharedLines<{ payload: string }>("web-payloads.jsonl.gz").map(({ payload }) => ({
    method: "GET",
    uri: `/search?q=${payload}`,
    header: () => null,
  }));

/** A request as the W3C log of a web server has it. */
function serverLine({ method, uri, header }: Request): JsonObject {
  const [stem = "", ...query] = uri.split("?");
  return {
    "cs-method": method,
    "cs-uri-stem": stem,
    "cs-uri-query": query.join("?"),
    "cs-user-agent": header("user-agent"),
    "cs-referer": header("referer"),
    "cs-cookie": header("cookie"),
    "cs-host": header("host"),
    "sc-status": 200,
  };
}

/** A request as the W3C log of a proxy has it. */
function proxyLine({ method, uri, header }: Request): JsonObject {
  const path = uri.split("?")[0] ?? "";
  return {
    "cs-method": method,
    "c-uri": uri,
    "c-uri-extension": path.includes(".") ? path.slice(path.lastIndexOf(".") + 1) : "",
    "c-useragent": header("user-agent"),
    "cs-host": header("host"),
    "sc-status": 200,
  };
}
