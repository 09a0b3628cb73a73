import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { INDICATOR, type Indicator } from "@vedette/semconv";

/** One labelled request, as it goes over the wire. */
export interface LabelledRequest {
  /** File and set within it. */
  readonly set: string;
  /** `attack` or `benign`; `must_match` and `must_not_match` for the tests of a rule set. */
  readonly label: string;
  /** What has to be seen; empty when anything will do, or nothing may be. */
  readonly wanted: readonly Indicator[];
  readonly attack: boolean;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** What a person reads of it. */
  readonly text: string;
}

/** The folder of the labelled data, or undefined where there is none. */
export function dataFolder(): string | undefined {
  const folder = join(process.env["VEDETTE_SHARED"] ?? resolve(import.meta.dirname, "../../../../shared"), "data");
  return existsSync(join(folder, "web-payloads.jsonl.gz")) ? folder : undefined;
}

function* lines<Line>(folder: string, name: string): Generator<Line> {
  for (const line of gunzipSync(readFileSync(join(folder, name)))
    .toString("utf8")
    .split("\n"))
    if (line !== "") yield JSON.parse(line) as Line;
}

/** The class that a label of the payload file stands for. */
const CLASS_OF_LABEL: Readonly<Record<string, { readonly name: string; readonly wanted: readonly Indicator[] }>> = {
  sqli: { name: "sqli", wanted: [INDICATOR.sqlInjection] },
  "SQL Injection": { name: "sqli", wanted: [INDICATOR.sqlInjection] },
  xss: { name: "xss", wanted: [INDICATOR.xss] },
  XSS: { name: "xss", wanted: [INDICATOR.xss] },
  cmdi: { name: "cmdi", wanted: [INDICATOR.commandInjection] },
  Shell: { name: "cmdi", wanted: [INDICATOR.commandInjection] },
  RCE: { name: "cmdi", wanted: [INDICATOR.commandInjection, INDICATOR.codeInjection, INDICATOR.unsafeDeserialization] },
  "path-traversal": { name: "path-traversal", wanted: [INDICATOR.pathTraversal] },
  "Path Traversal": { name: "path-traversal", wanted: [INDICATOR.pathTraversal] },
  LFI: { name: "path-traversal", wanted: [INDICATOR.pathTraversal] },
  benign: { name: "benign", wanted: [] },
};

/** Single values, each as one argument of a GET. */
export function* payloadRequests(folder: string): Generator<LabelledRequest> {
  for (const { source, label, payload } of lines<{ source: string; label: string; payload: string }>(
    folder,
    "web-payloads.jsonl.gz",
  )) {
    const known = CLASS_OF_LABEL[label];
    const name = known?.name ?? label;
    yield {
      set: `web-payloads ${source}`,
      label: name,
      wanted: known?.wanted ?? [],
      attack: name !== "benign",
      method: "GET",
      target: `/search?q=${encodeURIComponent(payload.toWellFormed())}`,
      headers: [["host", "127.0.0.1"]],
      body: "",
      text: payload,
    };
  }
}

interface CrsTest {
  readonly case_id: string;
  readonly rule_id: number;
  readonly category: string;
  readonly label: string;
  readonly stages: readonly {
    readonly method?: string;
    readonly uri?: string;
    readonly data?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
    readonly encoded_request?: string;
  }[];
}

/** Files of the OWASP core rule set whose rules are about attacks that are inspected here. */
export const ATTACK_FILES: ReadonlySet<string> = new Set(["930", "931", "932", "933", "934", "941", "942", "944"]);

/** Requests of the core rule set's own tests, one stage each: method, target, headers and body as the test has them. */
export function* ruleSetRequests(folder: string): Generator<LabelledRequest> {
  for (const test of lines<CrsTest>(folder, "crs-http.jsonl.gz")) {
    const file = test.category.slice(8, 11);
    const stage = test.stages[0];
    if (
      stage === undefined ||
      !ATTACK_FILES.has(file) ||
      (test.label !== "must_match" && test.label !== "must_not_match")
    )
      continue;
    // A request given whole, as bytes, is no request of one header and one body that could be sent so.
    const whole = stage.encoded_request === undefined ? undefined : wholeRequest(stage.encoded_request);
    const headers = Object.entries(stage.headers ?? {}).map(([name, value]) => [name, String(value)] as const);
    // What the rule set's own runner adds to a body of which the test says nothing.
    if (stage.data !== undefined && !headers.some(([name]) => name.toLowerCase() === "content-type"))
      headers.push(["Content-Type", "application/x-www-form-urlencoded"]);
    yield {
      set: `crs-http ${file}`,
      label: test.label,
      wanted: [],
      attack: test.label === "must_match",
      method: stage.method ?? "GET",
      target: stage.uri ?? "/",
      headers,
      body: stage.data ?? "",
      ...whole,
      text: `${test.case_id} ${stage.method ?? ""} ${stage.uri ?? ""} ${JSON.stringify(Object.fromEntries(headers))} ${stage.data ?? ""}`,
    };
  }
}

function wholeRequest(encoded: string): Pick<LabelledRequest, "method" | "target" | "headers" | "body"> {
  const text = Buffer.from(encoded, "base64").toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...rest] = text.slice(0, end < 0 ? text.length : end).split("\r\n");
  const [method = "GET", target = "/"] = first.split(" ");
  return {
    method,
    target,
    headers: rest.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
    }),
    body: end < 0 ? "" : text.slice(end + 4),
  };
}

interface AccessLine {
  readonly raw: string;
  readonly ecs: {
    readonly url?: { readonly original?: string | null };
    readonly user_agent?: { readonly original?: string | null };
    readonly http?: { readonly request?: { readonly referrer?: string | null; readonly method?: string | null } };
  };
}

/** Requests of a real site's access log. */
export function* accessRequests(folder: string): Generator<LabelledRequest> {
  for (const { ecs, raw } of lines<AccessLine>(folder, "web-access.jsonl.gz")) {
    const headers: [string, string][] = [["host", "127.0.0.1"]];
    if (typeof ecs.user_agent?.original === "string") headers.push(["user-agent", ecs.user_agent.original]);
    if (typeof ecs.http?.request?.referrer === "string") headers.push(["referer", ecs.http.request.referrer]);
    yield {
      set: "web-access",
      label: "unlabelled",
      wanted: [],
      attack: false,
      method: "GET",
      target: ecs.url?.original ?? "/",
      headers,
      body: "",
      text: raw,
    };
  }
}

/** Everything that is measured. */
export function* labelledRequests(folder: string): Generator<LabelledRequest> {
  yield* payloadRequests(folder);
  yield* ruleSetRequests(folder);
  yield* accessRequests(folder);
}
