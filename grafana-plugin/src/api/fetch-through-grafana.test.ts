import { type BackendSrv, type BackendSrvRequest, setBackendSrv } from "@grafana/runtime";
import { ApiError, createClient } from "@vedette/api";
import { EMPTY, NEVER, type Observable, of, throwError } from "rxjs";
import { expect, it } from "vitest";
import { fetchThroughGrafana } from "./fetch-through-grafana.ts";

function withGrafana(answer: (request: BackendSrvRequest) => Observable<unknown>) {
  const requests: BackendSrvRequest[] = [];
  setBackendSrv({
    fetch: (request: BackendSrvRequest) => {
      requests.push(request);
      return answer(request);
    },
  } as unknown as BackendSrv);
  return { requests, client: createClient({ baseUrl: "/proxy", fetch: fetchThroughGrafana }) };
}

const session = { actor: "ada", role: "reader" };

it("sends a read and hands on the answer", async () => {
  const { client, requests } = withGrafana(() => of({ status: 200, data: session }));
  expect(await client.getSession()).toEqual(session);
  expect(requests).toMatchObject([{ url: "/proxy/api/v1/session", method: "GET", showErrorAlert: false }]);
});

it("sends a write's body once encoded, and its idempotency key", async () => {
  const { client, requests } = withGrafana(() => throwError(() => ({ status: 404, data: {}, config: {} })));
  await expect(
    client.denyAddress({ body: { address: "203.0.113.9", seconds: 60, reason: "test" } }, { idempotencyKey: "k1" }),
  ).rejects.toThrow(ApiError);
  expect(requests[0]?.data).toEqual({ address: "203.0.113.9", seconds: 60, reason: "test" });
  expect(new Headers(requests[0]?.headers).get("idempotency-key")).toBe("k1");
});

it("keeps the worker's problem details", async () => {
  const problem = { type: "about:blank", title: "Stale", status: 409, code: "stale-revision" };
  const { client } = withGrafana(() => throwError(() => ({ status: 409, data: problem, config: {} })));
  await expect(client.getSession()).rejects.toMatchObject({ status: 409, problem });
});

it.each([
  ["no answer", throwError(() => ({ status: 0, data: {}, config: {} }))],
  ["a stream that ends without one", EMPTY],
])("rejects as fetch does on %s", async (_, answer) => {
  const { client } = withGrafana(() => answer);
  await expect(client.getSession()).rejects.toThrow(TypeError);
});

it("rejects with the reason when the request was given up", async () => {
  const { client } = withGrafana(({ abortSignal }) => {
    abortSignal?.throwIfAborted();
    return NEVER;
  });
  const controller = new AbortController();
  controller.abort();
  await expect(client.getSession({}, { signal: controller.signal })).rejects.toMatchObject({ name: "AbortError" });
});
