/** Codes of problems in the configuration. */
export const CONFIG_ERROR_CODES = {
  "config-yaml-syntax": {
    summary: "The configuration file is not well-formed YAML.",
    cure: "Correct the line and column named; nothing of the file was used.",
  },
  "config-unknown-key": {
    summary: "The configuration names a setting that does not exist.",
    cure: "Use the name suggested, or look it up in docs/configuration.md.",
  },
  "config-unknown-variable": {
    summary: "An environment variable is nearly the name of a setting, but not quite.",
    cure: "Use the name suggested, or unset the variable.",
  },
  "config-invalid-value": {
    summary: "A setting has a value of the wrong type, or one that is not allowed, or a required one is missing.",
    cure: "Give the value that the message asks for; docs/configuration.md lists every setting.",
  },
  "config-token-file": {
    summary:
      "A file that holds a token, API key, password or certificate cannot be read, is empty, or is given together with the value itself.",
    cure: "Give one of the two, e.g. `token` or `tokenFile`; the file must be readable by the worker's user and hold that value alone.",
  },
  "config-token-required": {
    summary: "A listener that others than this machine can reach has no token.",
    cure: "Set a token, or listen on 127.0.0.1.",
  },
  "config-elasticsearch-missing": {
    summary: "A source reads Elasticsearch, but the block `elasticsearch` is missing.",
    cure: "Add the block with the cluster's `urls` and an API key; the cluster becomes the worker's memory then, too.",
  },
  "config-duplicate-name": {
    summary: "Two sources or two processors have the same name.",
    cure: "Give each a name of its own; `otlp` is taken by the receiver.",
  },
} as const;
