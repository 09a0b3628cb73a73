import cookie from "@fastify/cookie";
import {
  type CoveragePage,
  type CoverageQuery,
  OPENAPI_PATH,
  openApiDocument,
  type Role,
  type Route,
  ROUTES,
  type RuleSummary,
  type Status,
  STREAM_PATH,
} from "@vedette/api";
import { GUARD_LONGEST_WAIT, GUARD_PATHS } from "@vedette/semconv";
import Fastify, { type FastifyInstance, type FastifyRequest } from "fastify";
import { z } from "zod";
import { isLoopback } from "../config/loopback.ts";
import type { Ports } from "../ports.ts";
import type { GuardHub } from "../responder/guard-hub.ts";
import type { Operations } from "../responder/operations.ts";
import type { Store } from "../store/store.ts";
import { createAccess } from "./access.ts";
import { createChangeStream } from "./change-stream.ts";
import { serveConsole } from "./console-files.ts";
import { createHandlers } from "./handlers.ts";
import { registerHealth } from "./health.ts";
import { LOGIN_PATH, LOGOUT_PATH, registerLogin } from "./login.ts";
import type { Metrics } from "./metrics.ts";
import { problemOf, RequestProblem, ServerError } from "./problem.ts";
import { registerRoutes, sendProblem } from "./register-routes.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import { createSessions } from "./sessions.ts";
import type { ApiToken } from "./tokens.ts";

/** What the server is made from. */
export interface ServerOptions {
  /** `api` of the configuration; the tokens' files are read already. */
  readonly config: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl?: string | undefined;
    readonly tokens: readonly { readonly name: string; readonly role: Role; readonly token?: string | undefined }[];
  };
  /** The token made at first start (`loadAdminToken`); login links act for it. */
  readonly adminToken: ApiToken;
  readonly store: Store;
  readonly operations: Operations;
  readonly ports: Ports;
  readonly metrics: Metrics;
  readonly guardHub: GuardHub;
  /** What the worker is doing and what is wrong, now. */
  readonly status: () => Promise<Status>;
  /** The rules that are loaded. */
  readonly rules: () => readonly Omit<RuleSummary, "findings">[];
  /** Events that rules did not look at; absent where no ledger of that is kept. */
  readonly coverage?: ((query: CoverageQuery) => Promise<CoveragePage>) | undefined;
  /** Whether this worker tells what is of all workers of a cluster; by default it is the only one. */
  readonly tellsOfAll?: (() => boolean) | undefined;
  /** Renders what came in by OTLP in Prometheus' text format. */
  readonly receivedMetrics: () => string;
  /** The folder of the built console, asked at each request; undefined while there is none. */
  readonly consoleFolder: () => string | undefined;
  /** Version of the worker, shown in the OpenAPI document. */
  readonly version: string;
}

/** The API listener. */
export interface Server {
  /** Begins to listen. @throws ServerError `api-listen-failed` or `api-tokens-missing`. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /** A link, good once and for ten minutes, that opens the console at a path; only after `listen`. */
  createLoginLink(next: string): string;
  close(): Promise<void>;
}

const BODY_LIMIT = 64 * 1024;

/** Methods that each known path takes, for 405. */
const METHODS: readonly { readonly pattern: RegExp; readonly methods: readonly string[] }[] = (() => {
  const byPath = new Map<string, string[]>();
  const add = (path: string, method: string): void => void byPath.set(path, [...(byPath.get(path) ?? []), method]);
  for (const route of Object.values<Route>(ROUTES)) add(route.path, route.method);
  for (const path of [
    STREAM_PATH,
    OPENAPI_PATH,
    ...Object.values(GUARD_PATHS),
    "/metrics",
    "/metrics/received",
    "/healthz",
    "/readyz",
  ]) {
    add(path, "GET");
  }
  for (const method of ["GET", "POST"]) add(LOGIN_PATH, method);
  add(LOGOUT_PATH, "POST");
  return [...byPath].map(([path, methods]) => ({
    pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, "[^/]+")}$`),
    methods,
  }));
})();

const pathOf = (request: FastifyRequest): string => request.url.split("?", 1)[0] ?? "/";

/** The Allow header for a path that is known and does not take the request's method. */
function allowedMethods(request: FastifyRequest): readonly string[] | undefined {
  return METHODS.find(({ pattern }) => pattern.test(pathOf(request)))?.methods;
}

/** What a guard that polls says of itself. */
const guardPollSchema = z.strictObject({
  after: z.coerce.number().int().min(0).default(0),
  wait: z.coerce.number().min(0).max(GUARD_LONGEST_WAIT).default(0),
  guard: z
    .string()
    .regex(/^[0-9a-f]{1,32}$/)
    .optional(),
});

function readQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const read = schema.safeParse(query);
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }) => ({ path: ["query", ...path].join("."), message }));
  throw new RequestProblem("request-invalid", errors.map(({ path, message }) => `${path}: ${message}`).join("; "), {
    errors,
  });
}

function registerStreams(
  app: FastifyInstance,
  {
    guardHub,
    changes,
    access,
  }: Pick<ServerOptions, "guardHub"> & {
    readonly changes: ReturnType<typeof createChangeStream>;
    readonly access: ReturnType<typeof createAccess>;
  },
): void {
  const full = (): RequestProblem =>
    new RequestProblem("too-many-streams", "As many clients as allowed are connected.");

  app.get(STREAM_PATH, { exposeHeadRoute: false }, async (request, reply) => {
    access.require(request, "reader");
    if (!changes.hasRoom()) throw full();
    const lastEventId = request.headers["last-event-id"];
    reply.hijack();
    changes.open(reply.raw, typeof lastEventId === "string" ? lastEventId : undefined);
  });

  app.get(GUARD_PATHS.key, async (_, reply) => reply.header("cache-control", "no-store").send(guardHub.key));

  app.get(GUARD_PATHS.stream, { exposeHeadRoute: false }, async (request, reply) => {
    access.requireUnlessLocal(request, "reader");
    if (!guardHub.hasRoom()) throw full();
    // Hijacked only when the snapshot is there: until then a failing store can still be answered with a problem.
    await guardHub.connect(reply.raw, () => void reply.hijack());
  });

  app.get(GUARD_PATHS.decisions, { exposeHeadRoute: false }, async (request, reply) => {
    access.requireUnlessLocal(request, "reader");
    if (!guardHub.hasRoom()) throw full();
    const { after, wait, guard } = readQuery(guardPollSchema, request.query);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    const data = await guardHub.poll({ after, wait: wait * 1_000, guard, signal: gone.signal });
    void reply.header("cache-control", "no-store");
    return data === undefined ? reply.code(204).send() : reply.type("application/json").send(data);
  });
}

/** Makes the API listener: API, console, streams, health and metrics on one port. */
export function createServer(options: ServerOptions): Server {
  const { config, adminToken, store, ports, metrics, guardHub } = options;
  const configured = config.tokens.map(({ name, role, token }) => {
    if (token === undefined) throw new Error(`the token of ${name} was not read`);
    return { name, role, token };
  });
  const tokens = [adminToken, ...configured];
  const sessions = createSessions({ clock: ports.clock, random: ports.random, tokens, linkToken: adminToken });
  const access = createAccess({
    host: config.host,
    publicUrl: config.publicUrl,
    tokens,
    sessions,
    readCookie: (request, name) => request.cookies[name],
  });
  const changes = createChangeStream({ store, ports, metrics });
  const openApi = openApiDocument(options.version);
  let url: string | undefined;

  const app = Fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    requestTimeout: 30_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 16_384 },
    // Streams stay open for ever; they must not keep the worker from stopping.
    forceCloseConnections: true,
    return503OnClosing: true,
    routerOptions: { maxParamLength: 200 },
    // A request that no route could be looked up for: no hook has seen it.
    frameworkErrors: (error, _, reply) => void sendProblem(error, reply.headers(SECURITY_HEADERS)),
  });

  // JSON alone: a form of another site can send text, not JSON.
  app.removeContentTypeParser("text/plain");
  void app.register(cookie);
  app.addHook("onRequest", async (request, reply) => {
    void reply.headers(SECURITY_HEADERS);
    // For streams, which are written past the framework.
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) reply.raw.setHeader(name, value);
    access.screen(request);
  });
  app.setErrorHandler((error, request, reply) => {
    if (problemOf(error).status >= 500 && !(error instanceof RequestProblem)) {
      ports.log.error(
        { error, request: request.id, method: request.method, path: pathOf(request) },
        "could not answer a request",
      );
    }
    void reply.header("x-request-id", request.id);
    return sendProblem(error, reply);
  });
  const refuseUnknown = (request: FastifyRequest): RequestProblem | undefined => {
    const methods = allowedMethods(request);
    if (methods !== undefined)
      return new RequestProblem("method-not-allowed", `${pathOf(request)} takes ${methods.join(" and ")}.`);
    if (request.method === "GET" && !pathOf(request).startsWith("/api/")) return undefined;
    return new RequestProblem("not-found", `There is nothing at ${pathOf(request).slice(0, 200)}.`);
  };
  app.setNotFoundHandler((request, reply) => {
    const methods = allowedMethods(request);
    if (methods !== undefined) void reply.header("allow", methods.join(", "));
    return sendProblem(refuseUnknown(request) ?? new RequestProblem("not-found", "There is nothing here."), reply);
  });

  registerRoutes(app, createHandlers(options), access);
  registerStreams(app, { guardHub, changes, access });
  registerLogin(app, { sessions, access, secure: config.publicUrl?.startsWith("https:") ?? false });
  registerHealth(app, { ...options, clock: ports.clock, access });
  app.get(OPENAPI_PATH, async (_, reply) => reply.header("cache-control", "no-cache").send(openApi));
  app.get("/*", async (request, reply) => {
    if (allowedMethods(request) !== undefined || pathOf(request).startsWith("/api/")) return reply.callNotFound();
    return serveConsole(options.consoleFolder(), request, reply);
  });

  const close = async (): Promise<void> => {
    await changes.close();
    await app.close();
  };

  return {
    async listen() {
      if (!isLoopback(config.host) && configured.length === 0) {
        await close();
        throw new ServerError(
          "api-tokens-missing",
          `The API was to listen on ${config.host}, which others can reach, without a token.`,
        );
      }
      try {
        await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        await close();
        const reason = error instanceof Error ? error.message : String(error);
        throw new ServerError(
          "api-listen-failed",
          `The API cannot listen on ${config.host}:${config.port}: ${reason}.`,
          { cause: error },
        );
      }
      const address = app.server.address();
      const bound = typeof address === "object" ? address : null;
      const port = bound?.port ?? config.port;
      const host = bound?.address ?? config.host;
      const reachable = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
      url =
        config.publicUrl?.replace(/\/+$/, "") ??
        `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
      return { host, port, url };
    },
    createLoginLink(next) {
      if (url === undefined) throw new Error("a login link needs a server that listens");
      return `${url}${LOGIN_PATH}?key=${sessions.createLink(next)}`;
    },
    close,
  };
}
