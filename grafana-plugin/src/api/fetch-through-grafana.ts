import { getBackendSrv, isFetchError } from "@grafana/runtime";
import { lastValueFrom } from "rxjs";

/**
 * `fetch` over Grafana's own service, so that a request gets Grafana's session and passes through the app's plugin proxy, which adds
 * the worker's token. Rejects with a `TypeError` when no answer came and with an `AbortError` when the signal aborted, as `fetch` does.
 */
export const fetchThroughGrafana: typeof fetch = async (input, init = {}) => {
  const { signal, body } = init;
  signal?.throwIfAborted();
  try {
    const { data, status } = await lastValueFrom(
      getBackendSrv().fetch<unknown>({
        url: String(input),
        method: init.method ?? "GET",
        headers: Object.fromEntries(new Headers(init.headers)),
        ...(typeof body === "string" ? { data: JSON.parse(body) as unknown } : {}),
        ...(signal ? { abortSignal: signal } : {}),
        showErrorAlert: false,
        showSuccessAlert: false,
      }),
    );
    return new Response(JSON.stringify(data), { status });
  } catch (error) {
    signal?.throwIfAborted();
    if (!isFetchError(error) || error.status < 200) {
      throw new TypeError("No answer came from the worker.", { cause: error });
    }
    return new Response(JSON.stringify(error.data ?? {}), { status: error.status });
  }
};
