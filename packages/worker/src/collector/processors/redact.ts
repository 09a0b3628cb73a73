import type { JsonObject, JsonValue } from "@vedette/detection";
import type { Processor } from "./processor.ts";

/** What stands in the place of a secret. */
export const REDACTED = "[redacted]";

/** Names that are redacted by default, alone or as the last part of a name (`http.request.header.cookie`, `userPassword`). */
const SECRET_NAMES = [
  "access_key",
  "api_key",
  "apikey",
  "authorization",
  "client_secret",
  "cookie",
  "credential",
  "credentials",
  "passphrase",
  "passwd",
  "password",
  "private_key",
  "pwd",
  "secret",
  "secret_key",
  "set_cookie",
  "token",
];

const DEFAULT_PATTERN = new RegExp(`(?:^|[._])(?:${SECRET_NAMES.join("|")})$`);
const REMEMBERED_NAMES = 10_000;
const LONGEST_NAME = 512;

/** A name in one spelling: `X-Api-Key` and `xApiKey` are `x_api_key`. */
const spelling = (name: string): string =>
  name
    .slice(-LONGEST_NAME)
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll("-", "_")
    .toLowerCase();

const glob = (pattern: string): RegExp =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll(/\*+/g, "[^]*")}$`, "i");

/** Top-level fields of a document whose form the program gives them and whose values no sender writes freely. */
const HARMLESS = new Set(["@timestamp", "observed_timestamp", "severity_number", "trace_id", "span_id"]);

/** A value with the names of its first levels and nothing else. */
const withhold = (value: JsonValue, levels: number): JsonValue =>
  levels === 0 || typeof value !== "object" || value === null || Array.isArray(value)
    ? REDACTED
    : Object.fromEntries(Object.entries(value as JsonObject).map(([key, inner]) => [key, withhold(inner, levels - 1)]));

/** A document of which only what can hold no secret is left, because nobody knows which of the rest is secret; its form stays as rules read it. */
const withholdDocument = (document: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(document).map(([key, value]) => {
      const plain = typeof value === "number" || (typeof value === "string" && value.length <= 64);
      return [key, HARMLESS.has(key) && plain ? value : withhold(value, 2)];
    }),
  );

/** How a redacting processor is set up. */
export interface RedactOptions {
  readonly name: string;
  /** Whole names, in any case; `*` stands for any text. */
  readonly fields: readonly string[];
  /** Whether the built-in names apply too. */
  readonly defaults: boolean;
  /** Told how many values were replaced in a record. */
  readonly onRedacted: (count: number) => void;
}

/**
 * A processor that replaces the values of secret fields, at any depth of a document; true, false and null are no secrets. A record that it
 * fails on goes on with every value withheld.
 */
export const createRedactProcessor = ({ name, fields, defaults, onRedacted }: RedactOptions): Processor => {
  const patterns = fields.map(glob);
  const known = new Map<string, boolean>();
  const isSecret = (field: string): boolean => {
    let secret = known.get(field);
    if (secret === undefined) {
      const short = field.slice(-LONGEST_NAME);
      secret = (defaults && DEFAULT_PATTERN.test(spelling(field))) || patterns.some((pattern) => pattern.test(short));
      if (known.size >= REMEMBERED_NAMES) known.clear();
      known.set(field, secret);
    }
    return secret;
  };

  interface Outcome {
    readonly value: JsonValue;
    readonly count: number;
  }
  const redactSecret = (value: JsonValue): Outcome =>
    value === null || typeof value === "boolean" || value === REDACTED
      ? { value, count: 0 }
      : { value: REDACTED, count: 1 };
  // Records of one resource share the object that describes it.
  const seen = new WeakMap<object, Outcome>();
  const redact = (value: JsonValue): Outcome => {
    if (typeof value !== "object" || value === null) return { value, count: 0 };
    const before = seen.get(value);
    if (before !== undefined) return before;
    let count = 0;
    let changed: JsonValue = value;
    if (Array.isArray(value)) {
      const inner = (value as readonly JsonValue[]).map(redact);
      for (const element of inner) count += element.count;
      if (count > 0) changed = inner.map((element) => element.value);
    } else {
      const object = value as JsonObject;
      const replaced = new Map<string, JsonValue>();
      for (const key of Object.keys(object)) {
        const element = object[key] ?? null;
        const inner = isSecret(key) ? redactSecret(element) : redact(element);
        if (inner.count === 0) continue;
        count += inner.count;
        replaced.set(key, inner.value);
      }
      // Object.fromEntries, unlike assignment, keeps a key such as `__proto__` a key.
      if (count > 0) {
        changed = Object.fromEntries(
          Object.entries(object).map(([key, element]) => [key, replaced.get(key) ?? element]),
        );
      }
    }
    const outcome = { value: changed, count };
    seen.set(value, outcome);
    return outcome;
  };

  return {
    name,
    apply(record) {
      const { value, count } = redact(record.document);
      if (count === 0) return record;
      onRedacted(count);
      return { ...record, document: value as JsonObject };
    },
    whenFailed: (record) => ({ ...record, document: withholdDocument(record.document) }),
  };
};
