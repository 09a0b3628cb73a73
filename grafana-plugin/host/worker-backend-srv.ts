import type { BackendSrv, BackendSrvRequest, FetchError, FetchResponse } from "@grafana/runtime";
import { lastValueFrom, map, Observable } from "rxjs";

/** Grafana's plugin proxy, below which the app reaches the worker. Here the worker is the page's own origin. */
const proxyPrefix = "/api/plugin-proxy/vedette-security-app/worker/";

/** Address of a request of the app, once the plugin proxy is taken out of it. */
export function workerUrl(request: Pick<BackendSrvRequest, "url" | "params">): string {
  const path = request.url.startsWith("/") ? request.url : `/${request.url}`;
  const own = path.startsWith(proxyPrefix) ? `/${path.slice(proxyPrefix.length)}` : path;
  const query = new URLSearchParams(request.params).toString();
  return query === "" ? own : `${own}${own.includes("?") ? "&" : "?"}${query}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type Emit<T> = (response: Response, data: T) => FetchResponse<T>;

/** Sends one request and hands on what came, as Grafana's service does: rejects with a `FetchError` for any status but 2xx. */
function send<T>(request: BackendSrvRequest, read: (response: Response, next: (data: T) => void) => Promise<void>) {
  return new Observable<FetchResponse<T>>((subscriber) => {
    const controller = new AbortController();
    const abort = () => controller.abort();
    request.abortSignal?.addEventListener("abort", abort);
    const url = workerUrl(request);
    const answer: Emit<T> = (response, data) => ({
      data,
      ok: response.ok,
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
      redirected: response.redirected,
      type: response.type,
      url,
      config: request,
    });
    const fail = (error: Omit<FetchError, "config">) => subscriber.error({ ...error, config: request });
    const run = async () => {
      const init: RequestInit = {
        method: request.method ?? "GET",
        headers: { ...(request.data === undefined ? {} : { "content-type": "application/json" }), ...request.headers },
        credentials: "same-origin",
        signal: controller.signal,
      };
      if (request.data !== undefined) init.body = JSON.stringify(request.data);
      try {
        const response = await fetch(url, init);
        if (response.ok) {
          await read(response, (data) => subscriber.next(answer(response, data)));
          subscriber.complete();
          return;
        }
        const data = parse(await response.text());
        fail({
          status: response.status,
          statusText: response.statusText,
          data: typeof data === "object" ? data : { message: data },
        });
      } catch (error) {
        const cancelled = controller.signal.aborted;
        fail({ status: cancelled ? -1 : 0, cancelled, data: { message: String(error) } });
      }
    };
    void run();
    return () => {
      request.abortSignal?.removeEventListener("abort", abort);
      controller.abort();
    };
  });
}

/** Grafana's service for requests, over plain `fetch`; what it asks of the app's plugin proxy goes to the worker. */
export function createWorkerBackendSrv(): BackendSrv {
  const fetchOnce = <T>(request: BackendSrvRequest) =>
    send<T>(request, async (response, next) => {
      const text = await response.text();
      next((text === "" ? {} : parse(text)) as T);
    });
  const request = <T>(options: BackendSrvRequest) =>
    lastValueFrom(fetchOnce<T>(options).pipe(map((response) => response.data)));
  return {
    fetch: fetchOnce,
    chunked: (options) =>
      send<Uint8Array | undefined>(options, async (response, next) => {
        const reader = response.body?.getReader();
        if (reader === undefined) return;
        for (;;) {
          const { done, value } = await reader.read();
          if (done) return;
          next(value);
        }
      }),
    request,
    datasourceRequest: (options) => lastValueFrom(fetchOnce(options)),
    get: (url, params, _requestId, options) => request({ ...options, url, params, method: "GET" }),
    delete: (url, data, options) => request({ ...options, url, data, method: "DELETE" }),
    post: (url, data, options) => request({ ...options, url, data, method: "POST" }),
    patch: (url, data, options) => request({ ...options, url, data, method: "PATCH" }),
    put: (url, data, options) => request({ ...options, url, data, method: "PUT" }),
  };
}
