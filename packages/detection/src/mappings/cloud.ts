import type { JsonObject } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { digText, dottedName, dottedPaths, isList, isObject, isText } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { createSourceMapping, logSourceList } from "./source-mapping.ts";
import { ownMember } from "./own-member.ts";

const AWS = logSourceList({ product: "aws", service: "cloudtrail" });

/** Members that hold structures, which rules search in as in a text. */
const asText = (field: string): readonly FieldPath[] => dottedPaths(field).map((path) => [...path, step("text")]);

/** CloudTrail records, one a document; also as EventBridge delivers them, below `detail`. */
export const cloudtrailMapping: FieldMapping = createSourceMapping({
  name: "cloudtrail",
  accepts: (document) => isCloudtrail(document) || (isObject(document.detail) && isCloudtrail(document.detail)),
  logSources: () => AWS,
  places: (field) => {
    const isStructure = /^(?:requestParameters|responseElements|additionalEventData)$/.test(field);
    const own = isStructure ? asText(field) : dottedPaths(field);
    return [...own, ...own.map((path) => ["detail", ...path])];
  },
  times: ["eventTime", "detail.eventTime", "@timestamp"],
  entities: {
    address: ["sourceIPAddress", "detail.sourceIPAddress"],
    user: [
      "userIdentity.userName",
      "userIdentity.sessionContext.sessionIssuer.userName",
      "userIdentity.arn",
      "detail.userIdentity.userName",
      "detail.userIdentity.arn",
    ],
    api_key: ["userIdentity.accessKeyId", "detail.userIdentity.accessKeyId"],
  },
  commonFields: ["eventVersion", "eventSource", "eventType", "awsRegion", "userIdentity.type"],
});

const isCloudtrail = (document: JsonObject): boolean =>
  typeof document.eventSource === "string" &&
  typeof document.eventName === "string" &&
  (document.eventVersion !== undefined || document.userIdentity !== undefined || document.awsRegion !== undefined);

const KUBERNETES = logSourceList({ product: "kubernetes", category: "application", service: "audit" });

const POD_SPECS = ["requestObject.spec", "requestObject.spec.template.spec"] as const;

/** Audit events of the Kubernetes API server. */
export const kubernetesAuditMapping: FieldMapping = createSourceMapping({
  name: "kubernetes-audit",
  accepts: (document) =>
    document.apiVersion === undefined
      ? isText(document.verb) &&
        document.kind === "Event" &&
        (isObject(document.objectRef) || isText(document.requestURI))
      : typeof document.apiVersion === "string" &&
        document.apiVersion.startsWith("audit.k8s.io/") &&
        document.kind !== "EventList",
  logSources: () => KUBERNETES,
  places: (field) => {
    switch (field) {
      case "apiGroup":
        return dottedPaths("objectRef.apiGroup");
      case "hostPath":
        return POD_SPECS.flatMap((spec) => dottedPaths(`${spec}.volumes.hostPath.path`));
      case "capabilities":
        return POD_SPECS.flatMap((spec) => dottedPaths(`${spec}.containers.securityContext.capabilities.add`));
      default:
        return [];
    }
  },
  times: ["stageTimestamp", "requestReceivedTimestamp", "@timestamp"],
  entities: { address: ["sourceIPs"], user: ["impersonatedUser.username", "user.username"] },
  commonFields: ["apiVersion", "kind", "level", "stage", "verb", "responseStatus.code"],
});

const GCP = logSourceList({ product: "gcp", service: "gcp.audit" });
const WORKSPACE_LOGIN = logSourceList({ product: "gcp", service: "google_workspace.login" });
const WORKSPACE_ADMIN = logSourceList({ product: "gcp", service: "google_workspace.admin" });
const GCP_SERVICE = dottedName("protoPayload.serviceName");

const GCP_NAMES: Readonly<Record<string, string>> = {
  "gcp.audit.method_name": "protoPayload.methodName",
  "data.protoPayload.logName": "logName",
  "data.protoPayload.resource.type": "resource.type",
  "protoPayload.Servicename": "protoPayload.serviceName",
  eventName: "protoPayload.metadata.event.eventName",
  eventService: "protoPayload.serviceName",
};

/** Cloud Audit Logs of Google Cloud (`protoPayload`), also as Pub/Sub delivers them, below `data`; Google Workspace's in them. */
export const gcpAuditMapping: FieldMapping = createSourceMapping({
  name: "gcp-audit",
  accepts: (document) =>
    isObject(document.protoPayload) || (isObject(document.data) && isObject(document.data.protoPayload)),
  logSources: (document) => {
    const service = digText(isObject(document.data) ? document.data : document, GCP_SERVICE);
    if (service === "login.googleapis.com") return WORKSPACE_LOGIN;
    return service === "admin.googleapis.com" ? WORKSPACE_ADMIN : GCP;
  },
  places: (field) => {
    const renamed = ownMember(GCP_NAMES, field) ?? field;
    const name = renamed.replace(/^data\./, "");
    const parameter: FieldPath = ["protoPayload", "metadata", "event", "parameter", step("named", field.toUpperCase())];
    return [
      ...dottedPaths(name),
      ...dottedPaths(`data.${name}`),
      // Logs of the API have these below the entry, not in the payload.
      ...(name.startsWith("protoPayload.resource.") ? dottedPaths(name.replace("protoPayload.", "")) : []),
      ...(field === "setting_name" || field === "new_value" ? [parameter] : []),
    ];
  },
  times: ["timestamp", "data.timestamp", "receiveTimestamp"],
  entities: {
    address: ["protoPayload.requestMetadata.callerIp", "protoPayload.requestMetadata.callerIP"],
    user: ["protoPayload.authenticationInfo.principalEmail", "data.protoPayload.authenticationInfo.principalEmail"],
  },
  commonFields: ["protoPayload.serviceName", "resource.type", "severity"],
});

const WORKSPACE_ID = dottedName("id.applicationName");

/** Activities of Google Workspace's Reports API. */
export const googleWorkspaceMapping: FieldMapping = createSourceMapping({
  name: "google-workspace",
  accepts: (document) =>
    document.kind === "admin#reports#activity" ||
    document.kind === "audit#activity" ||
    digText(document, WORKSPACE_ID) !== "",
  logSources: (document) => {
    const application = digText(document, WORKSPACE_ID);
    if (application === "admin") return WORKSPACE_ADMIN;
    return application === "login" ? WORKSPACE_LOGIN : NONE;
  },
  places: (field) => {
    switch (field) {
      case "eventName":
      case "protoPayload.metadata.event.eventName":
        return [["events", "name"], ["name"]];
      case "eventService":
      case "protoPayload.serviceName":
      case "protoPayload.Servicename":
        return dottedPaths("id.applicationName").map((path) => [
          ...path,
          step("translated", "admin=admin.googleapis.com,login=login.googleapis.com"),
        ]);
      default: {
        const upper = field.toUpperCase();
        return [
          ["events", "parameters", step("named", upper)],
          ["events", "parameters", step("named", field)],
          ["parameters", step("named", upper)],
          ["parameters", step("named", field)],
        ];
      }
    }
  },
  times: ["id.time", "time"],
  entities: { address: ["ipAddress"], user: ["actor.email"] },
});

const NONE = logSourceList();

const OKTA = logSourceList({ product: "okta", service: "okta" });

/** Okta's System Log; also as EventBridge delivers it, below `detail`. */
export const oktaMapping: FieldMapping = createSourceMapping({
  name: "okta",
  accepts: (document) => isOkta(document) || (isObject(document.detail) && isOkta(document.detail)),
  logSources: () => OKTA,
  places: (field) => {
    // Okta writes these two lower case; rules have them in camel case.
    const names = [...new Set([field, field.replace(/^(debugContext)\./i, "debugContext.")])];
    return names.flatMap((name) => [...dottedPaths(name), ...dottedPaths(`detail.${name}`)]);
  },
  times: ["published", "detail.published"],
  entities: {
    address: ["client.ipAddress"],
    user: ["actor.alternateId"],
    session: ["authenticationContext.externalSessionId"],
  },
  commonFields: ["severity", "outcome.result", "version"],
});

const isOkta = (document: JsonObject): boolean =>
  typeof document.eventType === "string" &&
  isObject(document.actor) &&
  (document.published !== undefined ||
    document.displayMessage !== undefined ||
    isObject(document.outcome) ||
    isObject(document.debugContext) ||
    isList(document.target));

const GITHUB = logSourceList({ product: "github", service: "audit" });

/** GitHub's audit log of an organisation or enterprise. */
export const githubAuditMapping: FieldMapping = createSourceMapping({
  name: "github-audit",
  accepts: (document) =>
    typeof document.action === "string" &&
    document.action.includes(".") &&
    (document.actor === undefined || typeof document.actor === "string") &&
    (isText(document.org) ||
      isText(document.business) ||
      isText(document.repo) ||
      isText(document._document_id) ||
      isText(document.org_id)),
  logSources: () => GITHUB,
  times: ["created_at", "@timestamp", "at_sign_timestamp"],
  entities: { address: ["actor_ip"], user: ["actor"] },
});
