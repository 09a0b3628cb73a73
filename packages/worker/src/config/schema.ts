import { z } from "zod";
import { isAddressOrNetwork } from "../responder/address-list.ts";
import { parseDuration, parseSize } from "./units.ts";

/** What a setting is besides its type: a secret is never printed, a path is read relative to the configuration file's folder. */
export interface SettingMeta {
  readonly secret?: true;
  readonly path?: true;
  /** How the type is named in the documentation. */
  readonly type?: string;
}

const duration = (fallback: string, description: string) =>
  z
    .string()
    .transform((text, context) => {
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined) return milliseconds;
      context.addIssue({ code: "custom", message: "expected a duration such as 500ms, 30s, 15m, 2h or 7d" });
      return z.NEVER;
    })
    .prefault(fallback)
    .meta({ description, type: "duration" });

const size = (fallback: string, description: string) =>
  z
    .union([z.int().positive(), z.string()])
    .transform((value, context) => {
      const bytes = typeof value === "number" ? value : parseSize(value);
      if (bytes !== undefined && bytes > 0) return bytes;
      context.addIssue({ code: "custom", message: "expected a size such as 512KiB or 8MiB, or a number of bytes" });
      return z.NEVER;
    })
    .prefault(fallback)
    .meta({ description, type: "size" });

const host = (description: string) => z.string().min(1).default("127.0.0.1").describe(description);
const port = (fallback: number, description: string) =>
  z.int().min(0).max(65_535).default(fallback).meta({ description, type: "port" });
const path = (description: string) => z.string().min(1).meta({ description, type: "path", path: true });
const secret = (description: string) =>
  z.string().min(1).optional().meta({ description, type: "secret", secret: true });
const secretFile = (description: string) =>
  z.string().min(1).optional().meta({ description, type: "path", path: true });
const name = (description: string) =>
  z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, "expected 1 to 64 letters, digits, dots, dashes or underscores")
    .describe(description);
const httpUrl = z
  .string()
  .refine((text) => /^https?:\/\/[^/]/.test(text) && URL.canParse(text), "expected an http:// or https:// address");
const patterns = (fallback: string[], description: string) =>
  z.array(z.string().min(1).max(256)).default(fallback).describe(description);

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

const logSourcePart = (description: string) =>
  z
    .string()
    .regex(/^[a-z0-9][a-z0-9_.-]*$/, "expected lower-case letters, digits, dots, dashes or underscores")
    .optional()
    .describe(description);

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
  logsource: z
    .strictObject({
      product: logSourcePart("Product, as rules name it, e.g. `nodejs`."),
      category: logSourcePart("Category, as rules name it, e.g. `application`."),
      service: logSourcePart("Service, as rules name it, e.g. `sshd`."),
    })
    .optional()
    .describe(
      "Sigma log source of the lines whose own fields do not tell it (OTel log documents and Windows events do). Without one no rule looks at such a line; it is counted as unmatched.",
    ),
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
  otlp,
  api,
  sources: z
    .array(z.discriminatedUnion("type", [fileSource]))
    .default([])
    .describe("Sources besides the OTLP receiver."),
  rules: z
    .strictObject({
      paths: z
        .array(z.string().min(1))
        .default([])
        .meta({ description: "Rule files and folders of your own.", type: "list of paths", path: true }),
      builtin: z.boolean().default(true).describe("Whether the rules that come with Vedette are loaded too."),
      pipelines: z.array(z.string().min(1)).default([]).meta({
        description:
          "Processing pipelines (docs/pipelines.md) that every rule is put through, by priority, then in this order.",
        type: "list of paths",
        path: true,
      }),
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

/** One configured processor. */
export type ProcessorConfig = Config["processors"][number];
