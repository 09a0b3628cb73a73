import type { LogSource } from "../event.ts";
import { type Bounds, UNKNOWN, atMost, every, some } from "./bounds.ts";
import type { PlaceReader } from "./places.ts";
import { type ReadMapping, type SourceAlternative, fits } from "./reading.ts";

/** Log sources of which a mapping gives one, as far as fields lie differently by them; undefined when that cannot be said. */
type Gives = (wanted: LogSource) => readonly LogSource[] | undefined;

/** A mapping whose log sources are found in process: the cluster only knows which documents cannot be its. */
const readLoosely =
  (needs: readonly (readonly string[])[], gives: Gives): ReadMapping =>
  (_mapping, reader) => ({
    accepts: needsOf(reader, needs),
    sources: (wanted, signature): readonly SourceAlternative[] => {
      const bySignature = new Map<string, SourceAlternative>();
      for (const source of gives(wanted) ?? [])
        if (!bySignature.has(signature(source))) bySignature.set(signature(source), { source, when: UNKNOWN });
      return [...bySignature.values()];
    },
  });

/** A document has to have all names of one group. */
export function needsOf(reader: PlaceReader, needs: readonly (readonly string[])[]): Bounds {
  return needs.length === 0
    ? UNKNOWN
    : atMost(some(needs.map((names) => every(names.map((name) => reader.has(name))))).upper);
}

/** A mapping that puts a field at the same places whatever the log source. */
const constant =
  (...sources: readonly LogSource[]): Gives =>
  (wanted) =>
    sources.some((source) => fits(wanted, source)) ? [wanted] : [];

const HOST_CATEGORIES = [
  "process_creation",
  "process_termination",
  "image_load",
  "driver_load",
  "registry_event",
  "registry_add",
  "registry_delete",
  "registry_rename",
  "registry_set",
  "file_event",
  "file_delete",
  "file_rename",
  "file_access",
  "dns_query",
  "network_connection",
];

/** Services for which ECS puts fields elsewhere. */
const ECS_SERVICES = [
  undefined,
  "cloudtrail",
  "activitylogs",
  "auditlogs",
  "signinlogs",
  "riskdetection",
  "pim",
  "gcp.audit",
  "google_workspace.admin",
  "google_workspace.login",
  "okta",
  "exchange",
  "audit",
  "threat_management",
  "threat_detection",
  "duo",
  "onelogin.events",
  "auditd",
  "sudo",
  "security",
  "powershell",
  "powershell-classic",
];

const LINUX_SERVICES = ["auth", "syslog", "sshd", "sudo", "cron", "clamav", "guacamole", "vsftpd"];

const ECS_SOURCES: readonly LogSource[] = [
  { product: "aws", service: "cloudtrail" },
  ...["activitylogs", "auditlogs", "pim", "signinlogs", "riskdetection"].map((service) => ({
    product: "azure",
    service,
  })),
  ...["gcp.audit", "google_workspace.admin", "google_workspace.login"].map((service) => ({ product: "gcp", service })),
  { product: "okta", service: "okta" },
  { product: "github", service: "audit" },
  { product: "kubernetes", category: "application", service: "audit" },
  { product: "bitbucket", service: "audit" },
  { product: "onelogin", service: "onelogin.events" },
  { product: "cisco", service: "duo" },
  { product: "fortigate", category: "firewall", service: "event" },
  { product: "fortios", service: "sslvpnd" },
  { service: "netflow", category: "network" },
  { product: "opencanary", category: "application" },
  ...["audit", "exchange", "threat_management", "threat_detection"].map((service) => ({ product: "m365", service })),
  ...["syslog", "aaa", "bgp", "ldp"].map((service) => ({ product: "cisco", service })),
  ...LINUX_SERVICES.map((service) => ({ product: "linux", service })),
  { product: "linux", service: "auditd" },
  { category: "antivirus" },
  ...["windows", "linux", "macos"].flatMap((product) => HOST_CATEGORIES.map((category) => ({ product, category }))),
  { category: "firewall" },
  { category: "network", service: "connection" },
  { category: "dns" },
  { category: "network", service: "dns" },
  ...["nodejs", "jvm", "python", "ruby_on_rails"].map((product) => ({ product, category: "application" })),
];

const givesEcs: Gives = (wanted) => {
  const { product, category, service } = wanted;
  const found = ECS_SOURCES.filter((source) => fits(wanted, source));
  if (product === undefined)
    for (const web of ["webserver", "proxy", undefined])
      for (const name of service === undefined ? ECS_SERVICES : [service]) {
        const source: LogSource = { category: web, service: name };
        if (fits(wanted, source)) found.push(source);
      }
  if (product === "vedette") found.push({ product, category: "application", service });
  if (product === undefined || product === "zeek") {
    // Zeek's fields lie below the name of their log.
    if (service !== undefined) found.push({ product: "zeek", service, category });
    else if (product === "zeek") return undefined;
    for (const own of [
      { product: "zeek", service: "dns", category: "dns" },
      { product: "zeek", service: "conn" },
      { product: "zeek", service: "conn", category: "firewall" },
    ])
      if (fits(wanted, own)) found.push(own);
  }
  if (product === undefined && category === "application") found.push({ product: "vedette", category });
  return found;
};

const givesOtel: Gives = (wanted) => {
  const { product, category, service } = wanted;
  const sources: LogSource[] = [
    { category: "webserver" },
    ...LINUX_SERVICES.map((name) => ({ product: "linux", service: name })),
    // A service's language is a product.
    ...(product === undefined ? [] : [{ product, category: "application" }]),
    ...(product === undefined && category === "application"
      ? ["nodejs", "jvm", "python", "ruby", "kubernetes", "opencanary"].map((name) => ({ product: name, category }))
      : []),
    ...(product === undefined || product === "vedette"
      ? [{ product: "vedette", category: "application", ...(service === undefined ? {} : { service }) }]
      : []),
  ];
  return sources.filter((source) => fits(wanted, source));
};

const givesZeek: Gives = ({ product, category, service }) =>
  (product === undefined || product === "zeek") &&
  (category === undefined || category === "dns" || category === "firewall") &&
  (product !== undefined || category !== undefined || service !== undefined)
    ? [{ product, category, service }]
    : [];

const givesFortigate: Gives = (wanted) =>
  wanted.product === "fortigate" ||
  fits(wanted, { product: "fortios", service: "sslvpnd" }) ||
  (wanted.product === undefined && (wanted.category === undefined || wanted.category === "firewall"))
    ? [wanted]
    : [];

/** The mappings that are no Windows ones, by name. */
export const OTHER_READINGS: Readonly<Record<string, ReadMapping>> = {
  otel: readLoosely([["attributes"]], givesOtel),
  auditd: readLoosely(
    [["type"], ["ID"], ["record_type"]],
    constant(
      { product: "linux", service: "auditd" },
      { product: "linux", category: "process_creation", service: "auditd" },
      { product: "linux", category: "process_creation" },
    ),
  ),
  cloudtrail: readLoosely(
    [["eventSource"], ["eventName"], ["detail"]],
    constant({ product: "aws", service: "cloudtrail" }),
  ),
  "kubernetes-audit": readLoosely(
    [["verb", "kind"], ["apiVersion"]],
    constant({ product: "kubernetes", category: "application", service: "audit" }),
  ),
  "gcp-audit": readLoosely(
    [["protoPayload"], ["data"]],
    constant(
      ...["gcp.audit", "google_workspace.admin", "google_workspace.login"].map((service) => ({
        product: "gcp",
        service,
      })),
    ),
  ),
  "google-workspace": readLoosely(
    [["kind"], ["id.applicationName"]],
    constant(...["google_workspace.admin", "google_workspace.login"].map((service) => ({ product: "gcp", service }))),
  ),
  azure: readLoosely(
    [
      ["operationName"],
      ["OperationName"],
      ["OperationNameValue"],
      ["riskEventType"],
      ["activityDisplayName"],
      ["appDisplayName"],
    ],
    (wanted) => (wanted.product === undefined || wanted.product === "azure" ? [wanted] : []),
  ),
  m365: readLoosely([["Operation"]], (wanted) =>
    wanted.product === undefined || wanted.product === "m365" ? [wanted] : [],
  ),
  okta: readLoosely([["eventType"], ["detail"]], constant({ product: "okta", service: "okta" })),
  "github-audit": readLoosely([["action"]], constant({ product: "github", service: "audit" })),
  bitbucket: readLoosely([["auditType"]], constant({ product: "bitbucket", service: "audit" })),
  onelogin: readLoosely([["event_type_id"]], constant({ product: "onelogin", service: "onelogin.events" })),
  duo: readLoosely([["isotimestamp"], ["event_type"]], constant({ product: "cisco", service: "duo" })),
  zeek: readLoosely([["id.orig_h"], ["certificate.serial"], ["_path"]], givesZeek),
  fortigate: readLoosely([["logid"]], givesFortigate),
  opencanary: readLoosely([["logtype"]], constant({ product: "opencanary", category: "application" })),
  w3c: readLoosely([["cs-method"]], constant({ category: "webserver" }, { category: "proxy" })),
  ecs: readLoosely([["ecs"], ["ecs.version"], ["@timestamp"]], givesEcs),
  json: readLoosely([], () => []),
};
