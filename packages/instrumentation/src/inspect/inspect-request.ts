import type { IncomingHttpHeaders } from "node:http";
import { INDICATOR, type Indicator } from "@vedette/semconv";
import { isSecretName } from "../redaction.ts";
import type { InspectionSettings } from "../settings.ts";
import { isCommandInjection } from "./command-injection.ts";
import { isCrossSiteScripting } from "./cross-site-scripting.ts";
import { decodePercent, readingsOf } from "./decode.ts";
import { isPathTraversal } from "./path-traversal.ts";
import { isScanner } from "./scanner.ts";
import { createSeenValues } from "./seen-values.ts";
import { isSqlInjection } from "./sql-injection.ts";

/** Where in a request a value stood. */
export type Location = "path" | "query" | "header" | "cookie";

/** One class of attack seen in one value. */
export interface InspectionFinding {
  readonly indicator: Indicator;
  readonly location: Location;
  /** Name of the parameter, header or cookie; empty for the path. */
  readonly parameter: string;
  /** The decoded reading that matched. */
  readonly value: string;
  /** True when the name says that the value is a secret. */
  readonly secret: boolean;
}

/** Which limit ended an inspection early. */
export type InspectionLimit = "bytes" | "parameters" | "time" | "findings";

/** What was seen in one request. */
export interface Inspection {
  readonly findings: readonly InspectionFinding[];
  readonly truncatedBy: InspectionLimit | undefined;
}

const MAX_FINDINGS = 16;

/**
 * Characters that are inspected whatever the clock says. They take milliseconds at the very worst; a busy machine that takes the
 * processor away in between must not make an ordinary request go unseen.
 */
const ALWAYS_INSPECTED = 4096;

/** Harmless raw headers, by how they are read: a browser sends most of them with every request. */
const HARMLESS = {
  value: createSeenValues(1024),
  agent: createSeenValues(256),
  referer: createSeenValues(512),
};

/** Values that cannot hold an attack of any class: no character with a meaning, no space to part words. */
const PLAIN = /^[\w.,@~-]{0,128}$/;

/** Says which classes of attack a decoded value shows; of a value that is JSON, what its names and strings show. */
export function inspectValue(value: string): readonly Indicator[] {
  if (PLAIN.test(value) && !value.includes("..")) return [];
  const texts = textsOfJson(value);
  if (texts === undefined) return inspectText(value);
  const indicators = new Set<Indicator>();
  for (const text of texts) for (const indicator of inspectText(text)) indicators.add(indicator);
  return [...indicators];
}

function inspectText(value: string): readonly Indicator[] {
  if (PLAIN.test(value) && !value.includes("..")) return [];
  const indicators: Indicator[] = [];
  if (isSqlInjection(value)) indicators.push(INDICATOR.sqlInjection);
  if (isCrossSiteScripting(value)) indicators.push(INDICATOR.xss);
  if (isPathTraversal(value)) indicators.push(INDICATOR.pathTraversal);
  if (isCommandInjection(value)) indicators.push(INDICATOR.commandInjection);
  return indicators;
}

/** The names and strings of a JSON object or array: its quotes and brackets are syntax there, not a way out of something. */
function textsOfJson(value: string): readonly string[] | undefined {
  if (!/^\s{0,8}[{[]/.test(value) || !/[}\]]\s{0,8}$/.test(value)) return undefined;
  const texts: string[] = [];
  try {
    JSON.parse(value, (name, member: unknown) => {
      if (name !== "") texts.push(name);
      if (typeof member === "string") texts.push(member);
      return member;
    });
  } catch {
    return undefined;
  }
  return texts;
}

/** Has every pattern compiled before the first request needs it: that takes longer than any inspection afterwards. */
export function warmUpInspection(): void {
  for (const value of [
    'it\'s "a" & <b class=\'c\' title="d">e</b>; f|g `h` (i=j) k:l /m/../n {{o}} \\u0041 data:p 1 and 2 -- q',
    "/r/s.t",
    "select u from v where w=1",
  ]) {
    inspectValue(value);
    inspectValue(value);
    inspectPath(value);
    inspectUserAgent(value);
  }
}

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
): Inspection {
  const findings: InspectionFinding[] = [];
  const deadline = performance.now() + settings.maxMilliseconds;
  let truncatedBy: InspectionLimit | undefined;
  let budget = settings.maxTotalLength;
  let parameters = 0;

  /** False when nothing more is to be looked at. */
  function take(raw: string, look: (raw: string) => void): boolean {
    if (raw === "") return true;
    if (budget <= 0) {
      truncatedBy ??= "bytes";
      return false;
    }
    if (findings.length >= MAX_FINDINGS) {
      truncatedBy ??= "findings";
      return false;
    }
    if (settings.maxTotalLength - budget > ALWAYS_INSPECTED && performance.now() > deadline) {
      truncatedBy ??= "time";
      return false;
    }
    const length = Math.min(raw.length, settings.maxValueLength, budget);
    if (length < raw.length) truncatedBy ??= "bytes";
    budget -= length;
    look(length < raw.length ? raw.slice(0, length) : raw);
    return true;
  }

  function add(location: Location, parameter: string, value: string, indicators: readonly Indicator[]): void {
    for (const indicator of indicators) {
      if (
        findings.some(
          (finding) =>
            finding.indicator === indicator && finding.location === location && finding.parameter === parameter,
        )
      )
        continue;
      findings.push({ indicator, location, parameter, value, secret: isSecretName(parameter) });
    }
  }

  const inspectReadings =
    (location: Location, parameter: string, plusIsSpace: boolean) =>
    (raw: string): void => {
      if (PLAIN.test(raw) && !raw.includes("..")) return;
      // Queries are seldom the same twice; remembering them costs more than reading them.
      const harmless = location === "query" ? undefined : HARMLESS.value;
      if (harmless?.has(raw) === true) return;
      let found = 0;
      for (const value of readingsOf(raw, plusIsSpace)) {
        const indicators = inspectValue(value);
        found += indicators.length;
        add(location, parameter, value, indicators);
      }
      if (found === 0) harmless?.add(raw);
    };

  /** True while there is room for one more named value. */
  function admitParameter(): boolean {
    if (parameters++ < settings.maxParameters) return true;
    truncatedBy ??= "parameters";
    return false;
  }

  take(path, (raw) => {
    for (const value of readingsOf(raw, false)) add("path", "", value, inspectPath(value));
  });
  for (const part of partsOf(query ?? "", "&")) {
    if (part === "") continue;
    if (!admitParameter()) break;
    const equals = part.indexOf("=");
    const name = decodePercent(equals < 0 ? part : part.slice(0, equals), true);
    if (!PLAIN.test(name) && !take(name, (raw) => add("query", name.slice(0, 64), raw, inspectValue(raw)))) break;
    if (equals >= 0 && !take(part.slice(equals + 1), inspectReadings("query", name.slice(0, 64), true))) break;
  }
  for (const header of settings.headers) {
    const value = headers[header];
    const text = Array.isArray(value) ? value.join(", ") : value;
    if (text === undefined) continue;
    if (header === "cookie") {
      for (const { name, value: cookie } of cookiesOf(text)) {
        if (!admitParameter()) break;
        take(cookie, inspectReadings("cookie", name, false));
      }
    } else if (header === "user-agent") {
      take(text, (raw) => {
        if (HARMLESS.agent.has(raw)) return;
        const indicators = inspectUserAgent(raw);
        if (indicators.length === 0) HARMLESS.agent.add(raw);
        else add("header", header, raw, indicators);
      });
    } else if (header === "referer") {
      take(text, (raw) => {
        if (HARMLESS.referer.has(raw)) return;
        let found = 0;
        for (const reading of readingsOf(raw, true)) {
          const indicators = inspectReferer(reading);
          found += indicators.length;
          add("header", header, reading, indicators);
        }
        if (found === 0) HARMLESS.referer.add(raw);
      });
    } else take(text, inspectReadings("header", header, false));
  }
  return { findings, truncatedBy };
}

/** A path has slashes and brackets of its own; only what cannot be part of one is looked for. */
function inspectPath(path: string): readonly Indicator[] {
  if (!/[^\w./~,@:+-]|\.\./.test(path)) return [];
  const indicators: Indicator[] = [];
  const segments = path.split("/");
  if (isPathTraversal(path)) indicators.push(INDICATOR.pathTraversal);
  const whole = path.replace(/^\/+/, "");
  if (segments.some((segment) => isSqlInjection(segment)) || isSqlInjection(whole))
    indicators.push(INDICATOR.sqlInjection);
  if (isCrossSiteScripting(whole)) indicators.push(INDICATOR.xss);
  if (/[;|&`$\n]/.test(path) && isCommandInjection(whole)) indicators.push(INDICATOR.commandInjection);
  return indicators;
}

/** User agents are full of brackets, semicolons and slashes: what stands after them is compared only with what browsers never write. */
function inspectUserAgent(userAgent: string): readonly Indicator[] {
  const indicators: Indicator[] = [];
  if (isScanner(userAgent)) indicators.push(INDICATOR.scanner);
  if (/['"`<]|--|\bselect\b|\bunion\b|sleep\(/i.test(userAgent) && isSqlInjection(userAgent))
    indicators.push(INDICATOR.sqlInjection);
  if (userAgent.includes("<") && isCrossSiteScripting(userAgent)) indicators.push(INDICATOR.xss);
  if (userAgent.includes("..") && isPathTraversal(userAgent)) indicators.push(INDICATOR.pathTraversal);
  if (/\(\)\s{0,4}\{|[|`$&]|;\s{0,4}\/?\w{1,12}\/\w/.test(userAgent) && isCommandInjection(userAgent))
    indicators.push(INDICATOR.commandInjection);
  return indicators;
}

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
  for (const part of parts.slice(0, 50)) for (const indicator of inspectValue(part)) indicators.add(indicator);
  if (mark < 0 && /["'<>]/.test(referer) && isCrossSiteScripting(referer)) indicators.add(INDICATOR.xss);
  return [...indicators];
}

/** Splits lazily: a request that ends its inspection early has not been split whole. */
function* partsOf(text: string, separator: string): Generator<string> {
  let start = 0;
  while (start <= text.length) {
    const next = text.indexOf(separator, start);
    const end = next < 0 ? text.length : next;
    yield text.slice(start, end);
    start = end + 1;
  }
}

function* cookiesOf(header: string): Generator<{ name: string; value: string }> {
  for (const part of partsOf(header, ";")) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const value = part.slice(equals + 1).trim();
    yield {
      name: part.slice(0, equals).trim().slice(0, 64),
      value: value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value,
    };
  }
}
