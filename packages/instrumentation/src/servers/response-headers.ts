import type { ServerResponse } from "node:http";

/** An answer that was sent, by HTTP/1 or HTTP/2. */
export type SentResponse = Pick<ServerResponse, "statusCode" | "getHeader">;

/** The headers of an answer that was sent. */
export interface SentHeaders {
  get(name: string): string | undefined;
  all(name: string): readonly string[];
}

/**
 * Reads the headers of a finished answer. What an application hands to `writeHead` alone is not kept by node in any other form than
 * the text that it sent.
 */
export function sentHeaders(response: SentResponse): SentHeaders {
  const sent: unknown = Reflect.get(response, "_header");
  const text = typeof sent === "string" ? sent : "";
  let read: Map<string, string[]> | undefined;
  const all = (name: string): readonly string[] => {
    const kept = response.getHeader(name);
    if (kept !== undefined) return Array.isArray(kept) ? kept : [String(kept)];
    read ??= parse(text);
    return read.get(name) ?? [];
  };
  return { all, get: (name) => all(name)[0] };
}

function parse(text: string): Map<string, string[]> {
  const headers = new Map<string, string[]>();
  for (const line of text.split("\r\n").slice(1)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  return headers;
}
