import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import {
  DEFAULT_MAPPINGS,
  type Problem,
  type Rule,
  createCorrelator,
  createDetector,
  loadRules,
} from "@vedette/detection";
import { parseLine } from "./parse-line.ts";
import { LEFT_OUT, RULE_OF } from "./scenarios.ts";

/** A line of log-scenarios.jsonl.gz. */
export interface ScenarioCase {
  readonly case_id: string;
  readonly log: readonly string[];
  readonly n_alerts: number;
  readonly alerts: readonly { readonly scenario: string }[];
  readonly scenario_defs: Readonly<Record<string, unknown>>;
}

/** What a case gave. */
export interface CaseResult {
  readonly name: string;
  readonly expected: number;
  /** Episodes of the rules of the case's scenarios; undefined when the case is left out. */
  readonly got: number | undefined;
  /** Why a case is left out. */
  readonly reason: string;
  /** Episodes by scenario. */
  readonly byScenario: Readonly<Record<string, number>>;
  /** Alerts that the source expects by scenario. */
  readonly expectedByScenario: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly events: number;
}

const here = dirname(fileURLToPath(import.meta.url));
const shared = process.env["VEDETTE_SHARED"] ?? join(here, "..", "..", "..", "shared");
/** Lines of a case need not be in order: nothing of a case is too late. */
const LATENESS = 100 * 365 * 86_400_000;

/** The cases of the labelled data. */
export function scenarioCases(): readonly ScenarioCase[] {
  return gunzipSync(readFileSync(join(shared, "data", "log-scenarios.jsonl.gz")))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ScenarioCase);
}

/** Our rules for the scenarios. */
export function scenarioRules(): { readonly rules: readonly Rule[]; readonly problems: readonly Problem[] } {
  const folder = join(here, "rules");
  return loadRules(
    readdirSync(folder)
      .sort()
      .map((path) => ({ path, text: readFileSync(join(folder, path), "utf8") })),
  );
}

/** Makes the function that runs a case: its lines become events, which all rules judge and correlate; episodes are counted. */
export function createScenarioRunner(rules: readonly Rule[]): (one: ScenarioCase) => CaseResult {
  // Documents in ECS's words are read under their own names: what they belong to is said by whoever reads the lines.
  const detector = createDetector(rules, { mappings: DEFAULT_MAPPINGS.filter(({ name }) => name === "json") });
  const nameOf = new Map(rules.map(({ id, name }) => [id, name]));
  return (one) => {
    // A scenario without a definition in the data is known by its alerts.
    const scenarios = [
      ...new Set([...Object.keys(one.scenario_defs), ...one.alerts.map(({ scenario }) => scenario)]),
    ].sort();
    const expectedByScenario: Record<string, number> = {};
    for (const { scenario } of one.alerts) expectedByScenario[scenario] = (expectedByScenario[scenario] ?? 0) + 1;
    const events = one.log.flatMap((line) => parseLine(line) ?? []);
    const base = {
      name: one.case_id.replace(/^crowdsec-/, ""),
      expected: one.n_alerts,
      expectedByScenario,
      lines: one.log.length,
      events: events.length,
    };
    const leftOut = scenarios.find((scenario) => !Object.hasOwn(RULE_OF, scenario));
    if (leftOut !== undefined)
      return { ...base, got: undefined, reason: LEFT_OUT[leftOut] ?? `no rule for ${leftOut}`, byScenario: {} };
    const correlator = createCorrelator(rules, { lateness: LATENESS });
    const mapping = DEFAULT_MAPPINGS.find(({ name }) => name === "json");
    let time = 0;
    for (const [index, { document, logSource }] of events.entries()) {
      // A line without a time came when the one before it did.
      time = mapping?.time(document) ?? time;
      for (const fact of detector.judge({ id: `line-${index}`, time, document, logSource }).facts)
        correlator.observe(fact);
    }
    const byScenario: Record<string, number> = {};
    const counted = new Map(scenarios.map((scenario) => [RULE_OF[scenario] ?? "", scenario]));
    for (const { rule, mergedInto } of correlator.takeChanges().episodes) {
      const scenario = counted.get(nameOf.get(rule.id) ?? "");
      if (scenario !== undefined && mergedInto === undefined) byScenario[scenario] = (byScenario[scenario] ?? 0) + 1;
    }
    const got = Object.values(byScenario).reduce((a, b) => a + b, 0);
    return { ...base, got, reason: "", byScenario };
  };
}
