import type { z } from "zod";
import { type OperationId, type Route, ROUTES } from "./routes.ts";
import { type ProblemDetails, problemDetailsSchema } from "./schemas.ts";
import { IDEMPOTENCY_HEADER } from "./stream.ts";

/** The worker answered with an error, or with something that is not its API's. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** HTTP status. */
  readonly status: number;
  /** What the worker says is wrong. */
  readonly problem: ProblemDetails;
  constructor(problem: ProblemDetails, options: { cause?: unknown } = {}) {
    super(problem.detail ?? problem.title, options);
    this.status = problem.status;
    this.problem = problem;
  }
}

type PathParameter<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathParameter<Rest>
  : never;
type QueryPart<R> = R extends { readonly query: infer Q extends z.ZodType } ? { readonly query?: z.input<Q> } : unknown;
type BodyPart<R> = R extends { readonly body: infer B extends z.ZodType } ? { readonly body: z.input<B> } : unknown;

/** What an operation takes: its path parameters by name, `query` and `body`. */
export type OperationInput<Id extends OperationId> = {
  readonly [Name in PathParameter<(typeof ROUTES)[Id]["path"]>]: string;
} & QueryPart<(typeof ROUTES)[Id]> &
  BodyPart<(typeof ROUTES)[Id]>;

/** What an operation resolves with. */
export type OperationOutput<Id extends OperationId> = z.output<(typeof ROUTES)[Id]["response"]>;

/** Settings of one call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Sent with a write; a random one by default. Give the same one when repeating a write whose answer was lost. */
  readonly idempotencyKey?: string;
}

type Arguments<Input> = object extends Input
  ? [input?: Input, options?: CallOptions]
  : [input: Input, options?: CallOptions];

/** One method per operation id. */
export type Client = {
  readonly [Id in OperationId]: (...args: Arguments<OperationInput<Id>>) => Promise<OperationOutput<Id>>;
};

/** How to reach a worker. */
export interface ClientOptions {
  /** Origin of the worker's API listener, with an optional path in front of `/api`. Empty for the page's own origin. */
  readonly baseUrl: string;
  /** Takes the place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Bearer token. A browser with a session cookie needs none. */
  readonly token?: string;
}

/** A random key by `getRandomValues`, which unlike `randomUUID` is there on plain-HTTP origins too. */
function randomKey(): string {
  return Array.from(globalThis.crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

interface UntypedInput {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly [parameter: string]: unknown;
}

function urlOf(baseUrl: string, route: Route, input: UntypedInput): string {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const search = query.toString();
  return `${baseUrl.replace(/\/+$/, "")}${path}${search === "" ? "" : `?${search}`}`;
}

/** The problem in an error answer, or one made up from the status when something in between has answered. */
function problemOf(status: number, text: string): ProblemDetails {
  try {
    const parsed = problemDetailsSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
  } catch {
    // Not JSON: a proxy's page, say.
  }
  return {
    type: "about:blank",
    title: `The worker's address answered ${status}`,
    status,
    code: "not-the-api",
    detail: text.slice(0, 300),
  };
}

async function call(
  options: ClientOptions,
  route: Route,
  input: UntypedInput,
  callOptions: CallOptions,
): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (options.token !== undefined) headers["authorization"] = `Bearer ${options.token}`;
  if (route.method !== "GET") headers[IDEMPOTENCY_HEADER.toLowerCase()] = callOptions.idempotencyKey ?? randomKey();
  const init: RequestInit = { method: route.method, headers, credentials: "same-origin" };
  if (input.body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(input.body);
  }
  if (callOptions.signal !== undefined) init.signal = callOptions.signal;
  // Called as a plain function: browsers refuse a `fetch` whose `this` is another object.
  const send = options.fetch ?? globalThis.fetch;
  const response = await send(urlOf(options.baseUrl, route, input), init);
  const text = await response.text();
  if (!response.ok) throw new ApiError(problemOf(response.status, text));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new ApiError({ ...problemOf(response.status, text), title: "The answer is not JSON" }, { cause: error });
  }
  const parsed = route.response.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new ApiError(
    {
      type: "about:blank",
      title: "The answer does not have the shape of this version's API",
      status: response.status,
      code: "answer-shape",
      errors: parsed.error.issues.map((issue) => ({ path: issue.path.join("."), message: issue.message })),
    },
    { cause: parsed.error },
  );
}

/**
 * A typed client of the worker's API, made from {@link ROUTES}; runs in browsers and in Node. Its methods reject with an
 * {@link ApiError} when the worker answers with an error, and with fetch's own error when no answer came.
 *
 * @example
 * const client = createClient({ baseUrl: "http://127.0.0.1:7333", token });
 * const { items } = await client.listAlerts({ query: { status: "open" } });
 * await client.changeAlert({ id: items[0].id, body: { revision: items[0].revision, status: "acknowledged" } });
 */
export function createClient(options: ClientOptions): Client {
  const methods = Object.entries<Route>(ROUTES).map(([operation, route]) => [
    operation,
    (input: UntypedInput = {}, callOptions: CallOptions = {}) => call(options, route, input, callOptions),
  ]);
  return Object.fromEntries(methods) as Client;
}
