import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { INDICATOR, type Indicator } from "@vedette/semconv";
import { inspectRequest } from "../src/inspect/inspect-request.ts";
import { readSettings } from "../src/settings.ts";

/** Detection in one set of labelled values. */
export interface QualityRow {
  /** File and set within it. */
  readonly set: string;
  readonly label: string;
  readonly values: number;
  /** Values in which the class of the label was seen; for benign sets, in which anything was. */
  readonly detected: number;
  /** Values that were judged the other way than labelled. */
  readonly wrong: readonly string[];
}

const settings = { ...readSettings({}).settings.inspection, maxMilliseconds: 1000 };

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

function indicatorsOf(payload: string): ReadonlySet<Indicator> {
  const { findings } = inspectRequest("/search", `q=${encodeURIComponent(payload.toWellFormed())}`, {}, settings);
  return new Set(findings.map((finding) => finding.indicator));
}

/** Labels of the payload file that are one of our classes. */
const CLASS_OF_LABEL: Readonly<Record<string, Indicator>> = {
  sqli: INDICATOR.sqlInjection,
  xss: INDICATOR.xss,
  cmdi: INDICATOR.commandInjection,
  "path-traversal": INDICATOR.pathTraversal,
};

/** Categories of the CRS tests whose attacks are one of our classes. */
const CLASS_OF_CATEGORY: Readonly<Record<string, Indicator>> = {
  "REQUEST-930-APPLICATION-ATTACK-LFI": INDICATOR.pathTraversal,
  "REQUEST-932-APPLICATION-ATTACK-RCE": INDICATOR.commandInjection,
  "REQUEST-941-APPLICATION-ATTACK-XSS": INDICATOR.xss,
  "REQUEST-942-APPLICATION-ATTACK-SQLI": INDICATOR.sqlInjection,
};

interface Tally {
  readonly label: string;
  values: number;
  detected: number;
  readonly wrong: string[];
}

/** Measures the inspection on every labelled set in a folder. */
export function measureInspection(folder: string): readonly QualityRow[] {
  const tallies = new Map<string, Tally>();
  const count = (set: string, label: string, text: string, seen: boolean, benign: boolean): void => {
    const key = `${set} ${label}`;
    const tally = tallies.get(key) ?? { label, values: 0, detected: 0, wrong: [] };
    tallies.set(key, tally);
    tally.values++;
    if (seen) tally.detected++;
    if (seen === benign) tally.wrong.push(text);
  };

  for (const { source, label, payload } of lines<{ source: string; label: string; payload: string }>(
    folder,
    "web-payloads.jsonl.gz",
  )) {
    const wanted = CLASS_OF_LABEL[label];
    const set = `web-payloads ${source}`;
    if (label === "benign") count(set, label, payload, indicatorsOf(payload).size > 0, true);
    else if (wanted !== undefined) count(set, label, payload, indicatorsOf(payload).has(wanted), false);
  }

  for (const test of lines<CrsTest>(folder, "crs-http.jsonl.gz")) {
    const wanted = CLASS_OF_CATEGORY[test.category];
    const stage = test.stages[0];
    // Bodies are not inspected: a test whose attack is in one cannot be judged here.
    if (
      wanted === undefined ||
      stage === undefined ||
      stage.uri === undefined ||
      stage.data !== undefined ||
      test.stages.length > 1
    )
      continue;
    if (test.label !== "must_match" && test.label !== "must_not_match") continue;
    const [path, query] = splitAt(stage.uri.replace(/^https?:\/\/[^/]*/, ""), "?");
    const headers = Object.fromEntries(
      Object.entries(stage.headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    const seen = inspectRequest(path, query, headers, settings).findings.some(
      (finding) => finding.indicator === wanted,
    );
    count(
      `crs-http ${test.category.slice(8, 11)}`,
      test.label,
      `${test.case_id} ${stage.uri}`,
      seen,
      test.label === "must_not_match",
    );
  }

  for (const { ecs, raw } of lines<AccessLine>(folder, "web-access.jsonl.gz")) {
    const [path, query] = splitAt(ecs.url?.original ?? "/", "?");
    const headers: Record<string, string> = {};
    if (typeof ecs.user_agent?.original === "string") headers["user-agent"] = ecs.user_agent.original;
    if (typeof ecs.http?.request?.referrer === "string") headers["referer"] = ecs.http.request.referrer;
    const { findings } = inspectRequest(path, query, headers, settings);
    count(
      "web-access",
      "unlabelled",
      `${findings.map((finding) => finding.indicator).join()} ${raw}`,
      findings.length > 0,
      true,
    );
  }

  return [...tallies].map(([set, tally]) => ({ set: set.slice(0, -tally.label.length - 1), ...tally }));
}

interface CrsTest {
  readonly case_id: string;
  readonly category: string;
  readonly label: string;
  readonly stages: readonly {
    readonly uri?: string;
    readonly data?: string;
    readonly headers?: Readonly<Record<string, unknown>>;
  }[];
}

interface AccessLine {
  readonly raw: string;
  readonly ecs: {
    readonly url?: { readonly original?: string | null };
    readonly user_agent?: { readonly original?: string | null };
    readonly http?: { readonly request?: { readonly referrer?: string | null } };
  };
}

function splitAt(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

const LABELS_WITHOUT_ATTACK: ReadonlySet<string> = new Set(["benign", "must_not_match", "unlabelled"]);

/** The same as rows for a command: percentages detected of attacks, counts of benign values reported. */
export function run(): readonly { name: string; value: number; unit: string }[] {
  const folder = dataFolder();
  if (folder === undefined) return [];
  return measureInspection(folder).map(({ set, label, values, detected }) =>
    LABELS_WITHOUT_ATTACK.has(label)
      ? { name: `${set}, ${label}: reported`, value: detected, unit: `of ${values}` }
      : {
          name: `${set}, ${label}: detected`,
          value: Math.round((detected / values) * 10_000) / 100,
          unit: `% of ${values}`,
        },
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = dataFolder();
  if (folder === undefined) console.log("The labelled data is not here: nothing was measured.");
  else {
    const show = process.argv.indexOf("--wrong");
    const wanted = show < 0 ? undefined : (process.argv[show + 1] ?? "");
    for (const row of run()) console.log(`${row.name.padEnd(56)} ${String(row.value).padStart(7)} ${row.unit}`);
    if (wanted !== undefined) {
      for (const row of measureInspection(folder)) {
        if (`${row.set} ${row.label}`.includes(wanted))
          for (const text of row.wrong) console.log(`${row.set} ${row.label}: ${JSON.stringify(text)}`);
      }
    }
  }
}
