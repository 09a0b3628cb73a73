import { DEFAULT_MAPPINGS, type JsonObject, type LogSource, type Rule, createDetector } from "@vedette/detection";
import { type RuleTally, withEpisodes } from "../../hunt/rule-tally.ts";
import type { JudgedDocument } from "../../hunt/run-hunt.ts";
import type { CommandOutput } from "../command-output.ts";
import { withCluster } from "../cluster-options.ts";
import { rulesOf, tailedPatterns } from "../hunt.ts";
import { type LookBackOptions, grouped, lookBack } from "../hunt/hunt-command.ts";
import { type Column, textTable } from "../text-table.ts";

/** What `vedette rules preview` takes. */
export interface PreviewOptions extends LookBackOptions {
  readonly rules?: readonly string[];
  readonly format: "table" | "json";
}

/** Whether a rule is worth starting with, and why not. */
export type Verdict = "start" | "tune" | "loud" | "silent" | "no data";

/** A rule before it alerts anybody. */
export interface PreviewedRule extends RuleTally {
  readonly verdict: Verdict;
  readonly perDay: number;
  /** Microseconds that one event of its log source takes; undefined where there was none to try. */
  readonly cost: number | undefined;
}

const DAY = 86_400_000;
/** Findings a day that somebody can look at, by level: louder rules are to be tuned first. */
const BEARABLE: Readonly<Record<string, number>> = { critical: 10, high: 5, medium: 3, low: 1, informational: 0.5 };
/** Times that many are noise. */
const LOUD = 20;

/** Says what to do about a rule by what it would have found. */
export function verdictOf({ rule, events, facts }: RuleTally, days: number): Verdict {
  if (events === 0) return "no data";
  if (facts === 0) return "silent";
  const perDay = facts / Math.max(1, days);
  const bearable = BEARABLE[rule.level] ?? 1;
  if (perDay > bearable * LOUD) return "loud";
  return perDay > bearable ? "tune" : "start";
}

const ORDER: readonly Verdict[] = ["start", "tune", "loud", "silent", "no data"];
const LEVELS = ["critical", "high", "medium", "low", "informational"];

/** Ranks rules: those to start with first, the gravest first among them. */
export function rank(
  tallies: readonly RuleTally[],
  days: number,
  costs: ReadonlyMap<string, number>,
): readonly PreviewedRule[] {
  return tallies
    .map((tally) => ({
      ...tally,
      verdict: verdictOf(tally, days),
      perDay: tally.facts / Math.max(1, days),
      cost: costs.get(tally.rule.id),
    }))
    .sort(
      (a, b) =>
        ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) ||
        LEVELS.indexOf(a.rule.level) - LEVELS.indexOf(b.rule.level) ||
        a.facts - b.facts ||
        (a.rule.id < b.rule.id ? -1 : 1),
    );
}

/** Documents of each combination of log sources that costs are measured with. */
const SAMPLED = 60;
const MAX_COMBINATIONS = 300;

/** `vedette rules preview`: what every rule would have found, before it alerts anybody. */
export async function previewRules(options: PreviewOptions, output: CommandOutput): Promise<void> {
  const rules = rulesOf(options.rules ?? [], output);
  if (rules === undefined) return;
  await withCluster(options, output, async (cluster, settings, config) => {
    const sample = new Map<string, { readonly logSources: readonly LogSource[]; readonly documents: JsonObject[] }>();
    const result = await lookBack(cluster, settings, {
      options,
      rules,
      correlates: true,
      command: "preview",
      patterns: tailedPatterns(config),
      output,
      onPage: (page) => collect(page, sample),
    });
    if (result === undefined) return;
    const { tally, span, seconds, plans, correlated } = result;
    const isWhole = plans.every(({ way }) => way === "scan");
    const days = (span.to - span.from) / DAY;
    const ranked = rank(
      withEpisodes(tally.of(rules), correlated),
      days,
      measureCosts(
        rules.filter(({ kind }) => kind === "signature"),
        [...sample.values()],
      ),
    );
    if (options.format === "json") for (const line of ranked.map(jsonOf)) output.print(line);
    else
      for (const line of textTable(
        COLUMNS,
        ranked.filter(({ verdict }) => verdict !== "no data" && verdict !== "silent"),
      ))
        output.print(line);
    for (const verdict of ORDER)
      output.complain(`${WORDS[verdict]}: ${grouped(ranked.filter((rule) => rule.verdict === verdict).length)}`);
    if (!isWhole)
      output.complain("Events of a rule are those that queries found, because not every document was read.");
    output.complain(
      `${grouped(rules.length)} rules over ${grouped(tally.documents)} documents, ${grouped(tally.facts)} findings, ${seconds.toFixed(1)} s.`,
    );
  });
}

function collect(
  page: readonly JudgedDocument[],
  sample: Map<string, { readonly logSources: readonly LogSource[]; readonly documents: JsonObject[] }>,
): void {
  for (const { record, judgement } of page) {
    const { logSources } = judgement;
    const key = JSON.stringify(logSources);
    const known = sample.get(key);
    if (known !== undefined) {
      if (known.documents.length < SAMPLED) known.documents.push(record.document);
    } else if (logSources.length > 0 && sample.size < MAX_COMBINATIONS)
      sample.set(key, { logSources, documents: [record.document] });
  }
}

/** Microseconds that each rule takes for an event of its log source, by trying it alone. */
function measureCosts(
  rules: readonly Rule[],
  sample: readonly { readonly logSources: readonly LogSource[]; readonly documents: readonly JsonObject[] }[],
): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const rule of rules) {
    const documents = sample
      .filter(({ logSources }) => logSources.some((source) => fits(rule.logSource, source)))
      .flatMap((one) => one.documents)
      .slice(0, SAMPLED * 2);
    if (documents.length === 0) continue;
    const detector = createDetector([rule], { mappings: DEFAULT_MAPPINGS, identifies: false });
    const judge = (): void => {
      for (const document of documents) detector.judge({ id: "", time: 0, document });
    };
    judge();
    const began = performance.now();
    judge();
    costs.set(rule.id, ((performance.now() - began) * 1_000) / documents.length);
  }
  return costs;
}

const fits = (wanted: LogSource, told: LogSource): boolean =>
  (["product", "category", "service"] as const).every((key) => wanted[key] === undefined || wanted[key] === told[key]);

const WORDS: Readonly<Record<Verdict, string>> = {
  start: "to start with (found something, few enough to look at)",
  tune: "to be tuned first",
  loud: "too loud",
  silent: "has data, found nothing (safe to start with)",
  "no data": "no data",
};

const jsonOf = ({ rule, verdict, events, facts, excepted, perDay, days, entities, cost }: PreviewedRule): string =>
  JSON.stringify({
    rule: { id: rule.id, title: rule.title, level: rule.level, path: rule.path },
    verdict,
    events,
    findings: facts,
    excepted,
    perDay: Math.round(perDay * 100) / 100,
    days: Object.fromEntries([...days].map(([day, count]) => [new Date(day * DAY).toISOString().slice(0, 10), count])),
    entities: entities.slice(0, 10).map(([name, count]) => ({ name, count })),
    microseconds: cost === undefined ? null : Math.round(cost * 10) / 10,
  });

const COLUMNS: readonly Column<PreviewedRule>[] = [
  { title: "do", width: 6, text: ({ verdict }) => verdict },
  { title: "level", width: 13, text: ({ rule }) => rule.level },
  { title: "a day", width: 10, text: ({ perDay }) => perDay.toFixed(perDay < 10 ? 1 : 0) },
  { title: "findings", width: 10, text: ({ facts }) => grouped(facts) },
  { title: "events", width: 12, text: ({ events }) => grouped(events) },
  { title: "µs", width: 7, text: ({ cost }) => (cost === undefined ? "" : cost.toFixed(1)) },
  { title: "rule", width: 64, text: ({ rule }) => rule.title },
  {
    title: "on whom",
    width: 50,
    text: ({ entities }) =>
      entities
        .slice(0, 2)
        .map(([name, count]) => `${name} (${count})`)
        .join(", "),
  },
];
