import type { LogSource } from "../event.ts";
import { type EcsFields, type EcsPlace, computed, endpointPlaces, placesIn } from "./ecs-endpoint-fields.ts";
import { step } from "./path-step.ts";
import { ownMember } from "./own-member.ts";

const CLIENT: readonly EcsPlace[] = ["source.ip", "client.ip", "source.address", "client.address"];
const SERVER: readonly EcsPlace[] = ["destination.ip", "server.ip", "destination.address", "server.address"];
const USER_AGENT: readonly EcsPlace[] = ["user_agent.original"];
const REFERRER: readonly EcsPlace[] = ["http.request.referrer", "http.request.header.referer"];
const COOKIE: readonly EcsPlace[] = [
  "http.request.headers.cookie",
  "http.request.header.cookie",
  "http.request.cookie",
];
const HOST: readonly EcsPlace[] = [
  "url.domain",
  "http.request.headers.host",
  "http.request.header.host",
  "server.address",
];
const STEM: readonly EcsPlace[] = ["url.path", ...computed("url.original", step("urlStem"))];
/**
 * Rules ask `cs-uri-query` and `c-uri` for the path as well as for the query, so that the whole address comes first; `url.query` alone
 * counts when there is nothing more.
 */
const WHOLE: readonly EcsPlace[] = ["url.original", [step("urlTarget")], "url.full"];

/** The W3C names of web servers and proxies. */
const WEB: EcsFields = {
  "cs-method": ["http.request.method"],
  "cs-uri": WHOLE,
  "cs-uri-query": [...WHOLE, "url.query"],
  "cs-uri-stem": STEM,
  "c-uri": ["url.full", ...WHOLE],
  "c-uri-query": [...WHOLE, "url.query"],
  "c-uri-stem": STEM,
  "c-uri-extension": ["url.extension"],
  "cs-host": HOST,
  "r-dns": HOST,
  "cs-user-agent": USER_AGENT,
  "c-useragent": USER_AGENT,
  "cs-referer": REFERRER,
  "cs-referrer": REFERRER,
  "cs-cookie": COOKIE,
  "cs-content-type": ["http.request.mime_type", "http.request.header.content-type"],
  "cs-username": ["user.name", "source.user.name"],
  "cs-version": ["http.version", "network.protocol.version"],
  "cs-bytes": ["http.request.bytes", "http.request.body.bytes", "http.request.size", "source.bytes"],
  "sc-bytes": ["http.response.bytes", "http.response.body.bytes", "http.response.size", "destination.bytes"],
  "sc-status": ["http.response.status_code"],
  "c-ip": CLIENT,
  src_ip: CLIENT,
  dst_ip: SERVER,
  "s-ip": SERVER,
  "s-port": ["destination.port", "server.port", "url.port"],
  "s-computername": ["host.name", "host.hostname"],
};

const NETWORK: EcsFields = {
  src_ip: CLIENT,
  src_port: ["source.port", "client.port"],
  dst_ip: SERVER,
  dst_port: ["destination.port", "server.port"],
  username: ["user.name", "source.user.name"],
  action: ["event.action"],
  blocked: computed("event.type", step("translated", "denied=true,allowed=false")),
  query: ["dns.question.name"],
  record_type: ["dns.question.type"],
  qtype_name: ["dns.question.type"],
  answer: ["dns.answers.data", "dns.resolved_ip"],
  answers: ["dns.answers.data", "dns.resolved_ip"],
};

const AUDITD: EcsFields = {
  type: [[step("auditTypes")]],
  SYSCALL: ["auditd.data.syscall", "auditd.log.syscall"],
  exe: ["process.executable", "auditd.log.exe"],
  comm: ["process.name", "auditd.log.comm"],
  key: ["auditd.data.key", "auditd.log.key", "tags"],
  name: ["auditd.paths.name", "file.path", "auditd.log.name"],
  nametype: ["auditd.paths.nametype", "auditd.log.nametype"],
  euid: ["user.effective.id", "auditd.log.euid", "user.id"],
  uid: ["user.id"],
  auid: ["user.audit.id"],
  unit: ["auditd.data.unit", "auditd.log.unit"],
};

/** Fields of the services that have ECS names of their own in Elastic's integrations. */
const BY_SERVICE: Readonly<Record<string, EcsFields>> = {
  auditd: AUDITD,
  sudo: { USER: ["system.auth.sudo.user", "user.effective.name"] },
  cloudtrail: {
    eventSource: ["event.provider"],
    eventName: ["event.action"],
    eventTime: ["@timestamp"],
    userAgent: USER_AGENT,
    sourceIPAddress: ["source.address", "source.ip"],
    awsRegion: ["cloud.region"],
    recipientAccountId: ["aws.cloudtrail.recipient_account_id", "cloud.account.id"],
  },
  activitylogs: { ResourceProviderValue: ["azure.resource.provider"], ResourceId: ["azure.resource.id"] },
  riskdetection: { riskEventType: ["azure.identity_protection.properties.risk_event_type"] },
  "gcp.audit": {
    "data.protoPayload.methodName": ["gcp.audit.method_name", "event.action"],
    "data.protoPayload.serviceName": ["gcp.audit.service_name", "service.name"],
    "data.protoPayload.authorizationInfo.permission": ["gcp.audit.authorization_info.permission"],
    "data.protoPayload.authorizationInfo.granted": ["gcp.audit.authorization_info.granted"],
    "data.protoPayload.logName": ["log.logger"],
    "gcp.audit.method_name": ["gcp.audit.method_name", "event.action"],
  },
  "google_workspace.admin": {
    eventName: ["event.action"],
    eventService: computed("event.provider", step("translated", "admin=admin.googleapis.com")),
    new_value: ["google_workspace.admin.new_value"],
    setting_name: ["google_workspace.admin.setting.name"],
  },
  "google_workspace.login": {
    "protoPayload.metadata.event.eventName": ["event.action"],
    "protoPayload.serviceName": computed("event.provider", step("translated", "login=login.googleapis.com")),
    "protoPayload.Servicename": computed("event.provider", step("translated", "login=login.googleapis.com")),
  },
  okta: { eventType: ["event.action", "okta.event_type"] },
  threat_management: {
    eventSource: ["o365.audit.Workload", "event.provider"],
    eventName: ["o365.audit.Name", "rule.name"],
    status: computed("event.outcome", step("translated", "success=success,failure=failure")),
  },
  "onelogin.events": { event_type_id: ["onelogin.events.event_type_id"] },
};

/** Roots below which an integration keeps the fields of the source, in the source's spelling or in snake case. */
const ROOTS: Readonly<Record<string, readonly string[]>> = {
  cloudtrail: ["aws.cloudtrail.flattened", "aws.cloudtrail"],
  activitylogs: ["azure.activitylogs"],
  auditlogs: ["azure.auditlogs", "azure.auditlogs.properties"],
  signinlogs: ["azure.signinlogs", "azure.signinlogs.properties"],
  riskdetection: ["azure.identity_protection", "azure.identity_protection.properties"],
  pim: ["azure.auditlogs", "azure.auditlogs.properties"],
  okta: ["okta"],
  exchange: ["o365.audit"],
  threat_management: ["o365.audit"],
  threat_detection: ["o365.audit"],
  duo: ["cisco_duo.auth", "cisco_duo.admin"],
  "onelogin.events": ["onelogin.events"],
};

const PRODUCT_ROOTS: Readonly<Record<string, readonly string[]>> = {
  kubernetes: ["kubernetes.audit"],
  m365: ["o365.audit"],
  github: ["github.audit", "github"],
  bitbucket: ["bitbucket.audit", "atlassian_bitbucket.audit"],
  fortigate: ["fortinet.firewall", "fortinet"],
  opencanary: ["opencanary"],
};

/** Fields whose ECS name depends on product and service together. */
const BY_PRODUCT: Readonly<Record<string, EcsFields>> = {
  m365: { Operation: ["event.action"] },
  github: { action: ["event.action"] },
  bitbucket: {
    "auditType.action": ["bitbucket.audit.type.action", "event.action"],
    "auditType.category": ["bitbucket.audit.type.category"],
  },
  azure: {
    operationName: ["event.action"],
    OperationName: ["event.action"],
    OperationNameValue: ["event.action"],
    ActivityDisplayName: ["event.action"],
    ActivityType: ["event.action"],
    "properties.message": ["event.action"],
    userAgent: USER_AGENT,
    callerIpAddress: ["source.ip", "source.address"],
  },
  zeek: {
    ...NETWORK,
    "id.orig_h": CLIENT,
    "id.orig_p": ["source.port"],
    "id.resp_h": SERVER,
    "id.resp_p": ["destination.port"],
    uri: ["url.original", [step("urlTarget")]],
    method: ["http.request.method"],
    host: ["url.domain"],
    user_agent: USER_AGENT,
    "c-useragent": USER_AGENT,
    "c-uri": ["url.original", [step("urlTarget")]],
    status_code: ["http.response.status_code"],
  },
};

const BY_CATEGORY: Readonly<Record<string, EcsFields>> = {
  webserver: WEB,
  proxy: WEB,
  dns: NETWORK,
  firewall: NETWORK,
  antivirus: {
    Signature: [
      "file.Ext.malware_signature.primary.signature.name",
      "threat.indicator.name",
      "malware.name",
      "rule.name",
    ],
    Filename: ["file.path"],
    Action: ["event.action"],
  },
};

/** `eventName` as `event_name`, `userIdentity.arn` as `user_identity.arn`. */
const snake = (field: string): string =>
  field.replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, "_").toLowerCase();

/** The ECS places of a field for rules of a log source, besides its own name. */
export function ecsPlaces(field: string, { product, category, service }: LogSource): readonly EcsPlace[] {
  const places = [
    ...placesIn(ownMember(BY_SERVICE, service), field),
    ...(service === "auditd" ? auditArgument(field) : []),
    ...integrationPlaces(field, product, service),
    ...placesIn(ownMember(BY_PRODUCT, product), field),
    ...placesIn(ownMember(BY_CATEGORY, category), field),
  ];
  return places.length > 0 ? places : endpointPlaces(field, category, service);
}

function integrationPlaces(
  field: string,
  product: string | undefined,
  service: string | undefined,
): readonly EcsPlace[] {
  const roots =
    product === "zeek" && service !== undefined
      ? [`zeek.${service}`]
      : (ownMember(ROOTS, service) ?? ownMember(PRODUCT_ROOTS, product) ?? []);
  const [head = "", ...rest] = field.split(".");
  // The integration renames what it knows; what a request carries keeps its own names.
  const names = [...new Set([field, snake(field), [snake(head), ...rest].join(".")])];
  return roots.flatMap((root) => names.flatMap((name) => fieldBelow(`${root}.${name}`, name)));
}

/** CloudTrail's parameters are one text, or flattened below another name; a structure is searched in as JSON. */
function fieldBelow(name: string, field: string): readonly EcsPlace[] {
  return /^(?:request_?parameters|response_?elements|parameters|operation_?properties)$/i.test(field)
    ? computed(name, step("text"))
    : [name];
}

/** `a0`, `a1` … of an EXECVE are the words of the command; those of a system call are numbers. */
function auditArgument(field: string): readonly EcsPlace[] {
  const number = /^a(\d{1,2})$/.exec(field)?.[1];
  if (number === undefined) return [];
  return [...computed("process.args", step("element", number)), `auditd.data.${field}`, `auditd.log.${field}`];
}
