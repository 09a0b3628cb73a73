import type { JsonObject, LogSource } from "../event.ts";
import type { FieldMapping, FieldPath } from "../mapping.ts";
import { digText, dottedName, dottedPaths, isObject, isText } from "./dotted-name.ts";
import { step } from "./path-step.ts";
import { createSourceMapping, logSourceList } from "./source-mapping.ts";
import { ownMember } from "./own-member.ts";

const ACTIVITY = logSourceList({ product: "azure", service: "activitylogs" });
// Privileged Identity Management has no log of its own: it writes to the directory's audit log, and its alerts are risk events.
const AUDIT = logSourceList({ product: "azure", service: "auditlogs" }, { product: "azure", service: "pim" });
const SIGN_IN = logSourceList({ product: "azure", service: "signinlogs" });
const RISK = logSourceList({ product: "azure", service: "riskdetection" }, { product: "azure", service: "pim" });

/** Categories of Microsoft Entra's diagnostic logs, lower case. */
export const ENTRA_CATEGORIES: Readonly<Record<string, readonly LogSource[]>> = {
  auditlogs: AUDIT,
  signinlogs: SIGN_IN,
  noninteractiveusersigninlogs: SIGN_IN,
  serviceprincipalsigninlogs: SIGN_IN,
  managedidentitysigninlogs: SIGN_IN,
  adfssigninlogs: SIGN_IN,
  riskyusers: RISK,
  userriskevents: RISK,
  riskyserviceprincipals: RISK,
  serviceprincipalriskevents: RISK,
};

/** Tables of Log Analytics, lower case, by the column `Type`. */
export const TABLES: Readonly<Record<string, readonly LogSource[]>> = {
  azureactivity: ACTIVITY,
  auditlogs: AUDIT,
  signinlogs: SIGN_IN,
  aadnoninteractiveusersigninlogs: SIGN_IN,
  aadserviceprincipalsigninlogs: SIGN_IN,
  aaduserriskevents: RISK,
};

const RISK_TYPE = dottedName("properties.riskEventType");
const LOGGED_BY = dottedName("properties.loggedByService");
const APPLICATION = dottedName("properties.appDisplayName");

function azureLogSources(document: JsonObject): readonly LogSource[] {
  const table = text(document.Type).toLowerCase();
  const ofTable = ownMember(TABLES, table);
  if (ofTable !== undefined) return ofTable;
  const category = (text(document.category) || text(document.Category)).toLowerCase();
  if (isText(document.riskEventType) || digText(document, RISK_TYPE) !== "") return RISK;
  const ofCategory = ownMember(ENTRA_CATEGORIES, category);
  if (ofCategory !== undefined) return ofCategory;
  if (
    isText(document.activityDisplayName) ||
    isText(document.ActivityDisplayName) ||
    digText(document, LOGGED_BY) !== ""
  )
    return AUDIT;
  if (
    text(document.operationName) === "Sign-in activity" ||
    isText(document.conditionalAccessStatus) ||
    digText(document, APPLICATION) !== ""
  )
    return SIGN_IN;
  return ACTIVITY;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** What one thing is called in the diagnostic log, in Log Analytics, in Graph, and in rules. */
const AZURE_NAMES: readonly (readonly string[])[] = [
  [
    "operationName.value",
    "operationName",
    "OperationName",
    "OperationNameValue",
    "properties.activityDisplayName",
    "activityDisplayName",
    "ActivityDisplayName",
  ],
  ["category.value", "category", "Category", "properties.category", "CategoryValue"],
  ["resultType", "ResultType", "properties.status.errorCode", "status.errorCode"],
  ["resultDescription", "ResultDescription", "properties.status.failureReason", "status.failureReason"],
  ["callerIpAddress", "CallerIpAddress", "properties.ipAddress", "ipAddress", "IPAddress"],
  ["resourceId", "ResourceId"],
  ["riskEventType", "properties.riskEventType", "RiskEventType"],
];

/** Rule fields that go by another name in every shape of the log. */
const AZURE_ALIASES: Readonly<Record<string, readonly string[]>> = {
  "properties.message": [
    "properties.message",
    "properties.activityDisplayName",
    "activityDisplayName",
    "operationName",
    "OperationName",
  ],
  ActivityType: ["activityDisplayName", "ActivityDisplayName", "properties.activityDisplayName", "operationName"],
  activityType: ["operationType", "properties.operationType", "activityDisplayName", "properties.activityDisplayName"],
  ActivityDetails: ["properties.operationName", "operationName", "OperationName"],
  ResourceProviderValue: ["resourceProvider", "ResourceProvider", "properties.resourceProviderValue", "resourceId"],
  Resultdescription: ["resultDescription", "ResultDescription", "properties.status.failureReason"],
  Username: ["properties.userPrincipalName", "userPrincipalName", "UserPrincipalName"],
  ClientApp: ["properties.clientAppUsed", "clientAppUsed", "ClientAppUsed"],
  Status: ["properties.result", "result", "Result", "resultType", "ResultType"],
  location: ["properties.location.countryOrRegion", "location.countryOrRegion", "location", "Location"],
  "ConsentContext.IsAdminConsent": [],
  Initiatedby: ["properties.initiatedBy", "initiatedBy", "InitiatedBy"],
  "Initiatied.By": ["properties.initiatedBy", "initiatedBy", "InitiatedBy"],
  Target: ["properties.targetResources", "targetResources", "TargetResources"],
};

/** Members that hold structures, which rules search in as in a text. */
const STRUCTURES =
  /(?:^|\.)(?:targetResources|initiatedBy|modifiedProperties|status|networkLocationDetails|additionalDetails|consentContext)$/i;

const lowerFirst = (field: string): string =>
  field
    .split(".")
    .map((part) => part.slice(0, 1).toLowerCase() + part.slice(1))
    .join(".");
const upperFirst = (field: string): string =>
  field
    .split(".")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join(".");

/** Azure activity logs, and the audit, sign-in and risk logs of Microsoft Entra: diagnostic logs, Log Analytics tables, Graph. */
export const azureMapping: FieldMapping = createSourceMapping({
  name: "azure",
  accepts: (document) => {
    // Defender XDR streams its tables in the same envelope.
    if (document.eventSource !== undefined || text(document.category).startsWith("AdvancedHunting")) return false;
    if (
      isText(document.operationName) ||
      isObject(document.operationName) ||
      isText(document.OperationName) ||
      isText(document.OperationNameValue)
    )
      return (
        isText(document.resourceId) ||
        isText(document.ResourceId) ||
        isText(document._ResourceId) ||
        isText(document.tenantId) ||
        isText(document.AADTenantId) ||
        isText(document.correlationId) ||
        isText(document.category)
      );
    return (
      isText(document.riskEventType) ||
      (isText(document.activityDisplayName) && document.initiatedBy !== undefined) ||
      (isText(document.appDisplayName) && isText(document.userPrincipalName))
    );
  },
  logSources: azureLogSources,
  places: (field) => {
    const names = new Set<string>([field]);
    for (const name of ownMember(AZURE_ALIASES, field) ?? []) names.add(name);
    for (const group of AZURE_NAMES) if (group.includes(field)) for (const name of group) names.add(name);
    const lower = lowerFirst(field);
    for (const name of [lower, upperFirst(field)]) names.add(name);
    if (!lower.startsWith("properties.")) names.add(`properties.${lower}`);
    else names.add(lower.slice("properties.".length));
    return [...names].flatMap((name): readonly FieldPath[] =>
      STRUCTURES.test(name) ? dottedPaths(name).map((path) => [...path, step("text")]) : dottedPaths(name),
    );
  },
  times: [
    "time",
    "eventTimestamp",
    "TimeGenerated",
    "createdDateTime",
    "activityDateTime",
    "ActivityDateTime",
    "properties.activityDateTime",
  ],
  entities: {
    address: ["callerIpAddress", "CallerIpAddress", "properties.ipAddress", "ipAddress", "IPAddress"],
    user: [
      "properties.initiatedBy.user.userPrincipalName",
      "initiatedBy.user.userPrincipalName",
      "properties.userPrincipalName",
      "userPrincipalName",
      "UserPrincipalName",
      "caller",
      "Caller",
    ],
  },
  commonFields: ["category", "resultType", "Category", "ResultType"],
});

const M365_AUDIT = logSourceList({ product: "m365", service: "audit" });
const M365_EXCHANGE = logSourceList({ product: "m365", service: "audit" }, { product: "m365", service: "exchange" });
const M365_ALERT = logSourceList(
  { product: "m365", service: "threat_management" },
  { product: "m365", service: "threat_detection" },
  { product: "m365", service: "audit" },
);

/** The unified audit log of Microsoft 365 (Office 365 Management Activity API). */
export const m365Mapping: FieldMapping = createSourceMapping({
  name: "m365",
  accepts: (document) =>
    isText(document.Operation) &&
    (isText(document.Workload) || isText(document.OfficeWorkload) || document.RecordType !== undefined) &&
    (isText(document.CreationTime) ||
      isText(document.TimeGenerated) ||
      isText(document.UserId) ||
      isText(document.OrganizationId) ||
      isText(document.Id)),
  logSources: (document) => {
    const workload = (text(document.Workload) || text(document.OfficeWorkload)).toLowerCase();
    if (workload === "securitycompliancecenter" || workload === "threatintelligence") return M365_ALERT;
    return workload === "exchange" ? M365_EXCHANGE : M365_AUDIT;
  },
  places: (field) => {
    switch (field) {
      case "eventSource":
        return [["Workload"], ["OfficeWorkload"]];
      case "eventName":
        return [["Name"], ["Operation"]];
      case "status":
        return [
          [
            "ResultStatus",
            step("translated", "succeeded=success,success=success,true=success,partiallysucceeded=success"),
          ],
          ["ResultStatus"],
          ["Status"],
        ];
      case "Payload":
        return [["Data", step("text")]];
      case "RequestType":
      case "UserAgent":
        return [[field], ["ExtendedProperties", step("named", field)], ["DeviceProperties", step("named", field)]];
      case "Parameters":
      case "OperationProperties":
      case "ExtendedProperties":
      case "ModifiedProperties":
        return [[field, step("text")], [`${field}_string`]];
      default:
        return [[field], [`${field}_`]];
    }
  },
  times: ["CreationTime", "TimeGenerated"],
  entities: {
    address: ["ClientIP", "ClientIPAddress", "Client_IPAddress", "ActorIpAddress"],
    user: ["UserId", "UserKey"],
  },
  commonFields: ["Workload", "RecordType", "ResultStatus", "UserType", "OrganizationId"],
});
