import type { IncomingHttpHeaders } from "node:http";
import { INDICATOR, type Indicator } from "@vedette/semconv";
import type { InspectionSettings } from "../settings.ts";
import { CHARACTERS as C, kindsOf, kindsOfEncoded } from "./character-classes.ts";
import { isScriptFileName } from "./code-injection.ts";
import { isCommandInjection } from "./command-injection.ts";
import { isCrossSiteScripting } from "./cross-site-scripting.ts";
import { decodePercent, readingsOf } from "./decode.ts";
import { inspectName, inspectValue, isHarmlessKind, isPlainEncoded } from "./inspect-value.ts";
import { Inspection, type InspectionResult, type Location } from "./inspection.ts";
import { isPathTraversal } from "./path-traversal.ts";
import { isScanner } from "./scanner.ts";
import { createSeenValues } from "./seen-values.ts";
import { isSensitivePath } from "./sensitive-path.ts";
import { isSqlInjection } from "./sql-injection.ts";

/** Harmless raw headers, by how they are read: a browser sends most of them with every request. */
const HARMLESS = {
  value: createSeenValues(1024),
  name: createSeenValues(512),
  cookies: createSeenValues(512),
  agent: createSeenValues(256),
  referer: createSeenValues(512),
};

/** Headers whose values have a syntax of their own that no application reads as text, or are secrets. */
const NOT_INSPECTED = new Set(
  (
    "accept accept-charset accept-encoding accept-language authorization cache-control connection content-length content-type content-encoding date dnt etag expect " +
    "host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive max-forwards origin pragma priority proxy-authorization proxy-connection range " +
    "save-data sec-ch-ua sec-ch-ua-mobile sec-ch-ua-platform sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-websocket-extensions sec-websocket-key " +
    "sec-websocket-protocol sec-websocket-version te trailer traceparent tracestate baggage transfer-encoding upgrade upgrade-insecure-requests via warning"
  ).split(" "),
);
/** Headers that tell by which host a request came: in development, and behind proxies, that is one inside. */
const FORWARDING_HEADER = /^(?:x-forwarded-|forwarded$|x-original-|x-real-ip$|x-host$)/;
const FILE_NAME_HEADER = /^x[-_.]?file[-_.]?name$/;

/**
 * Inspects what a client sent in the head of a request, as the application will read it.
 *
 * @param path Raw path, percent-encoded, without query.
 * @param query Raw query string without `?`.
 * @param settings Limits; a request beyond them is inspected as far as they reach, and the answer says which one ended it.
 */
export function inspectRequest(
  path: string,
  query: string | undefined,
  headers: IncomingHttpHeaders,
  settings: InspectionSettings,
): InspectionResult {
  const inspection = new Inspection(settings);
  if (path.length > 1) lookAtPath(inspection, path);
  if (query !== undefined && query !== "") inspectPairs(inspection, "query", query);
  if (settings.headers.includes("*")) {
    for (const name in headers) if (!NOT_INSPECTED.has(name)) inspectHeader(inspection, name, headers[name]);
  } else for (const name of settings.headers) inspectHeader(inspection, name, headers[name]);
  return inspection;
}

function lookAtPath(inspection: Inspection, path: string): void {
  const allowed = inspection.take(path.length);
  if (allowed === 0) return;
  const raw = allowed < path.length ? path.slice(0, allowed) : path;
  for (const value of readingsOf(raw, false)) inspection.add("path", "", value, inspectPath(value));
}

/**
 * Inspects `name=value` pairs of a query or a form. Names and values that their characters acquit are never cut out or decoded.
 */
export function inspectPairs(inspection: Inspection, location: Location, text: string): void {
  let start = 0;
  while (start <= text.length) {
    const next = text.indexOf("&", start);
    const end = next < 0 ? text.length : next;
    if (end > start) {
      if (!inspection.admitParameter()) return;
      const equals = text.indexOf("=", start);
      const split = equals < 0 || equals > end ? end : equals;
      if (!inspectPair(inspection, location, text, start, split, end)) return;
    }
    start = end + 1;
  }
}

/** False when nothing more is to be looked at. */
function inspectPair(
  inspection: Inspection,
  location: Location,
  text: string,
  start: number,
  split: number,
  end: number,
): boolean {
  let allowed = inspection.take(split - start);
  if (allowed === 0 && split > start) return false;
  const nameKinds = kindsOfEncoded(text, start, start + allowed, true);
  if (!isHarmlessKind(nameKinds, allowed))
    inspectPairName(inspection, location, text.slice(start, start + allowed), nameKinds);
  if (split >= end) return true;
  allowed = inspection.take(end - split - 1);
  if (allowed === 0) return end - split === 1;
  const from = split + 1;
  const kinds = kindsOfEncoded(text, from, from + allowed, true);
  if (isPlainEncoded(text, from, from + allowed, kinds)) return true;
  for (const value of readingsOf(text.slice(from, from + allowed), true)) {
    const indicators = inspectValue(value);
    if (indicators.length > 0)
      inspection.add(location, decodePercent(text.slice(start, split), true), value, indicators);
  }
  return true;
}

/** Node reads headers as Latin-1; applications that expect more read them as the UTF-8 that clients send. */
function asText(header: string): string {
  // oxlint-disable-next-line no-control-regex -- everything beyond ASCII is meant.
  return /[^\u0000-\u007f]/.test(header) ? Buffer.from(header, "latin1").toString("utf8") : header;
}

function inspectPairName(inspection: Inspection, location: Location, raw: string, kinds: number): void {
  // The names that an application knows are few.
  if (HARMLESS.name.has(raw)) return;
  const name = (kinds & (C.space | C.percent)) === 0 && !raw.includes("%") ? raw : decodePercent(raw, true);
  const indicators = inspectName(name);
  if (indicators.length === 0) HARMLESS.name.add(raw);
  else inspection.add(location, name, name, indicators);
}

function inspectHeader(inspection: Inspection, name: string, value: string | string[] | undefined): void {
  if (value === undefined) return;
  const sent = typeof value === "string" ? value : value.join(", ");
  if (sent === "") return;
  const memory =
    name === "cookie"
      ? HARMLESS.cookies
      : name === "user-agent"
        ? HARMLESS.agent
        : name === "referer"
          ? HARMLESS.referer
          : HARMLESS.value;
  const fileName = memory === HARMLESS.value && FILE_NAME_HEADER.test(name);
  if (!fileName && memory.has(sent)) return;
  const text = asText(sent);
  if (memory === HARMLESS.cookies) {
    const before = inspection.findings.length;
    inspectCookies(inspection, text);
    if (inspection.findings.length === before && inspection.truncatedBy === undefined) memory.add(sent);
    return;
  }
  const allowed = inspection.take(text.length);
  if (allowed === 0) return;
  const raw = allowed < text.length ? text.slice(0, allowed) : text;
  let found = 0;
  const add = (reading: string, indicators: readonly Indicator[]): void => {
    found += indicators.length;
    inspection.add("header", name, reading, indicators);
  };
  if (name === "user-agent") add(raw, inspectUserAgent(raw));
  else if (name === "referer") for (const reading of readingsOf(raw, true)) add(reading, inspectReferer(reading));
  else {
    for (const reading of readingsOf(raw, false)) {
      const indicators = inspectValue(reading);
      add(reading, FORWARDING_HEADER.test(name) ? indicators.filter((found) => found !== INDICATOR.ssrf) : indicators);
    }
    if (fileName) add(raw, inspectFileName(raw));
  }
  if (found === 0 && allowed === text.length) memory.add(sent);
}

function inspectCookies(inspection: Inspection, header: string): void {
  let start = 0;
  while (start < header.length) {
    const next = header.indexOf(";", start);
    const end = next < 0 ? header.length : next;
    const pair = header.slice(start, end).trim();
    start = end + 1;
    if (pair === "" || HARMLESS.value.has(pair)) continue;
    if (!inspection.admitParameter()) return;
    const allowed = inspection.take(pair.length);
    if (allowed === 0) return;
    const looked = allowed < pair.length ? pair.slice(0, allowed) : pair;
    if (!inspectCookie(inspection, looked) && looked === pair) HARMLESS.value.add(pair);
  }
}

/** True when something was seen. */
function inspectCookie(inspection: Inspection, pair: string): boolean {
  const equals = pair.indexOf("=");
  const name = decodePercent(equals < 0 ? pair : pair.slice(0, equals).trim(), false);
  const before = inspection.findings.length;
  inspection.add("cookie", name, name, inspectName(name));
  if (equals >= 0) {
    const value = pair.slice(equals + 1).trim();
    const bare = value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
    for (const reading of readingsOf(bare, false)) inspection.add("cookie", name, reading, inspectValue(reading));
  }
  return inspection.findings.length > before;
}

/** Has every pattern compiled before the first request needs it: that takes longer than any inspection afterwards. */
export function warmUpInspection(): void {
  for (const value of [
    'it\'s "a" & <b class=\'c\' title="d">e</b>; f|g `h` (i=j) k:l /m/../n {{o}} \\u0041 data:p 1 and 2 -- q ${r} [s] __t__ #u\n@v',
    "/r/s.t",
    "select u from v where w=1",
    "https://x.example/y",
  ]) {
    inspectValue(value);
    inspectValue(value);
    inspectPath(value);
    inspectUserAgent(value);
  }
}

const SEGMENT =
  C.quote | C.angle | C.separator | C.parenthesis | C.comment | C.operator | C.space | C.percent | C.lookAlike;

/** A path has slashes and brackets of its own; only what cannot be part of one is looked for. */
function inspectPath(path: string): readonly Indicator[] {
  const kinds = kindsOf(path);
  const indicators: Indicator[] = [];
  if ((kinds & (C.step | C.control | C.dot | C.at)) !== 0 && (isPathTraversal(path) || isSensitivePath(path)))
    indicators.push(INDICATOR.pathTraversal);
  const decisive = kinds & (SEGMENT | C.dollar | C.brace | C.colon | C.bracket | C.underscores);
  if (decisive === 0) return indicators;
  const whole = path.replace(/^\/+/, "");
  const rest = new Set<Indicator>();
  if ((kinds & SEGMENT) !== 0) {
    if (path.split("/").some((segment) => isSqlInjection(segment)) || isSqlInjection(whole))
      rest.add(INDICATOR.sqlInjection);
    if (isCrossSiteScripting(whole)) rest.add(INDICATOR.xss);
    if (/[;|&`$\n]/.test(path) && isCommandInjection(whole)) rest.add(INDICATOR.commandInjection);
  }
  if ((kinds & (C.parenthesis | C.dollar | C.brace | C.underscores | C.lookAlike)) !== 0) {
    for (const segment of path.split("/"))
      for (const indicator of inspectValue(segment)) if (CODE.has(indicator)) rest.add(indicator);
    for (const indicator of inspectValue(whole)) if (CODE.has(indicator)) rest.add(indicator);
  }
  return [...indicators, ...rest];
}

/** Classes that a path shows like any value does. */
const CODE: ReadonlySet<Indicator> = new Set([
  INDICATOR.codeInjection,
  INDICATOR.templateInjection,
  INDICATOR.jndiLookup,
  INDICATOR.unsafeDeserialization,
  INDICATOR.crlfInjection,
]);

/** The file's name of an upload: like any value, and no script that the server would run. */
export function inspectFileName(name: string): readonly Indicator[] {
  const indicators = new Set(inspectValue(name));
  if (isScriptFileName(name)) indicators.add(INDICATOR.codeInjection);
  if (isPathTraversal(name) || /(?:^|[\\/])\.\.[\\/]/.test(name)) indicators.add(INDICATOR.pathTraversal);
  return [...indicators];
}

/** User agents are full of brackets, semicolons and slashes: what stands after them is compared only with what browsers never write. */
function inspectUserAgent(userAgent: string): readonly Indicator[] {
  const indicators: Indicator[] = [];
  if (isScanner(userAgent)) indicators.push(INDICATOR.scanner);
  if (!userAgent.startsWith("Mozilla/") || /['"`<${}[\]|\\]|%[0-9a-f]{2}|--|\.\./i.test(userAgent)) {
    for (const indicator of inspectAgentText(userAgent))
      if (!indicators.includes(indicator)) indicators.push(indicator);
  }
  return indicators;
}

/** What a browser's own name begins with, and products as crawlers and libraries write them: `name/1.2 (comment; +https://…)`. */
const PRODUCTS =
  /^(?:[\w.!+-]{1,40}(?:\/[\w.+~-]{1,40})?(?:\s{1,2}\([^()'"`<>$]{0,300}(?:\([^()'"`<>$]{0,100}\)[^()'"`<>$]{0,100}){0,2}\))?[\s,;]{0,4}){1,24}/;

function inspectAgentText(userAgent: string): readonly Indicator[] {
  const whole = inspectValue(userAgent);
  if (whole.length === 0) return whole;
  const products = PRODUCTS.exec(userAgent)?.[0] ?? "";
  // Without its products, so that what browsers put into brackets is not taken for code.
  const rest = products.includes("/") ? userAgent.slice(products.length) : userAgent;
  if (rest === userAgent) return whole;
  return rest.trim() === ""
    ? []
    : [...new Set([...inspectValue(rest), ...whole.filter((indicator) => CODE.has(indicator))])];
}

const REFERER_VALUES = 50;

/** A referer is a URL of another site: each of its query's values is looked at, not the URL itself. */
function inspectReferer(referer: string): readonly Indicator[] {
  const indicators = new Set<Indicator>();
  const mark = referer.search(/[?#]/);
  const parts =
    mark < 0
      ? /^https?:/i.test(referer)
        ? []
        : [referer]
      : referer
          .slice(mark + 1)
          .split("&")
          .map((part) => part.slice(part.indexOf("=") + 1));
  for (const part of parts.slice(0, REFERER_VALUES))
    for (const indicator of inspectValue(part)) indicators.add(indicator);
  // A page's address among the values is where somebody came from, not where the server is sent.
  indicators.delete(INDICATOR.ssrf);
  if (mark < 0 && /["'<>]/.test(referer) && isCrossSiteScripting(referer)) indicators.add(INDICATOR.xss);
  return [...indicators];
}
