import { createHash } from "node:crypto";
import { DEFAULT_MAPPINGS, type JsonValue, type LogSource, type Rule, parseDuration } from "@vedette/detection";
import { InvalidArgumentError, Option } from "commander";
import type { ProcessRecords } from "../../collector/processors/processors.ts";
import type { Cluster } from "../../elasticsearch/cluster.ts";
import { CorrelatedFacts, type CorrelatedEpisodes } from "../../hunt/correlated-facts.ts";
import { type GroupPlan, planHunt } from "../../hunt/hunt-plan.ts";
import { type JudgedDocument, type RunTotals, planKey, runHunt } from "../../hunt/run-hunt.ts";
import { Tally } from "../../hunt/rule-tally.ts";
import type { Span } from "../../hunt/time-slices.ts";
import { createNodePorts } from "../../ports-node.ts";
import { type ClusterOptions, type ElasticsearchSettings, SILENT_LOG, clusterOptions } from "../cluster-options.ts";
import type { CommandOutput } from "../command-output.ts";
import { eventOptions } from "../options.ts";
import { progressFile } from "./progress-file.ts";

/** What every command that looks back over a cluster takes. */
export interface LookBackOptions extends ClusterOptions {
  readonly since?: number;
  readonly from?: number;
  readonly to?: number;
  readonly index?: string;
  readonly timeField: string;
  readonly logsource?: LogSource;
  readonly way: "auto" | "scan" | "push";
  readonly yes?: boolean;
  readonly limit: number;
  readonly progress?: string;
}

/** The options themselves. */
export function lookBackOptions(): readonly Option[] {
  return [
    ...clusterOptions(),
    new Option("--since <duration>", "how far back, such as 30d").argParser(durationOption),
    new Option("--from <time>", "beginning, ISO 8601").argParser(momentOption),
    new Option("--to <time>", "end, ISO 8601; now by default").argParser(momentOption),
    new Option(
      "--index <pattern>",
      "indices and data streams to look at; by default those that the configuration tails",
    ),
    new Option("--time-field <name>", "field that the span is asked of").default("@timestamp"),
    new Option("--way <way>", "read everything, or what queries find; by default what is estimated to take less")
      .choices(["auto", "scan", "push"])
      .default("auto"),
    new Option("--limit <documents>", "documents that are read without being asked for with --yes")
      .argParser(countOption)
      .default(2_000_000),
    new Option("--yes", "read more than the limit"),
    new Option("--progress <file>", "keep there what is done; the same command goes on from it"),
    ...eventOptions().filter(({ long }) => long === "--logsource"),
  ];
}

function durationOption(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined)
    throw new InvalidArgumentError("a duration is a whole number and s, m, h, d or w, such as 30d.");
  return milliseconds;
}

function momentOption(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("a time is ISO 8601, such as 2026-01-31T12:00:00Z.");
  return time;
}

function countOption(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError("write a whole number.");
  return Number(text);
}

/** The span that the options name; undefined, and a complaint, when they name none. */
export function spanOf(options: LookBackOptions, output: CommandOutput): Span | undefined {
  const to = options.to ?? Date.now();
  const from = options.from ?? (options.since === undefined ? undefined : to - options.since);
  if (from !== undefined && from < to) return { from, to };
  output.complain(
    from === undefined ? "Say how far back: --since 30d, or --from TIME." : "--from must be before --to.",
  );
  output.exit(2);
  return undefined;
}

/** What was looked at and what came of it. */
export interface LookBack {
  readonly plans: readonly GroupPlan[];
  readonly totals: RunTotals;
  readonly tally: Tally;
  /** Where it was asked for. */
  readonly correlated: CorrelatedEpisodes | undefined;
  readonly span: Span;
  /** Seconds. */
  readonly seconds: number;
}

const SECOND = 1_000;

/**
 * Plans, asks leave, reads and judges. Undefined when the command is over: with exit code 2 and the reason when too much would be read, or nothing is there.
 */
export async function lookBack(
  cluster: Cluster,
  settings: ElasticsearchSettings,
  given: {
    readonly options: LookBackOptions;
    /** Signatures and correlations. */
    readonly rules: readonly Rule[];
    /** Whether what the correlations would find is found out. */
    readonly correlates?: boolean;
    readonly command: string;
    readonly patterns: readonly string[];
    readonly output: CommandOutput;
    /** Name of the source that facts are said to be from. */
    readonly source?: string;
    /** The configuration's processors. */
    readonly process?: ProcessRecords | undefined;
    /** What is to be read, instead of a span of indices. */
    readonly plans?: readonly GroupPlan[] | undefined;
    readonly onPage?: (page: readonly JudgedDocument[]) => Promise<void> | void;
  },
): Promise<LookBack | undefined> {
  const { options, output } = given;
  const rules = given.rules.filter(({ kind }) => kind === "signature");
  const correlations = given.rules.filter(({ kind }) => kind === "correlation");
  const span = given.plans === undefined ? spanOf(options, output) : { from: 0, to: Date.now() };
  if (span === undefined) return undefined;
  const pattern = options.index ?? given.patterns.join(",");
  if (pattern === "" && given.plans === undefined) {
    output.complain("Name the indices to look at with --index, or tail some in the configuration.");
    output.exit(2);
    return undefined;
  }
  const ports = createNodePorts(SILENT_LOG);
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  const began = performance.now();
  try {
    const question = createHash("sha256")
      .update(
        JSON.stringify([
          given.command,
          cluster.uuid,
          pattern,
          options.from ?? null,
          options.to ?? null,
          options.since ?? null,
          options.timeField,
          options.logsource ?? null,
          given.rules.map(({ id, revision }) => [id, revision]),
          given.plans?.map((plan) => [planKey(plan), plan.chunks.map(({ query }) => query)]) ?? null,
        ]),
      )
      .digest("hex");
    const file = options.progress === undefined ? undefined : progressFile(options.progress);
    const known = file?.read(question);
    const state = known?.state as HuntState | undefined;
    // A span that ends now goes on with the end that it began with.
    const asked = state?.span ?? span;
    const plans =
      given.plans ??
      (await planHunt({
        client: cluster.client,
        pattern,
        rules,
        mappings: DEFAULT_MAPPINGS,
        span: asked,
        timeField: options.timeField,
        logSource: options.logsource,
        way: options.way,
        signal: interrupted.signal,
        earlier: state?.ways,
        timers: ports.timers,
        onTrouble: (what) => output.complain(what),
        elapsed: () => performance.now(),
      }));
    if (given.plans === undefined) for (const line of planLines(plans, options)) output.complain(line);
    const expected = plans.reduce((sum, plan) => sum + plan.expected, 0);
    if (expected > options.limit && options.yes !== true) {
      output.complain(
        `That is more than ${grouped(options.limit)} documents: add --yes to read them, or look at less.`,
      );
      output.exit(2);
      return undefined;
    }
    const tally = new Tally(state?.tally);
    const correlated = given.correlates === true ? new CorrelatedFacts(given.rules, state?.correlated) : undefined;
    const done = new Set(known?.done ?? []);
    if (done.size > 0) output.complain(`Going on after ${done.size} slices that are done.`);
    const ways = Object.fromEntries(
      plans.map((plan) => [planKey(plan), { way: plan.way, sliceCount: plan.sliceCount }]),
    );
    let told = began;
    const totals = await runHunt({
      client: cluster.client,
      plans,
      correlations,
      mappings: DEFAULT_MAPPINGS,
      span: asked,
      timeField: options.timeField,
      logSource: options.logsource,
      source: given.source ?? "elasticsearch",
      receivedPrefix: `${settings.prefix}-events-`,
      signal: interrupted.signal,
      now: Date.now(),
      done,
      process: given.process,
      timers: ports.timers,
      onTrouble: (what) => output.complain(what),
      onPage: async (page) => {
        tally.add(page);
        correlated?.add(page);
        await given.onPage?.(page);
        if (performance.now() - told < 5 * SECOND) return;
        told = performance.now();
        output.complain(
          `${grouped(tally.documents)} of about ${grouped(expected)} documents, ${grouped(tally.facts)} findings, ${Math.round((told - began) / SECOND)} s`,
        );
      },
      onSlice: (name) => {
        done.add(name);
        file?.write({
          question,
          done: [...done],
          state: {
            span: { ...asked },
            ways,
            tally: tally.state(),
            ...(correlated === undefined ? {} : { correlated: correlated.state() }),
          },
        });
      },
    });
    if (totals.interrupted) {
      output.complain(
        `Interrupted after ${grouped(totals.read)} documents.${options.progress === undefined ? "" : " The same command goes on from there."}`,
      );
      output.exit(130);
    }
    const found = correlated?.correlate();
    if (found?.doubt !== undefined) output.complain(`Correlations: ${found.doubt}`);
    return { plans, totals, tally, correlated: found, span: asked, seconds: (performance.now() - began) / SECOND };
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    output.complain("Interrupted.");
    output.exit(130);
    return undefined;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** What is going to be done, in words. */
function planLines(plans: readonly GroupPlan[], { timeField }: LookBackOptions): readonly string[] {
  return plans.map((plan) => {
    const { indices, documents, answers, way, expected, estimate, undated, isDated } = plan;
    const count = (kind: string): string => grouped(answers.filter((answer) => answer.kind === kind).length);
    const name = indices.length === 1 ? (indices[0] ?? "") : `${indices[0] ?? ""} and ${indices.length - 1} more`;
    const push = estimate.push === undefined ? "" : `, by queries ${estimate.push.toFixed(1)} s`;
    const chosen =
      expected === 0
        ? "nothing to read"
        : way === "scan"
          ? `reading all ${grouped(documents)}`
          : `reading what queries find, about ${grouped(expected)}`;
    const missing = isDated
      ? undated > 0
        ? ` ${grouped(undated)} documents have no ${timeField} and are left out.`
        : ""
      : ` It has no date ${timeField}: all its documents are looked at, whatever their time.`;
    return `${name}: ${grouped(documents)} documents; rules as queries: ${count("exact")} exact, ${count("superset")} superset, ${count("refused")} refused, ${count("none")} without data. ${chosen} (estimated: all ${estimate.scan.toFixed(1)} s${push}).${missing}`;
  });
}

/** What of a hunt is kept besides the names of its slices. */
interface HuntState {
  readonly span: Span;
  readonly ways: Readonly<Record<string, { readonly way: "scan" | "push"; readonly sliceCount: number }>>;
  readonly tally: JsonValue;
  readonly correlated?: JsonValue;
}

/** A number with commas. */
export const grouped = (number: number): string => number.toLocaleString("en");
