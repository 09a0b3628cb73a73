import { type DestinationStream, pino } from "pino";
import type { Log } from "./ports.ts";

/** How much is logged, and where to. */
export interface LogOptions {
  /** Least severe entry that is logged. */
  readonly level: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** Values that must never be seen in the log, whatever field or message they turn up in (tokens). */
  readonly secrets?: readonly string[];
  /** Takes the place of standard output. */
  readonly destination?: DestinationStream;
}

/** Field names whose values are secrets, wherever they come up to three levels deep. */
const SECRET_FIELDS = [
  "authorization",
  "cookie",
  "set-cookie",
  "token",
  "password",
  "passwd",
  "secret",
  "privateKey",
  "apiKey",
] as const;

const REDACTED = "[redacted]";

/** Hides secrets that got into a text (an error message with a URL in it, say) before it is written. */
function hideSecrets(destination: DestinationStream, secrets: readonly string[]): DestinationStream {
  // In JSON a quote or backslash inside a secret is escaped, so both spellings are looked for. Longest first: one may contain another.
  const spellings = [...new Set(secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]))]
    .filter((spelling) => spelling.length >= 8)
    .sort((a, b) => b.length - a.length);
  if (spellings.length === 0) return destination;
  return {
    write(line) {
      let text = line;
      for (const spelling of spellings) text = text.replaceAll(spelling, REDACTED);
      destination.write(text);
    },
  };
}

/**
 * The worker's log: one JSON object a line (pino). Secret fields are redacted by name, known secrets by value.
 *
 * @param options.secrets Values shorter than 8 characters are not looked for: they would hide ordinary words.
 */
export function createLog(options: LogOptions): Log {
  const paths = SECRET_FIELDS.flatMap((field) => {
    const name = /^\w+$/.test(field) ? `.${field}` : `["${field}"]`;
    return [name.replace(/^\./, ""), `*${name}`, `*.*${name}`];
  });
  const destination = hideSecrets(options.destination ?? pino.destination(1), options.secrets ?? []);
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: REDACTED },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
  };
}
