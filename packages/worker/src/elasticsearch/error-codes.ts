/** Codes of `ElasticsearchError`. */
export const ELASTICSEARCH_ERROR_CODES = {
  "elasticsearch-unavailable": {
    summary: "Elasticsearch cannot be reached, closed the connection, or answered 502, 503 or 504.",
    cure: "Check that the cluster runs and that `elasticsearch.urls` is right. The worker tries again by itself; nothing is lost meanwhile.",
  },
  "elasticsearch-timeout": {
    summary: "Elasticsearch did not answer in time.",
    cure: "Nothing to do for a while: the worker asks again. If it stays, look for an overloaded cluster or raise `elasticsearch.requestTimeout`.",
  },
  "elasticsearch-answer-damaged": {
    summary: "An answer of Elasticsearch was cut off or is no answer of Elasticsearch.",
    cure: "Look for a proxy between worker and cluster that cuts or replaces answers. The worker asks again; what it writes twice is written once.",
  },
  "elasticsearch-overloaded": {
    summary: "Elasticsearch answered 429: its queues or memory are full.",
    cure: "Nothing to do for a while: the worker slows down and sends again. If it stays, give the cluster more room.",
  },
  "elasticsearch-blocked": {
    summary: "Elasticsearch refuses writes to an index for a while, mostly because its disk is nearly full.",
    cure: "Free disk space, or remove the block that the message names. The worker goes on by itself then.",
  },
  "elasticsearch-partial-result": {
    summary: "Some shards did not answer a search.",
    cure: "Check the cluster's health. The worker never uses half an answer; it asks again.",
  },
  "elasticsearch-unauthenticated": {
    summary: "Elasticsearch answered 401: the API key or password is wrong, expired, or missing.",
    cure: "Give `elasticsearch.apiKeyFile`, or `username` and `passwordFile`; `vedette setup elasticsearch` makes a key.",
  },
  "elasticsearch-forbidden": {
    summary:
      "Elasticsearch answered 403: the role lacks a privilege, which the message names where Elasticsearch does.",
    cure: "Give the worker's key the privileges that `vedette setup elasticsearch --dry-run` prints.",
  },
  "elasticsearch-not-found": {
    summary: "What was asked for is not in the cluster.",
    cure: "Run `vedette setup elasticsearch`, or correct the name in the message.",
  },
  "elasticsearch-conflict": {
    summary: "A document was changed by somebody else in the meantime.",
    cure: "Nothing to do: the worker reads the document again and decides anew.",
  },
  "elasticsearch-refused": {
    summary: "Elasticsearch refused a request that it will never take as it is.",
    cure: "The message holds Elasticsearch's reason. If it is about your index or mapping, correct it there; otherwise report it with the log.",
  },
  "elasticsearch-certificate": {
    summary: "The certificate of Elasticsearch is not trusted.",
    cure: "Give the certificate authority as `elasticsearch.caFile`, or its SHA-256 fingerprint as `elasticsearch.caFingerprint`, and use a name in `urls` that the certificate carries.",
  },
  "elasticsearch-not-recognized": {
    summary: "What answers at the configured address does not say that it is Elasticsearch.",
    cure: "Correct `elasticsearch.urls`, or let the proxy in front of the cluster pass the header `x-elastic-product` through.",
  },
  "elasticsearch-opensearch": {
    summary: "The cluster is OpenSearch, which cannot be the worker's memory or a source it tails.",
    cure: "Send its events to the worker by OTLP through the OpenTelemetry Collector, and keep alerts in the embedded store or in an Elasticsearch of 8.19 or later.",
  },
  "elasticsearch-version": {
    summary: "The cluster is older than Elasticsearch 8.19.",
    cure: "Upgrade the cluster to 8.19 or 9.x. From any 8.x this is a rolling upgrade without changes to indices.",
  },
  "elasticsearch-several-clusters": {
    summary: "The addresses in `elasticsearch.urls` belong to different clusters.",
    cure: "List nodes of one cluster only; run a worker for each cluster.",
  },
} as const;
