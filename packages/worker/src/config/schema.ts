import { z } from "zod";
import { isAddressOrNetwork } from "../responder/address-list.ts";
import { elasticsearch, elasticsearchSource } from "./elasticsearch-schema.ts";
import {
  duration,
  host,
  httpUrl,
  logsource,
  name,
  optionalDuration,
  path,
  patterns,
  port,
  secret,
  secretFile,
  size,
} from "./fields.ts";

const otlp = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether the OTLP/HTTP receiver listens."),
    host: host("Address that the OTLP/HTTP receiver listens on."),
    port: port(4318, "Port of the OTLP/HTTP receiver; 0 takes any free one."),
    token: secret("Bearer token that senders must give. Required when `host` is not a loopback address."),
    tokenFile: secretFile("File whose content is the bearer token, instead of `token`."),
    maxBodyBytes: size("8MiB", "Largest request body, before and after gunzip; a larger one is refused with 413."),
    maxInflightBytes: size("64MiB", "Most request bytes held at once; beyond it senders get 429 with Retry-After."),
    requestTimeout: duration("30s", "Time a sender has for one whole request."),
    headersTimeout: duration("10s", "Time a sender has for the headers of a request."),
  })
  .prefault({})
  .describe("The OTLP/HTTP receiver.");

const apiToken = z.strictObject({
  name: name("Who uses the token; it stands in the audit trail."),
  role: z
    .enum(["reader", "responder", "admin"])
    .describe("What the token may do; each role includes the ones before it."),
  token: secret("The token itself."),
  tokenFile: secretFile("File whose content is the token, instead of `token`."),
});

const api = z
  .strictObject({
    host: host("Address that API, console and metrics listen on."),
    port: port(7333, "Port of API, console and metrics; 0 takes any free one."),
    publicUrl: httpUrl
      .optional()
      .describe(
        "Address under which people reach the console, for links in notifications; by default the listening address.",
      ),
    tokens: z
      .array(apiToken)
      .default([])
      .describe("Bearer tokens and their roles, besides the admin token made at first start."),
  })
  .prefault({})
  .describe("HTTP API, console and metrics.");

const fileSource = z.strictObject({
  type: z.literal("file").describe("JSON lines, tailed."),
  name: name("Name of the source in status, metrics and records; unique."),
  path: path("File, or files of one folder with `*` and `?` in the last part."),
  start: z
    .enum(["beginning", "end"])
    .default("beginning")
    .describe(
      "Where to start in files that are there when the source is run for the first time; later files are read whole.",
    ),
  logsource: logsource("line"),
  maxLineBytes: size("1MiB", "Longest line; a longer one is refused and counted."),
  pollInterval: duration("250ms", "Time between two looks at the files."),
});

const parseProcessor = z.strictObject({
  type: z.literal("parse").describe("Parses a log body that is a JSON object into a structured body."),
  name: name("Name in metrics.").default("parse"),
});
const redactProcessor = z.strictObject({
  type: z.literal("redact").describe("Replaces the values of secret fields by `[redacted]` before anything is stored."),
  name: name("Name in metrics.").default("redact"),
  fields: patterns([], "Names of fields to redact, in any case, `*` stands for any text."),
  defaults: z
    .boolean()
    .default(true)
    .describe("Whether the built-in names (authorization, cookie, password, token, secret …) apply too."),
});
const filterProcessor = z
  .strictObject({
    type: z.literal("filter").describe("Drops records by a field's value, counted."),
    name: name("Name in metrics.").default("filter"),
    field: z
      .string()
      .min(1)
      .describe("Field: an attribute, a resource attribute or a top-level name such as `event_name`."),
    equals: z
      .union([z.string(), z.number(), z.boolean()])
      .optional()
      .meta({ description: "Drop when the field has this value.", type: "value" }),
    prefix: z.string().min(1).optional().describe("Drop when the field's text starts so."),
  })
  .refine(
    (filter) => (filter.equals === undefined) !== (filter.prefix === undefined),
    "give either `equals` or `prefix`",
  );

/** Everything that can be configured, with defaults and descriptions (docs/configuration.md is generated from it). */
export const configSchema = z.strictObject({
  tenant: name("Tenant that everything belongs to; `default` until there is a second.").default("default"),
  dataFolder: path("Folder of the embedded store, made when it is missing.").default(".vedette"),
  elasticsearch,
  otlp,
  api,
  sources: z
    .array(z.discriminatedUnion("type", [fileSource, elasticsearchSource]))
    .default([])
    .describe("Sources besides the OTLP receiver."),
  rules: z
    .strictObject({
      paths: z
        .array(z.string().min(1))
        .default([])
        .meta({ description: "Rule files and folders of your own.", type: "list of paths", path: true }),
      builtin: z.boolean().default(true).describe("Whether the rules that come with Vedette are loaded too."),
      shadow: z.array(z.string().min(1)).default([]).meta({
        description:
          "Rules that are judged and recorded and never alert or act: by id or name, or by a file or folder in their path such as `imported/windows`.",
        type: "list of ids or paths",
      }),
      pipelines: z.array(z.string().min(1)).default([]).meta({
        description:
          "Processing pipelines (docs/pipelines.md) that every rule is put through, by priority, then in this order.",
        type: "list of paths",
        path: true,
      }),
      backfill: optionalDuration(
        "How far back a rule that is new or was changed looks at the events that Elasticsearch holds, by itself, such as `7d`; by default only `vedette backfill` does that.",
      ),
    })
    .prefault({})
    .describe("Which rules look at events."),
  processors: z
    .array(z.discriminatedUnion("type", [parseProcessor, redactProcessor, filterProcessor]))
    .default([{ type: "redact", name: "redact", fields: [], defaults: true }])
    .describe("Steps between the sources and the store, in order. A list of your own replaces the default one."),
  detector: z
    .strictObject({
      lateness: duration("1h", "How late an event may arrive and still take part in correlations."),
      idleAfter: duration("60s", "Silence after which a partition no longer holds the watermark back."),
      futureTolerance: duration("5m", "How far ahead of the clock an event may be dated before it is quarantined."),
      batchSize: z.int().min(1).max(10_000).default(500).describe("Most records judged in one step."),
    })
    .prefault({})
    .describe("How events are judged."),
  alerter: z
    .strictObject({
      suppressionWindow: duration(
        "10m",
        "Findings of one rule and key with smaller gaps are one alert, unless the rule says otherwise.",
      ),
      alertmanager: z
        .strictObject({
          urls: z.array(httpUrl).default([]).describe("Alertmanagers to notify (API v2), each of them."),
          token: secret("Bearer token for the Alertmanagers."),
          tokenFile: secretFile("File whose content is the bearer token, instead of `token`."),
          timeout: duration("10s", "Time an Alertmanager has to answer."),
        })
        .prefault({})
        .describe("Where alerts are sent."),
    })
    .prefault({})
    .describe("How findings become alerts."),
  responder: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Whether responses that rules ask for are carried out."),
      neverBlock: z
        .array(z.string().refine(isAddressOrNetwork, "expected an address or a network such as 10.0.0.0/8"))
        .default([])
        .describe("Addresses and networks (`10.0.0.0/8`) that are never blocked."),
    })
    .prefault({})
    .describe("What is done about alerts."),
  log: z
    .strictObject({
      level: z
        .enum(["trace", "debug", "info", "warn", "error", "silent"])
        .default("info")
        .describe("Least severe entry that is logged."),
    })
    .prefault({})
    .describe("The worker's own log."),
});

/** The worker's configuration, complete and checked; durations in milliseconds, sizes in bytes, paths absolute. */
export type Config = z.output<typeof configSchema>;

/** One configured source. */
export type SourceConfig = Config["sources"][number];

/** One configured source of a type. */
export type SourceConfigOf<Type extends SourceConfig["type"]> = Extract<SourceConfig, { type: Type }>;

/** One configured processor. */
export type ProcessorConfig = Config["processors"][number];
