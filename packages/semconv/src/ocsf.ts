import { ATTR, type AttributeName } from "./attributes.ts";
import { EVENT, type EventName } from "./events.ts";

/** Version of the Open Cybersecurity Schema Framework that classes, activities and dispositions are of. */
export const OCSF_VERSION = "1.3.0";

/** A class of OCSF. */
export interface OcsfClass {
  readonly uid: number;
  readonly name: string;
  readonly category: number;
  readonly categoryName: string;
}

const FINDINGS = { category: 2, categoryName: "Findings" } as const;
const IAM = { category: 3, categoryName: "Identity & Access Management" } as const;
const NETWORK = { category: 4, categoryName: "Network Activity" } as const;
const APPLICATION = { category: 6, categoryName: "Application Activity" } as const;

/** The classes that our events and alerts are of. */
export const OCSF_CLASS = {
  vulnerabilityFinding: { uid: 2002, name: "Vulnerability Finding", ...FINDINGS },
  detectionFinding: { uid: 2004, name: "Detection Finding", ...FINDINGS },
  authentication: { uid: 3002, name: "Authentication", ...IAM },
  entityManagement: { uid: 3004, name: "Entity Management", ...IAM },
  httpActivity: { uid: 4002, name: "HTTP Activity", ...NETWORK },
  apiActivity: { uid: 6003, name: "API Activity", ...APPLICATION },
  datastoreActivity: { uid: 6005, name: "Datastore Activity", ...APPLICATION },
} as const satisfies Readonly<Record<string, OcsfClass>>;

/** An activity of a class: its number, which is 99 where OCSF has none for it, and its name. */
export type OcsfActivity = readonly [id: number, name: string];

/** Activities that OCSF knows, by class; 99 stands for any other. */
export const OCSF_ACTIVITIES: Readonly<Record<number, readonly OcsfActivity[]>> = {
  2002: [
    [1, "Create"],
    [2, "Update"],
    [3, "Close"],
  ],
  2004: [
    [1, "Create"],
    [2, "Update"],
    [3, "Close"],
  ],
  3002: [
    [1, "Logon"],
    [2, "Logoff"],
  ],
  3004: [
    [1, "Create"],
    [2, "Read"],
    [3, "Update"],
    [4, "Delete"],
  ],
  4002: [
    [1, "Connect"],
    [2, "Delete"],
    [3, "Get"],
    [4, "Head"],
    [5, "Options"],
    [6, "Post"],
    [7, "Put"],
    [8, "Trace"],
  ],
  6003: [
    [1, "Create"],
    [2, "Read"],
    [3, "Update"],
    [4, "Delete"],
  ],
  6005: [
    [1, "Read"],
    [2, "Update"],
    [3, "Connect"],
    [4, "Query"],
    [5, "Write"],
    [6, "Create"],
    [7, "Delete"],
    [8, "List"],
  ],
};

/** What one of our events is in OCSF. */
export interface OcsfEvent {
  readonly class: OcsfClass;
  readonly activity: OcsfActivity;
  /** Activities, and classes where another one fits, for the values of one attribute. */
  readonly by?: {
    readonly attribute: AttributeName;
    readonly values: Readonly<Record<string, { readonly class?: OcsfClass; readonly activity: OcsfActivity }>>;
  };
  /** What became of the request, of the profile `security_control`. */
  readonly disposition?: readonly [id: number, name: string];
}

const BY_METHOD = {
  attribute: ATTR.httpRequestMethod,
  values: {
    CONNECT: { activity: [1, "Connect"] },
    DELETE: { activity: [2, "Delete"] },
    GET: { activity: [3, "Get"] },
    HEAD: { activity: [4, "Head"] },
    OPTIONS: { activity: [5, "Options"] },
    POST: { activity: [6, "Post"] },
    PUT: { activity: [7, "Put"] },
    TRACE: { activity: [8, "Trace"] },
  },
} as const satisfies OcsfEvent["by"];

const FINDING = { class: OCSF_CLASS.detectionFinding, activity: [1, "Create"] } as const;
const REQUEST = { class: OCSF_CLASS.httpActivity, activity: [99, "Other"], by: BY_METHOD } as const;

/**
 * What each event of ours is in OCSF.
 *
 * @see https://schema.ocsf.io/1.3.0/classes
 */
export const OCSF_EVENTS: Readonly<Record<EventName, OcsfEvent>> = {
  [EVENT.authentication]: { class: OCSF_CLASS.authentication, activity: [1, "Logon"] },
  [EVENT.authenticationWeakness]: { class: OCSF_CLASS.vulnerabilityFinding, activity: [1, "Create"] },
  [EVENT.authorizationDenied]: { class: OCSF_CLASS.apiActivity, activity: [99, "Denied"] },
  [EVENT.inputRejected]: { class: OCSF_CLASS.apiActivity, activity: [99, "Input rejected"] },
  [EVENT.rateLimited]: { ...REQUEST, disposition: [2, "Blocked"] },
  [EVENT.requestSuspicious]: FINDING,
  [EVENT.requestRefused]: REQUEST,
  [EVENT.requestAnomaly]: FINDING,
  [EVENT.responseWeakness]: { class: OCSF_CLASS.vulnerabilityFinding, activity: [1, "Create"] },
  [EVENT.serviceDegraded]: FINDING,
  [EVENT.session]: {
    class: OCSF_CLASS.authentication,
    activity: [99, "Session"],
    by: {
      attribute: ATTR.sessionAction,
      values: {
        revoked: { activity: [2, "Logoff"] },
        expired: { activity: [2, "Logoff"] },
        invalid: FINDING,
        fixation: FINDING,
        client_changed: FINDING,
        concurrent: FINDING,
        hijack_suspected: FINDING,
      },
    },
  },
  [EVENT.dataAccess]: { class: OCSF_CLASS.datastoreActivity, activity: [1, "Read"] },
  [EVENT.adminAction]: { class: OCSF_CLASS.entityManagement, activity: [3, "Update"] },
  [EVENT.businessRule]: { class: OCSF_CLASS.apiActivity, activity: [99, "Business rule broken"] },
  [EVENT.honeytoken]: FINDING,
  [EVENT.outboundRequest]: { class: OCSF_CLASS.httpActivity, activity: [99, "Outbound request"] },
  [EVENT.agentToolCall]: { class: OCSF_CLASS.apiActivity, activity: [99, "Tool call"] },
  [EVENT.guardBlocked]: { ...REQUEST, disposition: [2, "Blocked"] },
  [EVENT.guardObserved]: { ...REQUEST, disposition: [15, "Detected"] },
};
