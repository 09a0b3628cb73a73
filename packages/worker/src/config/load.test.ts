import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { CONFIG_ERROR_CODES } from "./error-codes.ts";
import { loadConfig, type ConfigInput } from "./load.ts";
import { configurationMarkdown } from "./markdown.ts";
import { redactConfig } from "./redact.ts";
import { describeConfig } from "./settings.ts";

const load = (text: string, rest: Partial<ConfigInput> = {}) =>
  loadConfig({ path: "/etc/vedette/vedette.yaml", text, env: {}, cwd: "/here", ...rest });
const config = (text: string, rest: Partial<ConfigInput> = {}) => {
  const loaded = load(text, rest);
  expect(loaded.problems).toBeUndefined();
  if (loaded.config === undefined) throw new Error("not loaded");
  return loaded.config;
};

describe("loadConfig", () => {
  it("gives every default for an empty file, for a comment and for no file", () => {
    const defaults = config("");
    expect(config("# nothing\n")).toEqual(defaults);
    expect(defaults.otlp).toMatchObject({ host: "127.0.0.1", port: 4318, maxBodyBytes: 8_388_608 });
    expect(defaults.api.port).toBe(7333);
    expect(defaults.detector.lateness).toBe(3_600_000);
    const without = loadConfig({ env: {}, cwd: "/here" });
    expect(without.config?.dataFolder).toBe(resolve("/here/.vedette"));
  });

  it("reads durations, sizes and lists, and paths relative to the file's folder", () => {
    const loaded = config(
      [
        "dataFolder: data",
        "otlp: {maxBodyBytes: 1MiB, maxInflightBytes: 2000000}",
        "detector: {lateness: 90s}",
        "rules: {paths: [rules, /opt/rules]}",
        "sources:",
        "  - {type: file, name: audit, path: logs/*.jsonl, start: end, pollInterval: 1s}",
        "processors:",
        "  - {type: filter, field: event_name, prefix: debug.}",
      ].join("\n"),
    );
    expect(loaded.dataFolder).toBe("/etc/vedette/data");
    expect(loaded.otlp.maxBodyBytes).toBe(1_048_576);
    expect(loaded.otlp.maxInflightBytes).toBe(2_000_000);
    expect(loaded.detector.lateness).toBe(90_000);
    expect(loaded.rules.paths).toEqual(["/etc/vedette/rules", "/opt/rules"]);
    expect(loaded.sources).toEqual([
      {
        type: "file",
        name: "audit",
        path: "/etc/vedette/logs/*.jsonl",
        start: "end",
        maxLineBytes: 1_048_576,
        pollInterval: 1_000,
      },
    ]);
    expect(loaded.processors).toEqual([{ type: "filter", name: "filter", field: "event_name", prefix: "debug." }]);
  });

  it("reads a cluster and a source in it, with the key from its file", () => {
    const loaded = config(
      [
        "elasticsearch:",
        "  urls: [https://es-1:9200, https://es-2:9200]",
        "  apiKeyFile: es.key",
        "  caFile: ca.pem",
        "  retention: {findings: 30d}",
        "sources:",
        "  - {type: elasticsearch, name: logs, patterns: [logs-*], exclude: [logs-debug-*], start: 2026-11-01T00:00:00Z}",
      ].join("\n"),
      { readFile: (file) => `content of ${file}\n` },
    );
    expect(loaded.elasticsearch).toEqual({
      urls: ["https://es-1:9200", "https://es-2:9200"],
      apiKey: "content of /etc/vedette/es.key",
      apiKeyFile: "/etc/vedette/es.key",
      ca: "content of /etc/vedette/ca.pem",
      caFile: "/etc/vedette/ca.pem",
      verifyCertificate: true,
      requestTimeout: 30_000,
      stalledAfter: 3_600_000,
      prefix: "vedette",
      partitions: 4,
      retention: {
        events: 2_592_000_000,
        findings: 2_592_000_000,
        alerts: "forever",
        audit: "forever",
        deadLetters: 7_776_000_000,
      },
    });
    expect(loaded.sources).toEqual([
      {
        type: "elasticsearch",
        name: "logs",
        patterns: ["logs-*"],
        exclude: ["logs-debug-*"],
        start: "2026-11-01T00:00:00Z",
        pageSize: { min: 100, max: 5_000 },
      },
    ]);
    expect(redactConfig(loaded).elasticsearch?.apiKey).toBe("[redacted]");
    expect(config("").elasticsearch).toBeUndefined();
  });

  it("takes a cluster from the environment alone", () => {
    const loaded = config("", {
      env: { VEDETTE_ELASTICSEARCH_URLS: "http://a:9200,http://b:9200", VEDETTE_ELASTICSEARCH_REPLICAS: "0" },
    });
    expect(loaded.elasticsearch).toMatchObject({ urls: ["http://a:9200", "http://b:9200"], replicas: 0 });
  });

  it("lets the environment win, with its paths relative to the current folder", () => {
    const loaded = config("otlp: {port: 1}\nlog: {level: warn}", {
      env: {
        VEDETTE_OTLP_PORT: "0",
        VEDETTE_DATA_FOLDER: "data",
        VEDETTE_RULES_PATHS: "a, /b",
        VEDETTE_RULES_BUILTIN: "false",
        VEDETTE_RULES_PIPELINES: "p.yml",
        VEDETTE_OTLP_MAX_BODY_BYTES: "4096",
        VEDETTE_DETECTOR_LATENESS: "2m",
        VEDETTE_ALERTER_ALERTMANAGER_URLS: "http://a:9093,http://b:9093",
        VEDETTE_GUARD_KEY: "of another part",
        VEDETTE_LOG_LEVEL: "",
      },
    });
    expect(loaded.otlp).toMatchObject({ port: 0, maxBodyBytes: 4096 });
    expect(loaded.dataFolder).toBe("/here/data");
    expect(loaded.rules).toEqual({ paths: ["/here/a", "/b"], shadow: [], builtin: false, pipelines: ["/here/p.yml"] });
    expect(loaded.detector.lateness).toBe(120_000);
    expect(loaded.alerter.alertmanager.urls).toEqual(["http://a:9093", "http://b:9093"]);
    expect(loaded.log.level).toBe("warn");
  });

  it.each<[name: string, text: string, expected: object]>([
    [
      "a wrong key",
      "otlp:\n  prot: 1\n",
      { code: "config-unknown-key", line: 2, column: 3, suggestion: "Did you mean `port`?" },
    ],
    [
      "a wrong key at the top",
      "\notpl: {}\n",
      { code: "config-unknown-key", line: 2, column: 1, suggestion: "Did you mean `otlp`?" },
    ],
    [
      "a wrong key in a list",
      "sources:\n  - {type: file, name: a, path: b, strat: end}",
      { code: "config-unknown-key", line: 2, column: 36 },
    ],
    ["a wrong type", "api:\n  port: many\n", { code: "config-invalid-value", line: 2, column: 9 }],
    ["a port out of range", "api: {port: 70000}", { code: "config-invalid-value", line: 1, column: 13 }],
    [
      "what is no network",
      "responder:\n  neverBlock: [10.0.0.0/8, foo]",
      { code: "config-invalid-value", line: 2, column: 28 },
    ],
    ["no duration", "detector:\n  lateness: soon", { code: "config-invalid-value", line: 2, column: 13 }],
    ["a section that is none", "log: 5", { code: "config-invalid-value", line: 1, column: 6 }],
    [
      "an unknown kind of source",
      "sources:\n  - {type: fil, name: a, path: b}",
      { code: "config-invalid-value", line: 2, column: 12 },
    ],
    ["a missing value", "sources:\n  - {type: file, name: a}", { code: "config-invalid-value", line: 2 }],
    [
      "a filter with nothing to compare",
      "processors: [{type: filter, field: a}]",
      { code: "config-invalid-value", line: 1 },
    ],
    ["broken YAML", "otlp: {port: 1\napi: 2", { code: "config-yaml-syntax", line: 2 }],
    ["the same key twice", "log: {}\nlog: {}", { code: "config-yaml-syntax", line: 2 }],
    ["a list for a file", "- a", { code: "config-invalid-value", line: 1 }],
    [
      "a key that would change the prototype",
      "__proto__: {otlp: {port: 1}}",
      { code: "config-unknown-key", line: 1, column: 1 },
    ],
    [
      "a source called as the receiver",
      "sources: [{type: file, name: otlp, path: a}]",
      { code: "config-duplicate-name", line: 1 },
    ],
    ["an open listener without token", "otlp: {host: 0.0.0.0}", { code: "config-token-required", line: 1, column: 14 }],
    [
      "a token file that is not there",
      "otlp: {tokenFile: missing}",
      { code: "config-token-file", line: 1, column: 19 },
    ],
    [
      "a source that reads a cluster which is not configured",
      "sources:\n  - {type: elasticsearch, name: logs, patterns: [logs-*]}",
      { code: "config-elasticsearch-missing", line: 2, column: 5 },
    ],
    ["a cluster without addresses", "elasticsearch: {urls: []}", { code: "config-invalid-value", line: 1, column: 23 }],
    [
      "a cluster's address with a password in it",
      'elasticsearch: {urls: ["https://elastic:x@es:9200"]}',
      { code: "config-invalid-value", line: 1, column: 24 },
    ],
    [
      "an API key beside a user",
      "elasticsearch: {urls: [https://es:9200], apiKey: a, username: b, password: c}",
      { code: "config-invalid-value", line: 1, column: 63 },
    ],
    [
      "a user without a password",
      "elasticsearch: {urls: [https://es:9200], username: b}",
      { code: "config-invalid-value", line: 1, column: 52 },
    ],
    [
      "a certificate authority for plain addresses",
      "elasticsearch: {urls: [http://es:9200], ca: pem}",
      { code: "config-invalid-value", line: 1, column: 23 },
    ],
    [
      "an authority and a fingerprint",
      `elasticsearch: {urls: [https://es:9200], ca: pem, caFingerprint: ${"ab".repeat(32)}}`,
      { code: "config-invalid-value", line: 1, column: 66 },
    ],
    [
      "plain and secure addresses of one cluster",
      "elasticsearch: {urls: [https://a:9200, http://b:9200]}",
      { code: "config-invalid-value", line: 1, column: 23 },
    ],
    [
      "an API key's file that is not there",
      "elasticsearch: {urls: [https://es:9200], apiKeyFile: missing}",
      { code: "config-token-file", line: 1, column: 54 },
    ],
    [
      "a prefix that no index can have",
      "elasticsearch: {urls: [http://es:9200], prefix: Sec_}",
      { code: "config-invalid-value", line: 1, column: 49 },
    ],
    [
      "a retention of less than a day",
      "elasticsearch: {urls: [http://es:9200], retention: {alerts: 5m}}",
      { code: "config-invalid-value", line: 1, column: 61 },
    ],
    [
      "a pattern that excludes",
      "sources: [{type: elasticsearch, name: a, patterns: [-logs]}]",
      { code: "config-invalid-value", line: 1, column: 53 },
    ],
    [
      "a start that is no time",
      "sources: [{type: elasticsearch, name: a, patterns: [a], start: yesterday}]",
      { code: "config-invalid-value", line: 1, column: 64 },
    ],
    [
      "pages whose bounds are the wrong way round",
      "sources: [{type: elasticsearch, name: a, patterns: [a], pageSize: {min: 500, max: 100}}]",
      { code: "config-invalid-value", line: 1, column: 67 },
    ],
    [
      "an address that is none",
      "alerter: {alertmanager: {urls: [alertmanager:9093]}}",
      { code: "config-invalid-value", line: 1 },
    ],
  ])("reports %s with its place and loads nothing", (_, text, expected) => {
    const { config: loaded, problems } = load(text, {
      readFile: () => {
        throw new Error("no such file");
      },
    });
    expect(loaded).toBeUndefined();
    expect(problems?.[0]).toMatchObject({ path: "/etc/vedette/vedette.yaml", severity: "error", ...expected });
    for (const { code } of problems ?? []) expect(Object.keys(CONFIG_ERROR_CODES)).toContain(code);
  });

  it("reports everything that is wrong at once", () => {
    const { problems } = load("otpl: {}\napi: {port: x, hots: y}\nlog: {level: loud}");
    expect(problems).toHaveLength(4);
  });

  it("names the environment variable that is wrong", () => {
    expect(load("", { env: { VEDETTE_API_PORT: "abc" } }).problems?.[0]).toMatchObject({
      code: "config-invalid-value",
      path: "environment variable VEDETTE_API_PORT",
    });
    expect(load("", { env: { VEDETTE_OTLP_PROT: "1" } }).problems?.[0]).toMatchObject({
      code: "config-unknown-variable",
      suggestion: "Did you mean VEDETTE_OTLP_PORT?",
    });
  });

  it("survives aliases that would grow without bound", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let level = 1; level < 9; level += 1) {
      const [from, to] = [String.fromCodePoint(96 + level), String.fromCodePoint(97 + level)];
      bomb.push(`${to}: &${to} [${Array.from({ length: 9 }, () => `*${from}`).join(",")}]`);
    }
    expect(load(bomb.join("\n")).problems?.[0]).toMatchObject({ code: "config-yaml-syntax" });
  });

  it("reads tokens from files and prints none", () => {
    const loaded = config(
      "otlp: {host: 0.0.0.0, tokenFile: t}\napi: {tokens: [{name: ci, role: reader, token: hunter2}]}",
      {
        readFile: (path) => (path === "/etc/vedette/t" ? "s3cret\n" : ""),
      },
    );
    expect(loaded.otlp.token).toBe("s3cret");
    expect(loaded.api.tokens[0]?.token).toBe("hunter2");
    const printed = JSON.stringify(redactConfig(loaded));
    expect(printed).not.toMatch(/s3cret|hunter2/);
    expect(printed).toContain("[redacted]");
  });
});

describe("configurationMarkdown", () => {
  it("describes every setting", () => {
    const rows = describeConfig();
    expect(rows.length).toBeGreaterThan(40);
    for (const row of rows) expect(row.description, row.key).toMatch(/\.$/);
    expect(rows.find(({ key }) => key === "otlp.maxBodyBytes")).toMatchObject({
      environment: "VEDETTE_OTLP_MAX_BODY_BYTES",
      default: "8MiB",
    });
    const markdown = configurationMarkdown();
    for (const { key } of rows) expect(markdown).toContain(`\`${key}\``);
  });

  it("gives an example that loads", () => {
    const example = /```yaml\n([\s\S]*?)```/.exec(configurationMarkdown())?.[1] ?? "";
    expect(config(example, { readFile: () => "token" }).alerter.alertmanager.urls).toHaveLength(1);
  });
});
