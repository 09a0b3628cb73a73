import type { JsonObject, JsonValue, LogSource } from "../../packages/detection/src/event.ts";
import { flatten, sysmonPipelineForm, winlogbeatForm } from "../../packages/detection/src/testing/ecs-form.ts";

/** A way in which events stand in Elasticsearch. */
export interface Shape {
  readonly name: "ECS" | "OTel mode" | "flat" | "XML";
  readonly mappings: JsonObject;
  /** The document of an event; undefined for one that this shape does not have. */
  readonly write: (flat: JsonObject, logSource: LogSource | undefined) => JsonObject | undefined;
}

/** Whether a flat event is one of Windows's. */
export const isWindows = (event: JsonObject): boolean =>
  event["EventID"] !== undefined && (event["Channel"] !== undefined || event["Provider_Name"] !== undefined);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** As the templates of Elastic's integrations keep texts that they do not name. */
const KEYWORDS: readonly JsonObject[] = [
  { texts: { match_mapping_type: "string", mapping: { type: "keyword", ignore_above: 1_024 } } },
];

/** What ECS keeps whole (`wildcard`, which a keyword without a limit stands for where a cluster has none). */
const WHOLE: readonly JsonObject[] = [
  {
    whole: {
      path_match: [
        "*.command_line",
        "*.original",
        "*.script_block_text",
        "url.*",
        "registry.data.strings",
        "*.args",
        "message",
      ],
      match_mapping_type: "string",
      mapping: { type: "keyword" },
    },
  },
];

const DATASETS: readonly (readonly [LogSource, string, string])[] = [
  [{ product: "aws", service: "cloudtrail" }, "aws.cloudtrail", "aws.cloudtrail"],
  [{ product: "azure", service: "activitylogs" }, "azure.activitylogs", "azure.activitylogs"],
  [{ product: "azure", service: "auditlogs" }, "azure.auditlogs", "azure.auditlogs"],
  [{ product: "gcp", service: "gcp.audit" }, "gcp.audit", "gcp.audit"],
  [{ product: "gcp", service: "google_workspace.admin" }, "google_workspace.admin", "google_workspace.admin"],
  [{ product: "github", service: "audit" }, "github.audit", "github.audit"],
  [{ product: "okta", service: "okta" }, "okta.system", "okta"],
  [{ product: "kubernetes", service: "audit" }, "kubernetes.audit_logs", "kubernetes.audit"],
  [{ product: "m365", service: "exchange" }, "o365.audit", "o365.audit"],
  [{ product: "onelogin" }, "onelogin.events", "onelogin.events"],
];

/** A request of a W3C log in ECS's names. */
function request(event: JsonObject): JsonObject | undefined {
  const target = event["c-uri"] ?? event["cs-uri-stem"];
  if (event["cs-method"] === undefined || typeof target !== "string") return undefined;
  const query = event["cs-uri-query"];
  const whole = typeof query === "string" && query !== "" ? `${target}?${query}` : target;
  const fields: readonly (readonly [string, JsonValue | undefined])[] = [
    ["http.request.method", event["cs-method"]],
    ["http.response.status_code", event["sc-status"]],
    ["url.original", whole],
    ["url.path", whole.split("?")[0]],
    ["url.query", whole.includes("?") ? whole.slice(whole.indexOf("?") + 1) : undefined],
    ["url.domain", event["cs-host"]],
    ["user_agent.original", event["cs-user-agent"] ?? event["c-useragent"]],
    ["http.request.referrer", event["cs-referer"]],
  ];
  return Object.fromEntries(
    fields.filter((entry): entry is [string, JsonValue] => entry[1] !== undefined && entry[1] !== null),
  );
}

function ecs(event: JsonObject, logSource: LogSource | undefined): JsonObject | undefined {
  if (isWindows(event))
    return String(event["Channel"]).includes("Sysmon") ? sysmonPipelineForm(event) : winlogbeatForm(event);
  if (event["@timestamp"] !== undefined && isObject(event["event"])) return event;
  const asked = request(event);
  const base = { "@timestamp": "2026-01-01T00:00:00Z", ecs: { version: "8.17.0" } };
  if (asked !== undefined) return { ...base, ...asked };
  const found = DATASETS.find(([source]) =>
    Object.entries(source).every(([key, value]) => logSource?.[key as keyof LogSource] === value),
  );
  if (found !== undefined) {
    const [, dataset, root] = found;
    const action =
      event["eventName"] ?? event["eventType"] ?? event["Operation"] ?? event["operationName"] ?? event["action"];
    return {
      ...base,
      "event.dataset": dataset,
      ...(typeof action === "string" ? { "event.action": action } : {}),
      ...(typeof event["eventSource"] === "string" ? { "event.provider": event["eventSource"] } : {}),
      [root]: event,
    };
  }
  if (logSource?.product === "linux" && typeof event["message"] === "string")
    return {
      ...base,
      "event.dataset": logSource.service === "syslog" ? "system.syslog" : "system.auth",
      ...(logSource.service === "sshd" ? { "process.name": "sshd" } : {}),
      message: event["message"],
    };
  return undefined;
}

const RESOURCE = { attributes: { "service.name": "fixture", "host.name": "host-1" } };

function otel(event: JsonObject, logSource: LogSource | undefined): JsonObject | undefined {
  const base = { "@timestamp": "2026-01-01T00:00:00Z", resource: RESOURCE };
  if (isWindows(event)) {
    const { EventID, Channel, Provider_Name, Computer, TimeCreated, EventRecordID, ...data } = event;
    return {
      ...base,
      attributes: {},
      body: {
        structured: {
          channel: Channel ?? "",
          event_id: { id: Number(EventID) },
          provider: { name: Provider_Name ?? "" },
          computer: Computer ?? "",
          system_time: TimeCreated ?? "",
          record_id: EventRecordID ?? 0,
          event_data: data,
        },
      },
    };
  }
  const asked = request(event) ?? flatten(event);
  const { message, ...attributes } = asked;
  return {
    ...base,
    attributes: {
      ...attributes,
      ...(logSource?.product === "linux" && logSource.service !== undefined
        ? { "log.file.name": logSource.service === "syslog" ? "syslog" : "auth.log" }
        : {}),
    },
    body: { text: typeof message === "string" ? message : "" },
  };
}

const isXml = (event: JsonObject): boolean => isObject(event["Event"]) || isObject(event["System"]);

/** The ways in which the labelled events are indexed for the comparison. */
export const SHAPES: readonly Shape[] = [
  { name: "ECS", mappings: { dynamic_templates: [...WHOLE, ...KEYWORDS] }, write: ecs },
  {
    name: "OTel mode",
    mappings: {
      properties: {
        "@timestamp": { type: "date" },
        attributes: { type: "object", subobjects: false },
        resource: { properties: { attributes: { type: "object", subobjects: false } } },
        body: { properties: { text: { type: "text" } } },
      },
      dynamic_templates: KEYWORDS,
    },
    write: otel,
  },
  // As Elasticsearch keeps what it knows nothing of: each text as words and, when it is short, whole.
  { name: "flat", mappings: {}, write: (event) => (isXml(event) ? undefined : event) },
  // Windows events as converters of their XML write them.
  { name: "XML", mappings: {}, write: (event) => (isXml(event) ? event : undefined) },
];
