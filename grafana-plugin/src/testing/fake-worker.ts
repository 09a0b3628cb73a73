import {
  type AlertChange,
  type DenyListEntry,
  type DenyRequest,
  type IncidentChange,
  type ProblemDetails,
  type OperationId,
  type Route,
  ROUTES,
} from "@vedette/api";
import type { WorkerFixture } from "./worker-fixture.ts";

/** A request as the fake takes it. */
export interface FakeRequest {
  readonly method: string;
  /** Path below the worker's origin, with the query. */
  readonly url: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
}

/** An answer of the fake. */
export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A worker's API over a fixture, held to the real API's schemas. */
export interface FakeWorker {
  readonly fixture: WorkerFixture;
  /** Every write that was taken, with its idempotency key. */
  readonly writes: FakeRequest[];
  /** Set to have every request answered with this error. */
  failure: ProblemDetails | undefined;
  handle(request: FakeRequest): FakeAnswer;
}

class Refusal extends Error {
  readonly problem: ProblemDetails;
  constructor(status: number, code: string, title: string) {
    super(title);
    this.problem = { type: "about:blank", title, status, code };
  }
}

interface Call {
  readonly id: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

function find<T extends { readonly id: string }>(items: readonly T[], id: string): T {
  const item = items.find((candidate) => candidate.id === id);
  if (item === undefined) throw new Refusal(404, "not-found", "There is no such thing here");
  return item;
}

function page<T>(items: readonly T[], { cursor, limit }: Readonly<Record<string, unknown>>) {
  const from = Number(cursor ?? 0);
  const to = from + Number(limit);
  return {
    items: items.slice(from, to),
    total: items.length,
    ...(to < items.length ? { nextCursor: String(to) } : {}),
  };
}

/** Makes the fake; `now` is its clock in Unix milliseconds. */
export function createFakeWorker(fixture: WorkerFixture, now: () => number): FakeWorker {
  const operations: Partial<Record<OperationId, (call: Call) => unknown>> = {
    getStatus: () => ({ ...fixture.status, now: now() }),
    getSession: () => ({ actor: "ada", role: "responder" }),
    listRules: ({ query }) => page(fixture.rules, query),
    listRefused: ({ query }) => page(fixture.refused, query),
    listAlerts: ({ query }) => {
      const { status, severity, rule, entity, from } = query;
      const matching = fixture.alerts.filter(
        (alert) =>
          (status === undefined || alert.status === status) &&
          (severity === undefined || alert.severity === severity) &&
          (rule === undefined || alert.rule.id === rule) &&
          (entity === undefined || alert.entities.some(({ value }) => value === entity)) &&
          (from === undefined || alert.lastSeen >= Number(from)),
      );
      return page(
        matching.toSorted((a, b) => b.lastSeen - a.lastSeen),
        query,
      );
    },
    getAlert: ({ id }) => find(fixture.alerts, id),
    changeAlert: ({ id, body }) => {
      const change = body as AlertChange;
      const alert = find(fixture.alerts, id);
      if (alert.revision !== change.revision) throw new Refusal(409, "revision-conflict", "The alert has changed");
      const { note, assignee, revision: _, ...rest } = change;
      Object.assign(alert, rest, { revision: alert.revision + 1 }, assignee ? { assignee } : {});
      alert.history.push({ time: now(), actor: "ada", change: change.status ?? "note", ...(note ? { note } : {}) });
      return alert;
    },
    listIncidents: ({ query }) =>
      page(
        fixture.incidents.filter(({ status }) => query["status"] === undefined || status === query["status"]),
        query,
      ),
    getIncident: ({ id }) => find(fixture.incidents, id),
    changeIncident: ({ id, body }) => {
      const change = body as IncidentChange;
      const incident = find(fixture.incidents, id);
      if (incident.revision !== change.revision)
        throw new Refusal(409, "revision-conflict", "The incident has changed");
      return Object.assign(incident, change.status ? { status: change.status } : {}, {
        revision: incident.revision + 1,
      });
    },
    listDenyList: ({ query }) => page(fixture.denyList, query),
    denyAddress: ({ body }) => {
      const { seconds, ...request } = body as DenyRequest;
      const entry: DenyListEntry = {
        ...request,
        id: `action-${fixture.denyList.length + 1}`,
        state: "in_force",
        requestedBy: "ada",
        createdAt: now(),
        expiresAt: now() + seconds * 1_000,
      };
      fixture.denyList.unshift(entry);
      return entry;
    },
    undoDeny: ({ id }) =>
      Object.assign(find(fixture.denyList, id), { state: "undone", endedAt: now(), endedBy: "ada" }),
  };
  const writes: FakeRequest[] = [];

  const answer = (request: FakeRequest): unknown => {
    const { pathname, searchParams } = new URL(request.url, "http://worker");
    for (const [name, route] of Object.entries<Route>(ROUTES)) {
      const match = new RegExp(`^${route.path.replace("{id}", "([^/]+)")}$`).exec(pathname);
      const operation = operations[name as OperationId];
      if (match === null || route.method !== request.method || operation === undefined) continue;
      if (route.method !== "GET") {
        if (!request.idempotencyKey)
          throw new Refusal(400, "idempotency-key-missing", "A write needs an Idempotency-Key");
        writes.push(request);
      }
      const query = (route.query?.parse(Object.fromEntries(searchParams)) ?? {}) as Record<string, unknown>;
      const body: unknown = route.body?.parse(request.body);
      return route.response.parse(operation({ id: decodeURIComponent(match[1] ?? ""), query, body }));
    }
    throw new Refusal(404, "not-found", "There is no such path");
  };

  return {
    fixture,
    writes,
    failure: undefined,
    handle(request) {
      if (this.failure !== undefined) return { status: this.failure.status, body: this.failure };
      try {
        return { status: 200, body: answer(request) };
      } catch (error) {
        if (error instanceof Refusal) return { status: error.problem.status, body: error.problem };
        throw error;
      }
    },
  };
}
