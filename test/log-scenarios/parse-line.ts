import type { JsonObject, JsonValue, LogSource } from "@vedette/detection";
import { JSON_LINES } from "./json-lines.ts";
import { lineTime } from "./line-time.ts";
import { SERVICE_LINES } from "./service-lines.ts";
import { webRequest } from "./web-lines.ts";

/** A log line as an event: the document in ECS's words, and what it belongs to. */
export interface LineEvent {
  readonly document: JsonObject;
  readonly logSource: LogSource;
}

/** Files whose requests are part of a page and no sign of probing. */
const STATIC = /\.(?:jpe?g|png|gif|svg|ico|webp|css|js|map|woff2?|ttf|eot|mp[34]|webm)$/i;

/** Reads a raw log line; undefined when no shape fits, as most of a real log is of no interest here. */
export function parseLine(line: string): LineEvent | undefined {
  const time = lineTime(line);
  const base: Record<string, JsonValue> = {
    ...(time === undefined ? {} : { "@timestamp": new Date(time).toISOString() }),
    message: line,
  };
  const request = webRequest(line);
  if (request !== undefined) {
    const [path = "", ...query] = request.target.split("?");
    const file = path.slice(path.lastIndexOf("/") + 1);
    return {
      logSource: { product: "web", category: "webserver", service: request.source },
      document: {
        ...base,
        source: { ip: request.ip },
        http: {
          version: request.version,
          request: { method: request.method },
          response: { status_code: request.status },
        },
        url: {
          original: request.target,
          unescaped: unescape(request.target),
          path,
          query: query.join("?"),
          domain: request.host,
        },
        file: { name: file, is_static: STATIC.test(path) },
        user_agent: { original: request.userAgent },
      },
    };
  }
  const event = (dataset: string, action: string, fields: JsonObject): LineEvent => ({
    logSource: { product: dataset, category: action === "login_failed" ? "authentication" : "application" },
    document: { ...base, event: { dataset, action }, ...fields },
  });
  const start = line.indexOf("{");
  const json = start < 0 ? undefined : parse(line.slice(start));
  if (json !== undefined) {
    for (const shape of JSON_LINES) {
      if (!shape.fits(json)) continue;
      return event(shape.dataset, shape.action, {
        source: { ip: text(shape.ip(json)) },
        user: { name: text(shape.user?.(json)) },
      });
    }
  }
  for (const { dataset, action, pattern } of SERVICE_LINES) {
    const groups = pattern.exec(line)?.groups;
    if (groups === undefined) continue;
    const { ip, user, user2, user3, port, database, command } = groups;
    return event(dataset, action, {
      source: { ip: text(ip) },
      user: { name: text(user ?? user2 ?? user3) },
      ...(port === undefined ? {} : { destination: { port } }),
      ...(database === undefined ? {} : { database: { name: database } }),
      ...(command === undefined ? {} : { process: { command_line: command } }),
    });
  }
  return undefined;
}

/** Percent-encoding taken off where it is whole. */
function unescape(target: string): string {
  try {
    return decodeURIComponent(target.replaceAll("+", " "));
  } catch {
    return target;
  }
}

function parse(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line.slice(0, line.lastIndexOf("}") + 1));
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

/** A text, or null, which a rule takes for absent. */
const text = (value: unknown): string | null =>
  typeof value === "string" || typeof value === "number" ? String(value) : null;
