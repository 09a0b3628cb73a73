import { z } from "zod";
import { type Route, ROUTES } from "./routes.ts";
import { changeSchema, problemDetailsSchema } from "./schemas.ts";
import { IDEMPOTENCY_HEADER, OPENAPI_PATH, SESSION_COOKIE, STREAM_EVENTS, STREAM_PATH } from "./stream.ts";

type Json = Record<string, unknown>;

const PROBLEMS = {
  BadRequest: "The request is malformed; `errors` says where",
  Unauthorized: "No token or session, or one that is not valid",
  Forbidden: "The role is too small, or the request comes from another origin",
  NotFound: "There is no such thing",
  Conflict: "Another change came first; `current` is the present state",
  TooLarge: "The body is too large",
  Unprocessable: "Understood, and makes no sense",
  Unavailable: "The worker cannot do it now; Retry-After says when to try again",
} as const;

type ProblemName = keyof typeof PROBLEMS;

/** Collects the JSON Schemas of zod schemas, moving those with an id to the components. */
function createSchemaCollector(): { components: Json; add(schema: z.ZodType, io: "input" | "output"): Json } {
  const components: Json = {};
  return {
    components,
    add(schema, io) {
      // Wrapped, because zod inlines the outermost schema even when it has an id.
      const { $defs = {}, properties } = z.toJSONSchema(z.object({ schema }), {
        io,
        override: ({ jsonSchema }) => {
          delete jsonSchema.id;
          // A later version may add fields to an answer; a request with unknown ones is refused.
          if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
        },
      });
      const toComponents = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
      for (const [id, definition] of Object.entries($defs)) {
        const moved = toComponents(definition);
        if (id in components && JSON.stringify(components[id]) !== JSON.stringify(moved)) {
          throw new Error(`two different schemas have the id ${id}`);
        }
        components[id] = moved;
      }
      return toComponents(properties?.["schema"]) as Json;
    },
  };
}

function problemsOf(route: Route): readonly ProblemName[] {
  const names: ProblemName[] = ["Unauthorized", "Forbidden", "Unavailable"];
  if (route.query !== undefined || route.method !== "GET") names.push("BadRequest");
  if (route.path.includes("{")) names.push("NotFound");
  if (route.method !== "GET") names.push("Conflict", "TooLarge", "Unprocessable");
  return names;
}

const STATUS: Record<ProblemName, string> = {
  BadRequest: "400",
  Unauthorized: "401",
  Forbidden: "403",
  NotFound: "404",
  Conflict: "409",
  TooLarge: "413",
  Unprocessable: "422",
  Unavailable: "503",
};

function parametersOf(route: Route, collector: ReturnType<typeof createSchemaCollector>): Json[] {
  const parameters: Json[] = Array.from(route.path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", minLength: 1, maxLength: 128 },
  }));
  if (route.query !== undefined) {
    const { properties = {}, required = [] } = collector.add(route.query, "input") as {
      properties?: Record<string, Json>;
      required?: string[];
    };
    for (const [name, { description, ...schema }] of Object.entries(properties)) {
      parameters.push({
        name,
        in: "query",
        required: required.includes(name),
        ...(description === undefined ? {} : { description }),
        schema,
      });
    }
  }
  if (route.method !== "GET") parameters.push({ $ref: "#/components/parameters/IdempotencyKey" });
  return parameters;
}

function operationOf(id: string, route: Route, collector: ReturnType<typeof createSchemaCollector>): Json {
  const responses: Json = {
    200: { description: "Done", content: { "application/json": { schema: collector.add(route.response, "output") } } },
  };
  for (const name of problemsOf(route)) responses[STATUS[name]] = { $ref: `#/components/responses/${name}` };
  return {
    operationId: id,
    summary: route.summary,
    description: `Needs the role \`${route.role}\`.`,
    parameters: parametersOf(route, collector),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: collector.add(route.body, "input") } },
          },
        }),
    responses,
  };
}

function otherPaths(): Json {
  const unauthorized = {
    401: { $ref: "#/components/responses/Unauthorized" },
    403: { $ref: "#/components/responses/Forbidden" },
  };
  return {
    [STREAM_PATH]: {
      get: {
        operationId: "streamChanges",
        summary: "Changes as they are committed (server-sent events)",
        description:
          `Each event named \`${STREAM_EVENTS.change}\` has a Change as its data: what to fetch again. ` +
          `\`${STREAM_EVENTS.resync}\` says that changes may have been missed. Send Last-Event-ID to go on where a connection broke.`,
        parameters: [{ name: "Last-Event-ID", in: "header", required: false, schema: { type: "string" } }],
        responses: {
          200: { description: "The stream", content: { "text/event-stream": { schema: { type: "string" } } } },
          ...unauthorized,
        },
      },
    },
    [OPENAPI_PATH]: {
      get: {
        operationId: "getOpenApi",
        summary: "This document",
        security: [],
        responses: {
          200: { description: "An OpenAPI document", content: { "application/json": { schema: { type: "object" } } } },
        },
      },
    },
  };
}

/**
 * The OpenAPI 3.1 document of everything in {@link ROUTES} and the stream of changes, generated from the schemas that validate requests.
 *
 * @param version Version of the API to show in `info`.
 */
export function openApiDocument(version = "0.1.0"): object {
  const collector = createSchemaCollector();
  const paths: Record<string, Json> = {};
  for (const [id, route] of Object.entries<Route>(ROUTES)) {
    const path = (paths[route.path] ??= {});
    path[route.method.toLowerCase()] = operationOf(id, route, collector);
  }
  collector.add(changeSchema, "output");
  const problem = collector.add(problemDetailsSchema, "output");
  const retryAfter = { "Retry-After": { description: "Seconds", schema: { type: "integer" } } };
  const responses = Object.fromEntries(
    Object.entries(PROBLEMS).map(([name, description]) => [
      name,
      {
        description,
        ...(name === "Unavailable" ? { headers: retryAfter } : {}),
        content: { "application/problem+json": { schema: problem } },
      },
    ]),
  );
  return {
    openapi: "3.1.1",
    info: {
      title: "Vedette worker",
      version,
      description: "Alerts, incidents, the deny list, rules and the audit trail of a Vedette worker.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    paths: { ...paths, ...otherPaths() },
    components: {
      schemas: Object.fromEntries(Object.entries(collector.components).sort(([a], [b]) => a.localeCompare(b, "en"))),
      responses,
      parameters: {
        IdempotencyKey: {
          name: IDEMPOTENCY_HEADER,
          in: "header",
          required: true,
          description: "New for each write; the same one when a write is repeated because its answer was lost",
          schema: { type: "string", pattern: "^[\\x21-\\x7e]{1,200}$" },
        },
      },
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A token of one of the roles reader, responder and admin",
        },
        session: { type: "apiKey", in: "cookie", name: SESSION_COOKIE, description: "Set by a one-time login link" },
      },
    },
  };
}
