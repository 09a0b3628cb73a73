/** Path of the stream of changes (server-sent events) below the worker's origin. */
export const STREAM_PATH = "/api/v1/stream";

/**
 * Events on the stream. `change`: its data is the JSON of one `Change`, which tells what to fetch again. `resync`: changes may have been
 * missed, so fetch everything on show again.
 */
export const STREAM_EVENTS = { change: "change", resync: "resync" } as const;

/** Path of the OpenAPI document below the worker's origin. */
export const OPENAPI_PATH = "/api/v1/openapi.json";

/** Name of the cookie that holds a browser's session. */
export const SESSION_COOKIE = "vedette_session";

/** Header that makes repeating a write harmless: 1 to 200 visible ASCII characters, new for each write. */
export const IDEMPOTENCY_HEADER = "Idempotency-Key";
