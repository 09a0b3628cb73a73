import { describe, expect, it } from "vitest";
import { ApiError, createClient } from "./client.ts";
import type { DenyListEntry } from "./schemas.ts";

const entry: DenyListEntry = {
  id: "a/b c",
  address: "203.0.113.7",
  state: "in_force",
  reason: "credential stuffing",
  requestedBy: "responder",
  createdAt: 1,
  expiresAt: 2,
};

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly sentBody: unknown;
}

function clientAnswering(status: number, body: unknown, options: { baseUrl?: string; token?: string } = {}) {
  const sent: Sent[] = [];
  const client = createClient({
    baseUrl: options.baseUrl ?? "http://worker.test:7333/",
    ...(options.token === undefined ? {} : { token: options.token }),
    fetch: async (url, init) => {
      if (typeof url !== "string") throw new TypeError("the client asks by address");
      const text = init?.body;
      sent.push({
        url,
        headers: new Headers(init?.headers),
        sentBody: typeof text === "string" ? JSON.parse(text) : undefined,
      });
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
    },
  });
  return { client, sent };
}

describe("createClient", () => {
  it("puts path parameters, query and token where they belong and leaves out what is undefined", async () => {
    const page = { items: [entry], total: 1 };
    const { client, sent } = clientAnswering(200, page, { token: "secret" });
    expect(await client.listDenyList({ query: { limit: 5, cursor: undefined } })).toEqual(page);
    expect(sent[0]?.url).toBe("http://worker.test:7333/api/v1/deny-list?limit=5");
    expect(sent[0]?.headers.get("authorization")).toBe("Bearer secret");
    expect(sent[0]?.headers.has("idempotency-key")).toBe(false);
  });

  it("escapes ids in paths and sends a fresh idempotency key with each write", async () => {
    const { client, sent } = clientAnswering(200, entry);
    await client.undoDeny({ id: entry.id });
    await client.undoDeny({ id: entry.id });
    await client.undoDeny({ id: entry.id }, { idempotencyKey: "mine" });
    expect(sent.map(({ url }) => url)).toEqual(
      Array.from({ length: 3 }, () => "http://worker.test:7333/api/v1/deny-list/a%2Fb%20c"),
    );
    const keys = sent.map((one) => one.headers.get("idempotency-key"));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(keys[1]).not.toBe(keys[0]);
    expect(keys[2]).toBe("mine");
  });

  it("sends a body as JSON and works below the page's own origin", async () => {
    const { client, sent } = clientAnswering(200, entry, { baseUrl: "" });
    await client.denyAddress({ body: { address: "203.0.113.7", seconds: 60, reason: "by hand" } });
    expect(sent[0]?.url).toBe("/api/v1/deny-list");
    expect(sent[0]?.headers.get("content-type")).toBe("application/json");
    expect(sent[0]?.sentBody).toEqual({ address: "203.0.113.7", seconds: 60, reason: "by hand" });
  });

  it("drops fields that it does not know", async () => {
    const { client } = clientAnswering(200, { ...entry, colour: "red" });
    expect(await client.undoDeny({ id: "x" })).toEqual(entry);
  });

  it.each([
    [
      "a problem of the worker",
      409,
      { type: "about:blank", title: "Conflict", status: 409, code: "stale-revision", current: { revision: 4 } },
      "stale-revision",
    ],
    ["a proxy's page", 502, "<html>bad gateway</html>", "not-the-api"],
    ["an answer that is not JSON", 200, "<html>welcome</html>", "not-the-api"],
    ["an answer of another shape", 200, { items: 3 }, "answer-shape"],
  ])("rejects %s with an ApiError", async (_, status, body, code) => {
    const { client } = clientAnswering(status, body);
    const error = await client.listAlerts().catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ApiError);
    expect((error as ApiError).problem.code).toBe(code);
    expect((error as ApiError).status).toBe(status);
  });

  it("holds input and output types", () => {
    const { client } = clientAnswering(200, {});
    const calls = [
      // @ts-expect-error an id is needed
      () => client.getAlert(),
      // @ts-expect-error a body is needed
      () => client.changeAlert({ id: "x" }),
      // @ts-expect-error a status that there is not
      () => client.listAlerts({ query: { status: "sleeping" } }),
    ];
    expect(calls).toHaveLength(3);
  });
});
