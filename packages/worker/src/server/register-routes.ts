import { createHash } from "node:crypto";
import { IDEMPOTENCY_HEADER, type OperationId, type Route, ROUTES } from "@vedette/api";
import type { FastifyInstance, FastifyReply } from "fastify";
import { z } from "zod";
import { OperationError } from "../responder/operations.ts";
import type { Access } from "./access.ts";
import type { Handlers, ReadHandler, WriteHandler } from "./handlers.ts";
import { problemOf, RequestProblem } from "./problem.ts";
import type { Caller } from "./tokens.ts";

/** A handler of any operation, for the code that treats them all alike. */
type AnyWriteHandler = WriteHandler<OperationId>;
type AnyHandler = ReadHandler<OperationId> | AnyWriteHandler;
type AnyInput = Parameters<ReadHandler<OperationId>["read"]>[0];

const paramsSchema = z.record(z.string(), z.string().min(1).max(128));
const KEY = /^[\x21-\x7e]{1,200}$/;

/** The path as the router writes it: `{id}` is `:id`. */
export const routerPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ":$1");

function parse<T>(schema: z.ZodType<T>, value: unknown, part: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map((issue) => ({
    path: [part, ...issue.path].join("."),
    message: issue.message,
  }));
  const detail = errors.map((error) => `${error.path}: ${error.message}`).join("; ");
  throw new RequestProblem("request-invalid", detail, { errors });
}

/**
 * Names a write for the operations, which make it once and answer a repetition with what the first one made: who, what and with which key.
 * What was asked is not part of it: the operations refuse a key that was used for something else.
 */
function writeName(operation: string, caller: Caller, key: string): string {
  return createHash("sha256")
    .update(JSON.stringify([operation, caller.actor, key]))
    .digest("base64url");
}

/** Registers every operation of the API: access, validation, idempotency keys and the shape of the answer are the same for all. */
export function registerRoutes(app: FastifyInstance, handlers: Handlers, access: Access): void {
  const write = async (
    id: OperationId,
    handler: AnyWriteHandler,
    input: AnyInput,
    caller: Caller,
    key: unknown,
  ): Promise<unknown> => {
    if (typeof key !== "string" || !KEY.test(key)) {
      throw new RequestProblem(
        "idempotency-key-missing",
        `A write needs the header ${IDEMPOTENCY_HEADER}: 1 to 200 visible ASCII characters.`,
      );
    }
    try {
      const made = await handler.write(input, {
        name: caller.actor,
        idempotencyKey: writeName(id, caller, key),
      });
      return await handler.show(made);
    } catch (error) {
      if (!(error instanceof OperationError) || (error.code !== "conflict" && error.code !== "ended")) throw error;
      const code = error.code === "ended" ? "already-ended" : "stale-revision";
      throw new RequestProblem(code, error.message, { current: await handler.current(input) });
    }
  };

  for (const [id, route] of Object.entries<Route>(ROUTES)) {
    const operation = id as OperationId;
    const handler = handlers[operation] as AnyHandler;
    app.route({
      method: route.method,
      url: routerPath(route.path),
      onRequest: async (request) => {
        // Before the body is read: a stranger's body is not worth parsing.
        access.require(request, route.role);
      },
      handler: async (request, reply) => {
        const caller = access.require(request, route.role);
        const input = {
          ...parse(paramsSchema, request.params, "path"),
          ...(route.query === undefined ? {} : { query: parse(route.query, request.query, "query") }),
          ...(route.body === undefined ? {} : { body: parse(route.body, request.body, "body") }),
        } as AnyInput;
        const key = request.headers[IDEMPOTENCY_HEADER.toLowerCase()];
        const answer =
          "read" in handler ? await handler.read(input, caller) : await write(operation, handler, input, caller, key);
        // What is not in the contract does not leave the worker, and what breaks it is our defect, not the client's riddle.
        return reply.header("cache-control", "no-store").send(route.response.parse(answer));
      },
    });
  }
}

/** Answers errors of whatever origin as problem details (RFC 9457). */
export function sendProblem(error: unknown, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error);
  if (problem.status === 503) void reply.header("retry-after", "5");
  if (problem.status === 401) void reply.header("www-authenticate", 'Bearer realm="vedette"');
  return reply
    .code(problem.status)
    .header("cache-control", "no-store")
    .type("application/problem+json")
    .send(JSON.stringify(problem));
}
