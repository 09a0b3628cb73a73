/** Codes of the problem details that the API answers, and of errors when it is started. */
export const SERVER_ERROR_CODES = {
  "api-listen-failed": {
    summary: "The API cannot listen on its address: the port is in use, or the address is not this machine's.",
    cure: "Stop the other program (often another worker) or set `api.port`; 0 takes any free port.",
  },
  "api-tokens-missing": {
    summary: "The API was to listen on an address that others can reach, without a configured token.",
    cure: "Configure `api.tokens`, or listen on 127.0.0.1.",
  },
  "request-invalid": {
    summary: "A request's path, query or body does not have the shape that the API describes (status 400).",
    cure: "Read `errors`: each names a field and what is wrong with it. The shapes are in /api/v1/openapi.json.",
  },
  "body-not-json": {
    summary: "The body of a request is not JSON (status 400).",
    cure: "Send JSON in UTF-8.",
  },
  "idempotency-key-missing": {
    summary:
      "A write came without an Idempotency-Key header, or with one that is empty, too long or not visible ASCII (status 400).",
    cure: "Send a random key with each write, and the same one again when you repeat a write whose answer was lost.",
  },
  "idempotency-key-reused": {
    summary: "The Idempotency-Key was used for another write by the same caller; nothing was changed (status 422).",
    cure: "Make a new key for each write; repeat a key only with exactly the same request.",
  },
  unauthenticated: {
    summary: "The request has no token or session, or one that is wrong or expired (status 401).",
    cure: "Send `Authorization: Bearer TOKEN`, or open the console at /login.",
  },
  "role-too-small": {
    summary: "The caller's role does not allow the operation (status 403).",
    cure: "Use a token of the role that the operation needs; roles are given in `api.tokens`.",
  },
  "origin-refused": {
    summary: "A browser sent the request from a page of another origin (status 403).",
    cure: "Open the console at the worker's own address; another site cannot use a session of this one.",
  },
  "host-refused": {
    summary: "The Host header names none of the worker's addresses: a mistake, or a DNS rebinding attack (status 403).",
    cure: "Use 127.0.0.1 or localhost, or set `api.publicUrl` to the address that people use.",
  },
  "login-link-invalid": {
    summary:
      "The login link was used before, is older than ten minutes, or was made by a worker that has been restarted (status 403).",
    cure: "Use a new link, or sign in with a token.",
  },
  "not-found": {
    summary: "There is nothing at the path, or nothing with that id (status 404).",
    cure: "Check the path against /api/v1/openapi.json and the id against the list.",
  },
  "coverage-not-kept": {
    summary: "A ledger of coverage was asked for, and this worker keeps none: its memory is embedded (status 404).",
    cure: "Configure the block `elasticsearch` to read from Elasticsearch; an embedded worker judges every record that it acknowledges.",
  },
  "method-not-allowed": {
    summary: "The path does not take this method (status 405); the Allow header names those it takes.",
    cure: "Use one of the methods in the Allow header.",
  },
  "stale-revision": {
    summary: "Something changed after it was read, so the change was not made (status 409).",
    cure: "Look at `current`, decide again, and send the change with its revision.",
  },
  "already-ended": {
    summary: "What was to be ended has ended already, by itself or by somebody else (status 409).",
    cure: "None: `current` says when and how it ended. To block the address again, add it again.",
  },
  "body-too-large": {
    summary: "The body of a request is larger than 64 KiB (status 413).",
    cure: "Send less; no operation needs as much.",
  },
  "media-type-unsupported": {
    summary: "The body of a request is not declared as JSON (status 415).",
    cure: "Send `Content-Type: application/json`.",
  },
  "operation-invalid": {
    summary:
      "The request was understood and makes no sense, such as blocking an address that must never be blocked (status 422).",
    cure: "Read `detail`, which says why.",
  },
  "store-unavailable": {
    summary: "The store cannot answer now (status 503 with Retry-After).",
    cure: "Try again; if it stays, read the store's error in the worker's log.",
  },
  "too-many-streams": {
    summary: "As many clients as allowed are connected to a stream (status 503 with Retry-After).",
    cure: "Close unused browser tabs or guards.",
  },
  "not-ready": {
    summary: "The worker is not ready to take and judge records (status 503); `errors` says why.",
    cure: "Wait when it is starting; otherwise cure each of the reasons.",
  },
  "internal-error": {
    summary: "The worker failed to answer because of a defect (status 500).",
    cure: "Report it with the entry of the worker's log that has the same request id.",
  },
} as const;

/** A code of the API. */
export type ServerErrorCode = keyof typeof SERVER_ERROR_CODES;
