import type { LogSource } from "../event.ts";
import { EXECVE_NUMBERS, LAUREL_TYPES } from "../mappings/auditd.ts";
import { ENTRA_CATEGORIES, TABLES } from "../mappings/microsoft.ts";
import { ZEEK_MARKS } from "../mappings/network.ts";
import { zeek } from "../mappings/ecs-log-sources.ts";
import { LINUX_SERVICES, PRODUCTS } from "../mappings/otel.ts";
import { ALWAYS, type Bounds, NEVER, every, not, some } from "./bounds.ts";
import { type CandidateSources, readByConditions } from "./candidate-sources.ts";
import { type DocumentConditions, cased } from "./document-conditions.ts";
import { readEcs } from "./ecs-reading.ts";
import { type ReadMapping, type SourceAlternative, fits, like } from "./reading.ts";

/** Sources of every document that a mapping reads. */
const always =
  (...sources: readonly LogSource[]): CandidateSources =>
  () =>
    sources.map((source) => ({ source, when: ALWAYS }));

const anyText = (ask: DocumentConditions, ...names: readonly string[]): Bounds => some(names.map(ask.text));

const readOtel = readByConditions(
  (ask) => {
    const isTold = some([ask.object("resource"), ...["event_name", "body", "severity_number"].map(ask.defined)]);
    const attributes = ask.object("attributes");
    // Attributes may be an empty object, which is in no index: where there are attributes at all, what else is OpenTelemetry's tells enough.
    return attributes === NEVER ? NEVER : every([isTold, some([attributes, ask.object("resource.attributes")])]);
  },
  (ask, wanted) => {
    const name = ask.telling("event_name", "attributes.event.name");
    const isOwn = name.is(cased("vedette.*"));
    const found: SourceAlternative[] = [
      {
        source: { product: "vedette", category: "application", service: wanted.service },
        when: every([isOwn, wanted.service === undefined ? ALWAYS : name.is(like(`vedette.${wanted.service}`))]),
      },
    ];
    const add = (source: LogSource, when: Bounds): void => {
      if (fits(wanted, source)) found.push({ source, when: every([when, not(isOwn)]) });
    };
    const language = "resource.attributes.telemetry.sdk.language";
    if (wanted.product === undefined) add({ category: "application" }, ask.text(language));
    else {
      const renamed = Object.keys(PRODUCTS).filter((key) => PRODUCTS[key] === wanted.product);
      const names = wanted.product in PRODUCTS ? renamed : [wanted.product, ...renamed];
      if (names.length > 0) add({ product: wanted.product, category: "application" }, ask.likes(language, ...names));
    }
    const attributes = (...names: readonly string[]): readonly string[] => names.map((one) => `attributes.${one}`);
    add(
      { category: "webserver" },
      every([
        anyText(ask, ...attributes("http.request.method", "http.method")),
        anyText(ask, ...attributes("url.path", "url.full", "url.original", "http.target", "http.url")),
      ]),
    );
    const tellings = [
      ask.telling("attributes.log.file.name"),
      ask.telling(...attributes("appname", "syslog.appname", "process.name")),
    ];
    for (const telling of tellings)
      for (const service of new Set(LINUX_SERVICES.values())) {
        const names = [...LINUX_SERVICES].flatMap(([key, value]) => (value === service ? [cased(key)] : []));
        add({ product: "linux", service }, telling.is(...names));
      }
    return found;
  },
);

const startsExecve = (ask: DocumentConditions, name: string): Bounds => ask.telling(name).is(cased("execve*"));

const readAuditd = readByConditions(
  (ask) =>
    some([
      every([
        ask.regexp("type", "[A-Z][A-Z0-9_]{1,39}"),
        anyText(ask, "msg", "auid", "a0", "argc", "syscall", "nametype", "audit_id", "ses", "unit", "key"),
      ]),
      every([ask.text("ID"), some(LAUREL_TYPES.map((type) => ask.object(type)))]),
      every([ask.defined("record_type"), ask.defined("sequence"), some([ask.object("summary"), ask.object("data")])]),
    ]),
  (ask) => {
    const isExecve = ask.equals("type", "EXECVE");
    const isCall = ask.equals("type", "SYSCALL");
    const isNumber = some([ask.equals("syscall", ...EXECVE_NUMBERS), startsExecve(ask, "syscall")]);
    const own = some([
      isExecve,
      every([isCall, not(ask.defined("SYSCALL")), isNumber]),
      every([isCall, startsExecve(ask, "SYSCALL")]),
      every([not(isExecve), not(isCall), some([ask.defined("EXECVE"), startsExecve(ask, "data.syscall")])]),
    ]);
    return [
      { source: { product: "linux", service: "auditd" }, when: ALWAYS },
      { source: { product: "linux", category: "process_creation" }, when: own },
    ];
  },
);

const isCloudtrail = (ask: DocumentConditions, below: string): Bounds =>
  every([
    ask.text(`${below}eventSource`),
    ask.text(`${below}eventName`),
    some(["eventVersion", "userIdentity", "awsRegion"].map((name) => ask.defined(`${below}${name}`))),
  ]);

const isOkta = (ask: DocumentConditions, below: string): Bounds =>
  every([
    ask.text(`${below}eventType`),
    ask.object(`${below}actor`),
    some(["published", "displayMessage", "outcome", "debugContext", "target"].map((one) => ask.defined(below + one))),
  ]);

const GCP_SERVICES: Readonly<Record<string, string>> = {
  "login.googleapis.com": "google_workspace.login",
  "admin.googleapis.com": "google_workspace.admin",
};

const readGcp = readByConditions(
  (ask) => some([ask.object("protoPayload"), ask.object("data.protoPayload")]),
  (ask) => {
    const isBelow = ask.object("data");
    const isService = (...names: readonly string[]): Bounds =>
      some([
        every([isBelow, ask.equals("data.protoPayload.serviceName", ...names)]),
        every([not(isBelow), ask.equals("protoPayload.serviceName", ...names)]),
      ]);
    return [
      ...Object.entries(GCP_SERVICES).map(([name, service]) => ({
        source: { product: "gcp", service },
        when: isService(name),
      })),
      { source: { product: "gcp", service: "gcp.audit" }, when: not(isService(...Object.keys(GCP_SERVICES))) },
    ];
  },
);

/** The steps of the mapping, in its order: the first that holds decides. */
const azureCandidates: CandidateSources = (ask) => {
  const found: SourceAlternative[] = [];
  let earlier: Bounds = ALWAYS;
  const take = (when: Bounds, sources: readonly LogSource[]): void => {
    for (const source of sources) found.push({ source, when: every([earlier, when]) });
  };
  const byText = (texts: Readonly<Record<string, readonly LogSource[]>>, ...names: readonly string[]): void => {
    const lists = Map.groupBy(Object.entries(texts), ([, sources]) => sources);
    for (const [sources, own] of lists) take(ask.telling(...names).is(...own.map(([text]) => like(text))), sources);
    earlier = every([earlier, not(ask.telling(...names).is(...Object.keys(texts).map(like)))]);
  };
  const step = (when: Bounds, sources: readonly LogSource[]): void => {
    take(when, sources);
    earlier = every([earlier, not(when)]);
  };
  const of = (category: string): readonly LogSource[] => ENTRA_CATEGORIES[category] ?? [];
  byText(TABLES, "Type");
  step(anyText(ask, "riskEventType", "properties.riskEventType"), of("riskyusers"));
  byText(ENTRA_CATEGORIES, "category", "Category");
  step(anyText(ask, "activityDisplayName", "ActivityDisplayName", "properties.loggedByService"), of("auditlogs"));
  step(
    some([
      ask.equals("operationName", "Sign-in activity"),
      anyText(ask, "conditionalAccessStatus", "properties.appDisplayName"),
    ]),
    of("signinlogs"),
  );
  take(ALWAYS, TABLES["azureactivity"] ?? []);
  return found;
};

const readAzure = readByConditions((ask) => {
  const isNamed = some([
    anyText(ask, "operationName", "OperationName", "OperationNameValue"),
    ask.object("operationName"),
  ]);
  return every([
    not(ask.defined("eventSource")),
    not(ask.telling("category").is(cased("AdvancedHunting*"))),
    some([
      every([
        isNamed,
        anyText(ask, "resourceId", "ResourceId", "_ResourceId", "tenantId", "AADTenantId", "correlationId", "category"),
      ]),
      every([
        not(isNamed),
        some([
          ask.text("riskEventType"),
          every([ask.text("activityDisplayName"), ask.defined("initiatedBy")]),
          every([ask.text("appDisplayName"), ask.text("userPrincipalName")]),
        ]),
      ]),
    ]),
  ]);
}, azureCandidates);

const readM365 = readByConditions(
  (ask) =>
    every([
      ask.text("Operation"),
      some([ask.text("Workload"), ask.text("OfficeWorkload"), ask.defined("RecordType")]),
      anyText(ask, "CreationTime", "TimeGenerated", "UserId", "OrganizationId", "Id"),
    ]),
  (ask) => {
    const isAlert = ask
      .telling("Workload", "OfficeWorkload")
      .is(...["securitycompliancecenter", "threatintelligence"].map(like));
    return [
      { source: { product: "m365", service: "threat_management" }, when: isAlert },
      { source: { product: "m365", service: "threat_detection" }, when: isAlert },
      { source: { product: "m365", service: "audit" }, when: ALWAYS },
      {
        source: { product: "m365", service: "exchange" },
        when: ask.telling("Workload", "OfficeWorkload").is(like("exchange")),
      },
    ];
  },
);

const zeekCandidates: CandidateSources = (ask, wanted) => {
  const { product, category, service } = wanted;
  // Where fields lie does not depend on the log, but which logs there are is open.
  const services = service !== undefined ? [service] : category !== undefined ? ["dns", "conn"] : undefined;
  if (services === undefined) return product === undefined || product === "zeek" ? undefined : [];
  const noPath = not(ask.text("_path"));
  return services.flatMap((name) => {
    let earlier: Bounds = noPath;
    const marks: Bounds[] = [];
    for (const [member, of] of ZEEK_MARKS) {
      if (of === name) marks.push(every([earlier, ask.defined(member)]));
      earlier = every([earlier, not(ask.defined(member))]);
    }
    if (name === "smb_files") marks.push(every([earlier, ask.telling("action").is(cased("SMB::*"))]));
    const when = some([ask.likes("_path", name), ...marks]);
    return zeek(name).map((source) => ({ source, when }));
  });
};

const readZeek = readByConditions(
  (ask) =>
    every([
      some([ask.text("uid"), ask.defined("ts"), ask.text("_path")]),
      some([ask.text("id.orig_h"), ask.defined("certificate.serial"), every([ask.text("_path"), ask.defined("ts")])]),
    ]),
  zeekCandidates,
);

const readFortigate = readByConditions(
  (ask) => every([ask.text("logid"), ask.text("type"), anyText(ask, "devid", "devname")]),
  (ask, { service }) => {
    const isTraffic = ask.likes("type", "traffic");
    const isOf = service === undefined ? ALWAYS : ask.likes("type", service);
    return [
      { source: { product: "fortigate", service: "traffic", category: "firewall" }, when: isTraffic },
      { source: { product: "fortigate", service }, when: every([isOf, not(isTraffic)]) },
      { source: { product: "fortios", service: "sslvpnd" }, when: not(isTraffic) },
    ];
  },
);

const readW3c = readByConditions(
  (ask) => every([ask.text("cs-method"), anyText(ask, "cs-uri-stem", "cs-uri", "c-uri", "cs-uri-query")]),
  (ask) => {
    const isProxy = anyText(ask, "c-uri", "r-dns");
    return [
      { source: { category: "proxy" }, when: isProxy },
      { source: { category: "webserver" }, when: not(isProxy) },
    ];
  },
);

/** The mappings that are no Windows ones, by name. */
export const OTHER_READINGS: Readonly<Record<string, ReadMapping>> = {
  otel: readOtel,
  auditd: readAuditd,
  cloudtrail: readByConditions(
    (ask) => some([isCloudtrail(ask, ""), isCloudtrail(ask, "detail.")]),
    always({ product: "aws", service: "cloudtrail" }),
  ),
  "kubernetes-audit": readByConditions(
    (ask) =>
      some([
        every([
          not(ask.defined("apiVersion")),
          ask.text("verb"),
          ask.equals("kind", "Event"),
          some([ask.object("objectRef"), ask.text("requestURI")]),
        ]),
        every([ask.telling("apiVersion").is(cased("audit.k8s.io/*")), not(ask.equals("kind", "EventList"))]),
      ]),
    always({ product: "kubernetes", category: "application", service: "audit" }),
  ),
  "gcp-audit": readGcp,
  "google-workspace": readByConditions(
    (ask) => some([ask.equals("kind", "admin#reports#activity", "audit#activity"), ask.text("id.applicationName")]),
    (ask) =>
      ["admin", "login"].map((name) => ({
        source: { product: "gcp", service: `google_workspace.${name}` },
        when: ask.equals("id.applicationName", name),
      })),
  ),
  azure: readAzure,
  m365: readM365,
  okta: readByConditions(
    (ask) => some([isOkta(ask, ""), isOkta(ask, "detail.")]),
    always({ product: "okta", service: "okta" }),
  ),
  "github-audit": readByConditions(
    (ask) =>
      every([
        ask.telling("action").is(cased("*.*")),
        not(ask.object("actor")),
        anyText(ask, "org", "business", "repo", "_document_id", "org_id"),
      ]),
    always({ product: "github", service: "audit" }),
  ),
  bitbucket: readByConditions(
    (ask) => some([ask.object("auditType"), ask.text("auditType.action")]),
    always({ product: "bitbucket", service: "audit" }),
  ),
  onelogin: readByConditions(
    (ask) => ask.text("event_type_id"),
    always({ product: "onelogin", service: "onelogin.events" }),
  ),
  duo: readByConditions(
    (ask) =>
      some([
        every([ask.text("isotimestamp"), anyText(ask, "txid", "action", "event_type")]),
        every([
          not(ask.text("isotimestamp")),
          ask.text("event_type"),
          ask.object("access_device"),
          anyText(ask, "factor", "reason"),
        ]),
      ]),
    always({ product: "cisco", service: "duo" }),
  ),
  zeek: readZeek,
  fortigate: readFortigate,
  opencanary: readByConditions(
    (ask) => every([ask.text("logtype"), ask.text("node_id")]),
    always({ product: "opencanary", category: "application" }),
  ),
  w3c: readW3c,
  ecs: readEcs,
  json: readByConditions(
    () => ALWAYS,
    () => [],
  ),
};
