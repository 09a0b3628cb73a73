import { z } from "zod";
import { duration, httpUrl, logsource, name, secret, secretFile } from "./fields.ts";
import { parseDuration } from "./units.ts";

const DAY = 86_400_000;

const retention = (fallback: string, description: string) =>
  z
    .string()
    .transform((text, context): number | "forever" => {
      if (text === "forever") return text;
      const milliseconds = parseDuration(text);
      if (milliseconds !== undefined && milliseconds >= DAY) return milliseconds;
      context.addIssue({ code: "custom", message: "expected a duration of a day or more such as 90d, or `forever`" });
      return z.NEVER;
    })
    .prefault(fallback)
    .meta({ description, type: "duration or `forever`" });

const isStart = (text: string): boolean =>
  text === "now" || text === "beginning" || (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(Date.parse(text)));

const indexPattern = z
  .string()
  .max(255)
  .regex(
    /^[^\s,:"\\<>|?#/A-Z]+$/,
    "expected one index, data stream, alias or pattern in lower case, such as logs-*-default",
  )
  .refine((text) => !/^[-_+]/.test(text), "expected a name that does not begin with -, _ or +");

/** A source of the type `elasticsearch`. */
export const elasticsearchSource = z.strictObject({
  type: z
    .literal("elasticsearch")
    .describe("Indices and data streams of the cluster in `elasticsearch`, tailed document by document."),
  name: name("Name of the source in status, metrics and records; unique."),
  patterns: z
    .array(indexPattern)
    .min(1, "expected at least one index, data stream or pattern")
    .describe("Indices, data streams and patterns to read, e.g. `logs-*`. New ones that match are picked up."),
  exclude: z
    .array(indexPattern)
    .default([])
    .describe("Those of them that are not to be read. Vedette's own indices never are."),
  start: z
    .string()
    .refine(isStart, "expected now, beginning, or a time such as 2026-11-01T00:00:00Z")
    .default("now")
    .meta({
      description:
        "Where to start in documents that are there when the source is run for the first time: `now`, `beginning`, or a time such as `2026-11-01T00:00:00Z`. What is indexed later is read whole, however it is dated.",
      type: "`now`, `beginning` or time",
    }),
  logsource: logsource("document"),
  pageSize: z
    .strictObject({
      min: z.int().min(10).max(10_000).default(100).describe("Fewest documents asked for at once."),
      max: z.int().min(10).max(10_000).default(5_000).describe("Most documents asked for at once."),
    })
    .refine(({ min, max }) => min <= max, "expected `min` to be no more than `max`")
    .prefault({})
    .describe("Documents of one page; it adapts to their size between these bounds."),
});

/** The block `elasticsearch`. */
export const elasticsearch = z
  .strictObject({
    urls: z
      .array(httpUrl)
      .min(1, "expected at least one address")
      .describe("Addresses of nodes of one cluster; a request goes to the next one when one cannot be reached."),
    apiKey: secret("API key, encoded as Elasticsearch prints it. `vedette setup elasticsearch` makes one."),
    apiKeyFile: secretFile("File whose content is the API key, instead of `apiKey`."),
    username: z.string().min(1).optional().describe("User name, where no API key is used."),
    password: secret("Password of the user."),
    passwordFile: secretFile("File whose content is the password, instead of `password`."),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe("Certificate authority that signed the cluster's certificates, as PEM text."),
    caFile: secretFile("File with the certificate authority (PEM), instead of `ca`."),
    caFingerprint: z
      .string()
      .regex(/^(?:[0-9A-Fa-f]{64}|(?:[0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2})$/, "expected 64 hexadecimal digits (SHA-256)")
      .optional()
      .describe(
        "SHA-256 fingerprint of the certificate authority, as Elasticsearch prints it at its first start, instead of `ca`.",
      ),
    verifyCertificate: z
      .boolean()
      .default(true)
      .describe(
        "Whether the cluster's certificate is checked. With `ca` or `caFingerprint`, `false` leaves only host names unchecked.",
      ),
    requestTimeout: duration("30s", "Time that Elasticsearch has for one answer."),
    prefix: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,31}$/, "expected 1 to 32 lower-case letters, digits and dashes, a letter first")
      .default("vedette")
      .describe("Beginning of the names of everything that Vedette keeps in the cluster."),
    partitions: z
      .int()
      .min(1)
      .max(64)
      .default(4)
      .describe("Parts in which correlations are shared out among workers; all workers of a cluster need the same."),
    stalledAfter: duration(
      "1h",
      "How long alerts and correlations wait for a shard of a source that nobody can read, counted from its last progress. After it they go on without that shard, which the status names; what it holds is still judged when it can be read, but correlations may find it too late.",
    ),
    replicas: z
      .int()
      .min(0)
      .max(5)
      .optional()
      .describe("Replicas of Vedette's indices; by default one as soon as the cluster has a second node for it."),
    retention: z
      .strictObject({
        events: retention("30d", "How long events are kept that the worker received itself."),
        findings: retention("90d", "How long findings are kept, by event time."),
        alerts: retention("forever", "How long closed alerts and incidents are kept, with their history."),
        audit: retention("forever", "How long the audit trail is kept."),
        deadLetters: retention("90d", "How long documents are kept that Elasticsearch refused."),
      })
      .prefault({})
      .describe("How long things are kept; the cluster deletes them where it can, the worker where it cannot."),
  })
  .optional()
  .describe(
    "The Elasticsearch cluster that is the worker's memory; without this block the embedded store in `dataFolder` is.",
  );
