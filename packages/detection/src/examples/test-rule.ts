import { createCorrelator } from "../correlation/correlator.ts";
import type { SecurityEvent } from "../event.ts";
import type { Detector } from "../match/detector.ts";
import { createDetector } from "../match/detector.ts";
import type { Rule, RuleExample, RuleSet } from "../rule.ts";

/** How one example of a rule went. */
export interface ExampleResult {
  readonly name: string;
  readonly kind: RuleExample["kind"];
  readonly passed: boolean;
  /** Findings of the rule: facts of a signature, episodes of a correlation. */
  readonly found: number;
  /** Findings expected; undefined for "at least one". */
  readonly expected: number | undefined;
  /** One sentence for people. */
  readonly message: string;
}

/** Start of every example: a Thursday, 2026-01-01T00:00:00Z. */
const START = 1_767_225_600_000;

const detectors = new WeakMap<RuleSet, Detector>();

/** Runs a rule's examples on the production engine, with all rules of the set and the correlator. */
export function testRule(rule: Rule, ruleSet: RuleSet): readonly ExampleResult[] {
  let detector = detectors.get(ruleSet);
  if (detector === undefined) {
    detector = createDetector(ruleSet.rules);
    detectors.set(ruleSet, detector);
  }
  const judge = detector;
  return rule.extension.examples.map((example) => {
    const { found, unmatched, excepted } = run(rule, ruleSet, judge, example);
    const passed = example.expect === undefined ? found > 0 : found === example.expect;
    const wanted = example.expect === undefined ? "at least 1" : String(example.expect);
    const hints = [
      unmatched > 0 ? ` ${unmatched} of its events belong to no log source.` : "",
      excepted > 0 ? ` ${excepted} of its events are exceptions.` : "",
    ];
    const hint = passed ? "" : hints.join("");
    return {
      name: example.name,
      kind: example.kind,
      passed,
      found,
      expected: example.expect,
      message: `${found} findings, ${wanted} expected.${hint}`,
    };
  });
}

function run(
  rule: Rule,
  ruleSet: RuleSet,
  detector: Detector,
  example: RuleExample,
): { found: number; unmatched: number; excepted: number } {
  const span = Math.max(0, ...example.events.map(({ at }) => at));
  const correlator = createCorrelator(ruleSet.rules, { lateness: span });
  let facts = 0;
  let unmatched = 0;
  let excepted = 0;
  for (const [index, { at, document, logSource }] of example.events.entries()) {
    const time = START + at;
    const event: SecurityEvent = {
      id: `example-${index}`,
      time,
      document: { "@timestamp": new Date(time).toISOString(), ...document },
      ...(logSource === undefined ? {} : { logSource }),
    };
    const judgement = detector.judge(event);
    if (judgement.logSources.length === 0) unmatched++;
    if (judgement.excepted.length > 0) excepted++;
    for (const fact of judgement.facts) {
      if (fact.rule.id === rule.id) facts++;
      correlator.observe(fact);
    }
  }
  correlator.advance(Number.MAX_SAFE_INTEGER);
  const episodes = correlator
    .takeChanges()
    .episodes.filter(
      ({ rule: { id }, mergedInto, withdrawn }) => id === rule.id && mergedInto === undefined && withdrawn !== true,
    );
  return { found: rule.kind === "correlation" ? episodes.length : facts, unmatched, excepted };
}
