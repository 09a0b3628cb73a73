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
 * the text that it sent; what it set one by one is.
 */
export function sentHeaders(response: SentResponse): SentHeaders {
  let text: string | undefined;
  const all = (name: string): readonly string[] => {
    const kept = response.getHeader(name);
    if (kept !== undefined) return Array.isArray(kept) ? kept : [String(kept)];
    text ??= textOf(response);
    return text === "" ? [] : find(text, name);
  };
  return { all, get: (name) => all(name)[0] };
}

/** The head of an answer as it was sent, where node keeps its headers in no other form. */
function textOf(response: SentResponse & { getHeaderNames?: () => readonly string[] }): string {
  // With one header set by itself, node keeps those handed to `writeHead` in the same place.
  if (response.getHeaderNames === undefined || response.getHeaderNames().length > 0) return "";
  const sent: unknown = Reflect.get(response, "_header");
  return typeof sent === "string" ? sent : "";
}

const patterns = new Map<string, RegExp>();

function find(text: string, name: string): readonly string[] {
  let pattern = patterns.get(name);
  if (pattern === undefined) patterns.set(name, (pattern = new RegExp(`^${name}:[ \\t]*(.*)$`, "gim")));
  const values: string[] = [];
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) values.push((match[1] ?? "").trim());
  return values;
}
