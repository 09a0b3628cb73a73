/** Codes of errors of sources, and reasons for which input is refused (in metrics and the list of refused input with underscores). */
export const COLLECTOR_ERROR_CODES = {
  "otlp-listen-failed": {
    summary:
      "The OTLP receiver cannot listen on its address: the port is in use, or the address is not this machine's.",
    cure: "Stop the other program (often another collector on 4318) or set `otlp.port`; 0 takes any free port.",
  },
  "otlp-token-missing": {
    summary: "The OTLP receiver was to listen on an address that others can reach, without a token.",
    cure: "Set `otlp.token` or `otlp.tokenFile`, or listen on 127.0.0.1.",
  },
  "otlp-malformed": {
    summary: "An OTLP request is no well-formed protobuf or JSON of its kind (reason `malformed`, status 400).",
    cure: "Look at the detail and the sample in the list of refused input; the sender has a defect, or posts another signal to this path.",
  },
  "otlp-too-large": {
    summary:
      "A request is larger than allowed before or after gunzip, or holds too many elements (reason `too_large`, status 413).",
    cure: "Make the sender's batches smaller, or raise `otlp.maxBodyBytes`.",
  },
  "otlp-unsupported-content-type": {
    summary:
      "The content type is neither application/x-protobuf nor application/json (reason `unsupported_content_type`, status 415).",
    cure: "Set the sender's protocol to http/protobuf or http/json.",
  },
  "otlp-unsupported-encoding": {
    summary: "The content encoding is neither gzip nor identity (reason `unsupported_encoding`, status 415).",
    cure: "Set the sender's compression to gzip or none.",
  },
  "otlp-method-not-allowed": {
    summary: "OTLP is taken by POST only (reason `method_not_allowed`, status 405).",
    cure: "Point an OTLP exporter at the receiver, not a browser or a health check.",
  },
  "otlp-not-found": {
    summary: "The path is none of /v1/logs, /v1/metrics and /v1/traces (reason `not_found`, status 404).",
    cure: "Give the exporter the receiver's base address, or the right path of the signal.",
  },
  "otlp-unauthorized": {
    summary: "The bearer token is missing or wrong (reason `unauthorized`, status 401).",
    cure: "Give the sender the header `Authorization: Bearer TOKEN` with the receiver's token.",
  },
  "otlp-browser-origin": {
    summary: "A web page sent the request, and the receiver has no token (reason `browser_origin`, status 403).",
    cure: "Send browser telemetry through an OpenTelemetry Collector, or set `otlp.token`.",
  },
  "otlp-overloaded": {
    summary: "More bytes wait to be stored than allowed (reason `overloaded`, status 429 with Retry-After).",
    cure: "Nothing to do for a while: senders retry. If it stays, raise `otlp.maxInflightBytes` or use a faster disk.",
  },
  "otlp-unavailable": {
    summary: "The store did not take the records (reason `unavailable`, status 503 with Retry-After).",
    cure: "Read the store's error in the log; senders retry, nothing acknowledged is lost.",
  },
  "otlp-timeout": {
    summary: "A sender did not send the headers of a request in time (reason `timeout`, status 408).",
    cure: "Nothing was taken. If it is frequent, look at the network or raise `otlp.headersTimeout`.",
  },
  "otlp-aborted": {
    summary: "A sender closed its connection, or took too long, before the request was whole (reason `aborted`).",
    cure: "Nothing was taken and the sender retries. If it is frequent, look at the network or raise `otlp.requestTimeout`.",
  },
  "record-too-many-attributes": {
    summary: "One record has more attributes or nested values than allowed (reason `too_many_attributes`).",
    cure: "Set the SDK's attribute count limit (128 by default); the other records of the batch were taken.",
  },
  "record-too-large": {
    summary: "The texts of one record are together longer than 1,048,576 characters (reason `too_large`).",
    cure: "Shorten what is logged, or set the SDK's attribute value length limit; the other records of the batch were taken.",
  },
  "record-too-deep": {
    summary: "A value in one record is nested deeper than allowed (reason `too_deep`).",
    cure: "Log such a value as text; the other records of the batch were taken.",
  },
  "line-too-long": {
    summary: "A line of a file is longer than the source's `maxLineBytes` (reason `line_too_long`).",
    cure: "Raise `maxLineBytes`, or check that the file holds one JSON object a line.",
  },
  "line-not-json": {
    summary: "A line of a file is no JSON object (reason `not_json`).",
    cure: "Look at the file and line named in the list of refused input; the other lines were taken.",
  },
  "file-source-failed": {
    summary: "A file source cannot read its files.",
    cure: "Check that the folder exists and that the worker's user may read it; the source retries by itself.",
  },
} as const;
