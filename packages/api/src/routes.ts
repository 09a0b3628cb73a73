import type { z } from "zod";
import {
  alertChangeSchema,
  alertDetailSchema,
  alertQuerySchema,
  alertSchema,
  auditEntrySchema,
  auditVerificationSchema,
  coveragePageSchema,
  coverageQuerySchema,
  denyListEntrySchema,
  denyRequestSchema,
  incidentChangeSchema,
  incidentDetailSchema,
  incidentQuerySchema,
  incidentSchema,
  pageOf,
  pageQuerySchema,
  refusedRecordSchema,
  ruleSummarySchema,
  sessionSchema,
  statusSchema,
} from "./schemas.ts";

/** What a caller must be allowed to do. Each role includes the ones before it. */
export type Role = "reader" | "responder" | "admin";

/** One operation of the API: the OpenAPI document, the server's registration and the typed client are all made from it. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  /** Path below the origin; `{name}` is a path parameter. */
  readonly path: string;
  readonly summary: string;
  readonly role: Role;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly response: z.ZodType;
}

const byId = "/{id}";

/** Every operation under `/api/v1`, by operation id. A write takes an `Idempotency-Key` header. */
export const ROUTES = {
  getStatus: {
    method: "GET",
    path: "/api/v1/status",
    summary: "What the worker is doing and what is wrong",
    role: "reader",
    response: statusSchema,
  },
  getCoverage: {
    method: "GET",
    path: "/api/v1/coverage",
    summary: "Events that rules did not look at, and why, by the ledger of coverage",
    role: "reader",
    query: coverageQuerySchema,
    response: coveragePageSchema,
  },
  getSession: {
    method: "GET",
    path: "/api/v1/session",
    summary: "Who the caller is",
    role: "reader",
    response: sessionSchema,
  },
  listAlerts: {
    method: "GET",
    path: "/api/v1/alerts",
    summary: "Alerts, newest first",
    role: "reader",
    query: alertQuerySchema,
    response: pageOf(alertSchema).meta({ id: "AlertPage" }),
  },
  getAlert: {
    method: "GET",
    path: `/api/v1/alerts${byId}`,
    summary: "One alert with findings, events and history",
    role: "reader",
    response: alertDetailSchema,
  },
  changeAlert: {
    method: "POST",
    path: `/api/v1/alerts${byId}`,
    summary: "Change status, close reason or assignee, or add a note",
    role: "responder",
    body: alertChangeSchema,
    response: alertDetailSchema,
  },
  listIncidents: {
    method: "GET",
    path: "/api/v1/incidents",
    summary: "Incidents, newest first",
    role: "reader",
    query: incidentQuerySchema,
    response: pageOf(incidentSchema).meta({ id: "IncidentPage" }),
  },
  getIncident: {
    method: "GET",
    path: `/api/v1/incidents${byId}`,
    summary: "One incident with alerts, timeline and actions",
    role: "reader",
    response: incidentDetailSchema,
  },
  changeIncident: {
    method: "POST",
    path: `/api/v1/incidents${byId}`,
    summary: "Change status or add a note",
    role: "responder",
    body: incidentChangeSchema,
    response: incidentDetailSchema,
  },
  listDenyList: {
    method: "GET",
    path: "/api/v1/deny-list",
    summary: "What the guards do or did to whom",
    role: "reader",
    query: pageQuerySchema,
    response: pageOf(denyListEntrySchema).meta({ id: "DenyListPage" }),
  },
  denyAddress: {
    method: "POST",
    path: "/api/v1/deny-list",
    summary:
      "Have the guards do something: block, throttle, ask for a step-up, end a session, observe, or nothing at all",
    role: "responder",
    body: denyRequestSchema,
    response: denyListEntrySchema,
  },
  undoDeny: {
    method: "DELETE",
    path: `/api/v1/deny-list${byId}`,
    summary: "Undo what the guards do",
    role: "responder",
    response: denyListEntrySchema,
  },
  listRules: {
    method: "GET",
    path: "/api/v1/rules",
    summary: "Rules that are loaded",
    role: "reader",
    query: pageQuerySchema,
    response: pageOf(ruleSummarySchema).meta({ id: "RulePage" }),
  },
  listRefused: {
    method: "GET",
    path: "/api/v1/refused",
    summary: "Input that could not be taken, newest first",
    role: "reader",
    query: pageQuerySchema,
    response: pageOf(refusedRecordSchema).meta({ id: "RefusedRecordPage" }),
  },
  listAudit: {
    method: "GET",
    path: "/api/v1/audit",
    summary: "The audit trail, newest first",
    role: "admin",
    query: pageQuerySchema,
    response: pageOf(auditEntrySchema).meta({ id: "AuditPage" }),
  },
  verifyAudit: {
    method: "GET",
    path: "/api/v1/audit/verify",
    summary: "Recompute the hash chain",
    role: "admin",
    response: auditVerificationSchema,
  },
} as const satisfies Record<string, Route>;

/** An operation id. */
export type OperationId = keyof typeof ROUTES;
