import {
  type CoveragePage,
  type CoverageQuery,
  type OperationId,
  type OperationInput,
  type OperationOutput,
  type Page,
  type ROUTES,
  type RuleSummary,
  type Status,
} from "@vedette/api";
import type { z } from "zod";
import type { Actor, Operations } from "../responder/operations.ts";
import type { Store } from "../store/store.ts";
import { RequestProblem } from "./problem.ts";
import type { Caller } from "./tokens.ts";
import { alertDetail, incidentDetail } from "./views.ts";

type Parsed<Id extends OperationId> = {
  readonly [Key in keyof OperationInput<Id>]-?: Key extends "query" | "body"
    ? (typeof ROUTES)[Id] extends { readonly [K in Key]: infer S extends z.ZodType }
      ? z.output<S>
      : never
    : string;
};

/** Answers an operation that changes nothing. */
export interface ReadHandler<Id extends OperationId> {
  read(input: Parsed<Id>, caller: Caller): Promise<OperationOutput<Id>>;
}

/** Makes a write, and shows what it made. */
export interface WriteHandler<Id extends OperationId, Made = unknown> {
  write(input: Parsed<Id>, by: Actor): Promise<Made>;
  show(made: Made): Promise<OperationOutput<Id>>;
  /** The present state to answer with when another change came first. */
  current(input: Parsed<Id>): Promise<unknown>;
}

/** A handler for every operation. */
export type Handlers = {
  readonly [Id in OperationId]: (typeof ROUTES)[Id]["method"] extends "GET" ? ReadHandler<Id> : WriteHandler<Id>;
};

/** What the handlers work with. */
export interface HandlerOptions {
  readonly store: Store;
  readonly operations: Operations;
  readonly status: () => Promise<Status>;
  /** The rules that are loaded; their findings are counted by the store. */
  readonly rules: () => readonly Omit<RuleSummary, "findings">[];
  /** Events that rules did not look at; absent where no ledger of that is kept. */
  readonly coverage?: ((query: CoverageQuery) => Promise<CoveragePage>) | undefined;
}

/** Keeps the type of what a write makes between its parts. */
const writeHandler = <Id extends OperationId, Made>(handler: WriteHandler<Id, Made>): WriteHandler<Id> => ({
  ...handler,
  show: (made) => handler.show(made as Made),
});

async function found<T>(id: string, kind: string, looked: Promise<T | undefined>): Promise<T> {
  const value = await looked;
  if (value === undefined) throw new RequestProblem("not-found", `There is no ${kind} with the id ${id}.`);
  return value;
}

/** Refuses a cursor that is no position in a list. */
function requirePosition(query: { readonly cursor?: string | undefined }): void {
  if (query.cursor !== undefined && !/^\d{1,9}$/.test(query.cursor)) {
    const message = "The cursor was not made by this list. Leave it out to start at the first page.";
    throw new RequestProblem("request-invalid", message, { errors: [{ path: "query.cursor", message }] });
  }
}

/** A page of a list that is in memory; its cursor is the position of the next item. */
function pageOfArray<T>(
  items: readonly T[],
  query: { readonly cursor?: string | undefined; readonly limit: number },
): Page<T> {
  requirePosition(query);
  const from = Number(query.cursor ?? 0);
  const to = from + query.limit;
  return {
    items: items.slice(from, to),
    total: items.length,
    ...(to < items.length ? { nextCursor: String(to) } : {}),
  };
}

/** Makes the handlers of all operations. */
export function createHandlers({ store, operations, status, rules, coverage }: HandlerOptions): Handlers {
  return {
    getStatus: { read: () => status() },
    getCoverage: {
      read: async ({ query }) => {
        if (coverage === undefined) {
          const message = "This worker keeps no ledger of coverage: it reads nothing from Elasticsearch.";
          throw new RequestProblem("coverage-not-kept", message);
        }
        requirePosition(query);
        return coverage(query);
      },
    },
    getSession: { read: async (_, caller) => ({ actor: caller.actor, role: caller.role }) },
    listAlerts: { read: ({ query }) => store.listAlerts(query) },
    getAlert: { read: async ({ id }) => alertDetail(store, await found(id, "alert", store.alert(id))) },
    changeAlert: writeHandler({
      write: ({ id, body }, by) => operations.changeAlert(id, body, by),
      show: (alert) => alertDetail(store, alert),
      current: ({ id }) => store.alert(id),
    }),
    listIncidents: { read: ({ query }) => store.listIncidents(query) },
    getIncident: { read: async ({ id }) => incidentDetail(store, await found(id, "incident", store.incident(id))) },
    changeIncident: writeHandler({
      write: ({ id, body }, by) => operations.changeIncident(id, body, by),
      show: (incident) => incidentDetail(store, incident),
      current: ({ id }) => store.incident(id),
    }),
    listDenyList: { read: ({ query }) => store.listDenyList(query.cursor, query.limit) },
    denyAddress: writeHandler({
      write: ({ body }, by) => operations.denyAddress(body, by),
      show: async (entry) => entry,
      current: async () => undefined,
    }),
    undoDeny: writeHandler({
      write: ({ id }, by) => operations.undoDeny(id, by),
      show: async (entry) => entry,
      current: ({ id }) => store.denyListEntry(id),
    }),
    listRules: {
      read: async ({ query }) => {
        const [counts, page] = [await store.findingCounts(), pageOfArray(rules(), query)];
        return { ...page, items: page.items.map((rule) => ({ ...rule, findings: counts.get(rule.id) ?? 0 })) };
      },
    },
    listRefused: { read: ({ query }) => store.listRefused(query.cursor, query.limit) },
    listAudit: { read: ({ query }) => store.listAudit(query.cursor, query.limit) },
    verifyAudit: { read: () => store.verifyAudit() },
  };
}
