import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { digText, dottedName, dottedPaths, isObject, isText } from "./dotted-name.ts";
import { zeek } from "./ecs-log-sources.ts";
import { createLogSourceCache } from "./log-source-cache.ts";
import { step } from "./path-step.ts";
import { createSourceMapping, logSourceList } from "./source-mapping.ts";
import { ownMember } from "./own-member.ts";

const ORIGIN = dottedName("id.orig_h");
const zeekCache = createLogSourceCache();

/** A member that only one of Zeek's logs has, for documents that do not say which log they are from. */
export const ZEEK_MARKS: readonly (readonly [string, string])[] = [
  ["qtype_name", "dns"],
  ["rcode_name", "dns"],
  ["user_agent", "http"],
  ["status_code", "http"],
  ["endpoint", "dce_rpc"],
  ["request_type", "kerberos"],
  ["certificate.serial", "x509"],
  ["conn_state", "conn"],
  ["security_protocol", "rdp"],
  ["tree_path", "smb_files"],
];

function zeekService(document: JsonObject): string {
  if (typeof document._path === "string") return document._path.toLowerCase();
  for (const [member, service] of ZEEK_MARKS) if (document[member] !== undefined) return service;
  return typeof document.action === "string" && document.action.startsWith("SMB::") ? "smb_files" : "";
}

const ZEEK_NAMES: Readonly<Record<string, readonly string[]>> = {
  record_type: ["qtype_name"],
  answer: ["answers"],
  src_ip: ["id.orig_h"],
  src_port: ["id.orig_p"],
  dst_ip: ["id.resp_h"],
  dst_port: ["id.resp_p"],
  "c-uri": ["uri"],
  "c-useragent": ["user_agent"],
};

/** Zeek's logs as JSON, one entry a document. */
export const zeekMapping: FieldMapping = createSourceMapping({
  name: "zeek",
  accepts: (document) =>
    (isText(document.uid) || document.ts !== undefined || isText(document._path)) &&
    (digText(document, ORIGIN) !== "" ||
      document["certificate.serial"] !== undefined ||
      (isText(document._path) && document.ts !== undefined)),
  logSources: (document) => {
    const service = zeekService(document);
    return service === "" ? NONE : zeekCache(service, () => zeek(service));
  },
  places: (field) => (ownMember(ZEEK_NAMES, field) ?? []).flatMap(dottedPaths),
  times: ["ts", "@timestamp"],
  entities: { address: ["id.orig_h"] },
});

const NONE = logSourceList();

const FORTIGATE_NAMES = new Map([
  ["src_ip", "srcip"],
  ["src_port", "srcport"],
  ["dst_ip", "dstip"],
  ["dst_port", "dstport"],
  ["username", "user"],
]);
const fortigateCache = createLogSourceCache();

/** FortiGate's log as JSON of its key-value pairs. */
export const fortigateMapping: FieldMapping = createSourceMapping({
  name: "fortigate",
  accepts: (document) =>
    isText(document.logid) && isText(document.type) && (isText(document.devid) || isText(document.devname)),
  logSources: (document) => {
    const type = String(document.type).toLowerCase().slice(0, 32);
    return fortigateCache(type, () => {
      const own: LogSource = { product: "fortigate", service: type };
      return type === "traffic"
        ? [{ ...own, category: "firewall" }]
        : [own, { product: "fortios", service: "sslvpnd" }];
    });
  },
  places: (field): readonly FieldPath[] => {
    const name = FORTIGATE_NAMES.get(field);
    return name === undefined ? [] : [[name]];
  },
  times: ["eventtime", "@timestamp"],
  entities: { address: ["srcip", "remip"], user: ["user"], host: ["devname"] },
});

const WEB_SERVER = logSourceList({ category: "webserver" });
const PROXY = logSourceList({ category: "proxy" });

/** Web server and proxy logs under the names of W3C's extended log format (`cs-method`, `sc-status`). */
export const w3cMapping: FieldMapping = createSourceMapping({
  name: "w3c",
  accepts: (document) =>
    isText(document["cs-method"]) &&
    (isText(document["cs-uri-stem"]) ||
      isText(document["cs-uri"]) ||
      isText(document["c-uri"]) ||
      isText(document["cs-uri-query"])),
  logSources: (document) => (isText(document["c-uri"]) || isText(document["r-dns"]) ? PROXY : WEB_SERVER),
  places: (field): readonly FieldPath[] => {
    // Rules look for paths in the query too, as in ECS.
    if (field === "cs-uri-query" || field === "c-uri-query" || field === "c-uri")
      return [["c-uri"], ["cs-uri"], [step("w3cTarget")]];
    return (W3C_NAMES.find((names) => names.includes(field)) ?? []).map((name) => [name]);
  },
  times: ["@timestamp", "timestamp", "time"],
  entities: { address: ["c-ip"], user: ["cs-username"], host: ["s-computername"] },
});

/** Spellings of one name, as log formats and rules have them. */
const W3C_NAMES: readonly (readonly string[])[] = [
  ["cs-user-agent", "cs(User-Agent)", "c-useragent"],
  ["cs-referer", "cs(Referer)", "cs-referrer"],
  ["cs-cookie", "cs(Cookie)"],
  ["cs-host", "r-dns"],
];

const CANARY = logSourceList({ product: "opencanary", category: "application" });

/** OpenCanary's log. */
export const opencanaryMapping: FieldMapping = createSourceMapping({
  name: "opencanary",
  accepts: (document) => isText(document.logtype) && isText(document.node_id),
  logSources: () => CANARY,
  times: ["utc_time", "local_time_adjusted", "local_time"],
  entities: { address: ["src_host"], host: ["node_id"] },
});

const BITBUCKET = logSourceList({ product: "bitbucket", service: "audit" });

/** Bitbucket's audit log. */
export const bitbucketMapping: FieldMapping = createSourceMapping({
  name: "bitbucket",
  accepts: (document) => isObject(document.auditType) || isText(document["auditType.action"]),
  logSources: () => BITBUCKET,
  times: ["timestamp", "@timestamp"],
  entities: { address: ["source"], user: ["author.name"] },
});

const ONELOGIN = logSourceList({ product: "onelogin", service: "onelogin.events" });

/** OneLogin's events. */
export const oneloginMapping: FieldMapping = createSourceMapping({
  name: "onelogin",
  accepts: (document) => isText(document.event_type_id),
  logSources: () => ONELOGIN,
  times: ["event_timestamp", "created_at"],
  entities: { address: ["ipaddr"], user: ["user_name", "actor_user_name"] },
});

const DUO = logSourceList({ product: "cisco", service: "duo" });

/** Duo's authentication and administrator logs. */
export const duoMapping: FieldMapping = createSourceMapping({
  name: "duo",
  accepts: (document) =>
    isText(document.isotimestamp)
      ? isText(document.txid) || isText(document.action) || isText(document.event_type)
      : isText(document.event_type) &&
        isObject(document.access_device) &&
        (isText(document.factor) || isText(document.reason)),
  logSources: () => DUO,
  times: ["isotimestamp", "timestamp"],
  entities: { address: ["access_device.ip"], user: ["user.name", "username"] },
});
