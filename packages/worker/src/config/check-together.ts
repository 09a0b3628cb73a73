import { isLoopback } from "./loopback.ts";
import type { Config } from "./schema.ts";

type Report = (code: string, path: readonly PropertyKey[], message: string, suggestion: string) => void;

const checkElasticsearch = ({ elasticsearch, sources }: Config, report: Report): void => {
  const invalid = (setting: readonly PropertyKey[], message: string, suggestion: string): void => {
    report("config-invalid-value", ["elasticsearch", ...setting], message, suggestion);
  };
  if (elasticsearch === undefined) {
    const index = sources.findIndex(({ type }) => type === "elasticsearch");
    if (index < 0) return;
    report(
      "config-elasticsearch-missing",
      ["sources", index],
      `The source \`${sources[index]?.name}\` reads Elasticsearch, but no cluster is configured.`,
      "Add `elasticsearch: {urls: [https://…:9200], apiKeyFile: …}`.",
    );
    return;
  }
  const { apiKey, apiKeyFile, username, password, passwordFile, ca, caFile, caFingerprint, urls } = elasticsearch;
  const hasPassword = password !== undefined || passwordFile !== undefined;
  if ((apiKey ?? apiKeyFile) !== undefined && username !== undefined)
    invalid(["username"], "Both an API key and a user are given.", "Give one of them.");
  if (username !== undefined && !hasPassword)
    invalid(["username"], "The user has no password.", "Give `password` or `passwordFile`.");
  if (username === undefined && hasPassword)
    invalid([], "A password is given without a user.", "Give `username`, too.");
  for (const [index, url] of urls.entries()) {
    const { username: user, password: word } = new URL(url);
    if (user === "" && word === "") continue;
    invalid(
      ["urls", index],
      "An address holds a user or a password, which would stand in logs.",
      "Give `username` and `passwordFile` instead.",
    );
  }
  const secure = urls.filter((url) => url.startsWith("https:")).length;
  if (secure > 0 && secure < urls.length)
    invalid(["urls"], "Some addresses are https:// and some are http://.", "Use one of them for all.");
  const authority = ca ?? caFile;
  if (secure === 0 && (authority ?? caFingerprint) !== undefined)
    invalid(["urls"], "A certificate authority is given, but the addresses are http://.", "Use https:// addresses.");
  if (caFingerprint !== undefined && authority !== undefined)
    invalid(["caFingerprint"], "Both a certificate authority and a fingerprint are given.", "Give one of them.");
};

/** Checks what concerns several settings at once, and reports what does not fit together. */
export const checkTogether = (config: Config, report: Report): void => {
  if (
    config.otlp.enabled &&
    !isLoopback(config.otlp.host) &&
    config.otlp.token === undefined &&
    config.otlp.tokenFile === undefined
  ) {
    report(
      "config-token-required",
      ["otlp", "host"],
      `The OTLP receiver would listen on ${config.otlp.host} without a token.`,
      "Set `otlp.token` or `otlp.tokenFile`, or listen on 127.0.0.1.",
    );
  }
  for (const [index, token] of config.api.tokens.entries()) {
    if (token.token === undefined && token.tokenFile === undefined) {
      report(
        "config-invalid-value",
        ["api", "tokens", index],
        `The token of \`${token.name}\` is missing.`,
        "Give `token` or `tokenFile`.",
      );
    }
  }
  checkElasticsearch(config, report);
  const unique = (list: string, names: readonly string[], taken: readonly string[]): void => {
    for (const [index, name] of names.entries()) {
      if (names.indexOf(name) === index && !taken.includes(name)) continue;
      report(
        "config-duplicate-name",
        [list, index, "name"],
        `The name \`${name}\` is taken.`,
        "Give each one a name of its own.",
      );
    }
  };
  unique(
    "sources",
    config.sources.map(({ name }) => name),
    ["otlp"],
  );
  unique(
    "processors",
    config.processors.map(({ name }) => name),
    [],
  );
};
