import type { Alert, Incident } from "@vedette/api";
import type { Episode } from "@vedette/detection";
import { AlertFold, SESSION_BLOB } from "../alerter/alert-fold.ts";
import { enrich } from "../alerter/enrich.ts";
import type { AddressList } from "../responder/address-list.ts";
import { DenyList } from "../responder/deny-list.ts";
import { CLUSTER_BLOB, IncidentFold } from "../responder/incidents.ts";
import type { FindingRow, InboxRow, LineRow, RecoveredState, Store } from "../store/store.ts";
import { Counters } from "./counters.ts";
import { EpisodeRevisions } from "./episode-revisions.ts";
import { INPUTS_BLOB } from "./inputs.ts";
import type { LineConfig, LineOptions, LineStatus } from "./line-options.ts";
import type { EventJudge, FactCorrelator, LineRule } from "./line-rule.ts";
import type { StepDraft } from "./step-draft.ts";
import { Watermark } from "./watermark.ts";

const WATERMARK_BLOB = "line/watermark";
const COUNTERS_BLOB = "line/counters";
const STEP_BLOB = "line/step";
/** Begins the keys that the correlator itself gives its groups. */
const CORRELATION_BLOB = "correlation/";

/** Settled state is looked for when the watermark has moved by this part of the allowed lateness. */
const SWEEP_EVERY = 1 / 60;

/** What is counted from the start of the process on. */
export type LineDrops = Pick<LineStatus, "spellsRefused" | "denyRefusals" | "correlationDrops">;

/** The drops of one state and those of the states before it. */
export function addDrops(before: LineDrops | undefined, drops: LineDrops): LineDrops {
  if (before === undefined) return drops;
  return {
    spellsRefused: before.spellsRefused + drops.spellsRefused,
    denyRefusals: addEach(before.denyRefusals, drops.denyRefusals),
    correlationDrops: addEach(before.correlationDrops, drops.correlationDrops),
  };
}

const addEach = <Key extends string>(
  a: Readonly<Record<Key, number>>,
  b: Readonly<Record<Key, number>>,
): Readonly<Record<Key, number>> =>
  Object.fromEntries(Object.keys(a).map((key) => [key, a[key as Key] + b[key as Key]])) as Record<Key, number>;

/**
 * Everything that the line keeps in memory between steps: a fold over the inbox and the recorded decisions. It is changed step by step
 * together with a draft of what has to be committed; when a commit cannot be made, the whole state is thrown away and rebuilt.
 */
export class LineState {
  readonly alerts: AlertFold;
  readonly incidents: IncidentFold;
  readonly denyList: DenyList;
  readonly counters = new Counters();
  readonly watermark: Watermark;
  readonly #config: LineConfig;
  readonly #detector: EventJudge;
  readonly #correlator: FactCorrelator;
  readonly #rules: ReadonlyMap<string, LineRule>;
  readonly #longestTimespan: number;
  readonly #onFailure: (row: InboxRow, error: unknown) => void;
  readonly #revisions = new EpisodeRevisions();
  /** The rules and settings that were last recorded, as the store keeps them. */
  recordedInputs: string | undefined;
  #cursor = 0;
  #step = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;
  #correlatorAt = Number.NEGATIVE_INFINITY;

  constructor(
    options: Pick<LineOptions, "detector" | "correlator">,
    rules: ReadonlyMap<string, LineRule>,
    neverBlock: AddressList,
    config: LineConfig,
    onFailure: (row: InboxRow, error: unknown) => void,
  ) {
    this.#config = config;
    this.#detector = options.detector;
    this.#correlator = options.correlator({ lateness: config.lateness });
    this.#rules = rules;
    this.#longestTimespan = Math.max(0, ...Array.from(rules.values(), (rule) => reachOf(rule, rules)));
    this.#onFailure = onFailure;
    this.watermark = new Watermark(config);
    this.alerts = new AlertFold({
      tenant: config.tenant,
      rules,
      notifiers: config.notifiers,
      window: config.suppressionWindow,
    });
    this.incidents = new IncidentFold({
      tenant: config.tenant,
      gap: config.incidentGap,
      alert: (id) => this.alerts.alert(id),
      replaceAlert: (alert, draft) => this.alerts.replace(alert, draft),
    });
    this.denyList = new DenyList({ rules, neverBlock, limit: config.denyListLimit });
  }

  /** Every inbox row up to this sequence is judged. */
  get cursor(): number {
    return this.#cursor;
  }

  /** What was left out since this state was made; no blob keeps these numbers. */
  drops(): LineDrops {
    const {
      lateDropped,
      ungrouped,
      unvalued,
      groupsEvicted,
      groupsEvictedForMemory,
      membersOmitted,
      membersDropped,
      entitiesOmitted,
      groupsOrphaned,
    } = this.#correlator.counters();
    return {
      spellsRefused: this.incidents.spellsRefused,
      denyRefusals: { ...this.denyList.refusals },
      correlationDrops: {
        lateDropped,
        ungrouped,
        unvalued,
        groupsEvicted,
        groupsEvictedForMemory,
        membersOmitted,
        membersDropped,
        entitiesOmitted,
        groupsOrphaned,
      },
    };
  }

  /** Takes what the store recovered; alerts and incidents that it left out are fetched one by one. */
  async restore(recovered: RecoveredState, store: Pick<Store, "alert" | "incident">): Promise<void> {
    const { blobs } = recovered;
    this.#cursor = recovered.cursor;
    this.#step = Number(blobs.get(STEP_BLOB) ?? 0);
    this.recordedInputs = blobs.get(INPUTS_BLOB);
    const counters = blobs.get(COUNTERS_BLOB);
    if (counters !== undefined) this.counters.restore(counters);
    const watermark = blobs.get(WATERMARK_BLOB);
    if (watermark !== undefined) this.watermark.restore(watermark);
    this.#sweptAt = this.watermark.value;
    this.#correlator.restore(Array.from(blobs).filter(([key]) => key.startsWith(CORRELATION_BLOB)));
    this.#advanceCorrelator();
    const alerts = new Map<string, Alert>(recovered.alerts.map((alert) => [alert.id, alert]));
    const incidents = new Map<string, Incident>(recovered.incidents.map((incident) => [incident.id, incident]));
    for (const [key, value] of blobs) {
      if (key.startsWith(SESSION_BLOB))
        await fetchMissing(key.slice(SESSION_BLOB.length), alerts, (id) => store.alert(id));
      if (!key.startsWith(CLUSTER_BLOB)) continue;
      for (const id of (JSON.parse(value) as { incidentIds: string[] }).incidentIds)
        await fetchMissing(id, incidents, (one) => store.incident(one));
    }
    this.#revisions.restore(blobs);
    this.alerts.restore(blobs, alerts);
    this.incidents.restore(blobs, incidents);
    this.denyList.restore(blobs);
  }

  /** Names the step under way: each committed step has a number of its own, also over restarts. */
  nextStep(draft: StepDraft): number {
    this.#step += 1;
    draft.blob(STEP_BLOB, String(this.#step));
    return this.#step;
  }

  /** Takes rows in their order: judges records, and folds what they and the findings of others say into alerts, incidents and responses. */
  judge(rows: readonly LineRow[], draft: StepDraft): void {
    let judged = 0;
    for (const row of rows) {
      if (row.kind === "finding") this.#takeFinding(row, draft);
      else if (row.kind === "progress") {
        if (this.watermark.follow(row.reached, row.newest)) this.#advanceCorrelator();
      } else {
        this.#judgeOne(row, draft);
        judged += 1;
      }
    }
    this.#cursor = rows.at(-1)?.sequence ?? this.#cursor;
    draft.cursor = this.#cursor;
    this.counters.add("judged", judged);
    this.#finish(draft);
  }

  /** Goes past a record that cannot be judged, and counts it as failed. */
  setAside({ sequence }: Pick<LineRow, "sequence">, draft: StepDraft): void {
    this.#cursor = sequence;
    draft.cursor = sequence;
    this.counters.add("failed");
    draft.blob(COUNTERS_BLOB, this.counters.toBlob());
  }

  /** Lets time do its part: idle partitions, deny-list entries that are over. True when something changed. */
  tick(draft: StepDraft): boolean {
    const moved = this.watermark.tick(draft.now);
    const expired = this.denyList.expire(draft);
    if (moved) {
      this.#advanceCorrelator();
      this.#finish(draft);
    }
    return moved || expired;
  }

  /** When time has something to do next, Unix milliseconds. */
  nextTick(now: number): number | undefined {
    const times = [this.denyList.nextExpiry(), this.watermark.nextIdle(now)].filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #judgeOne(row: InboxRow, draft: StepDraft): void {
    const { time, quarantined, late } = this.watermark.observe(row);
    if (quarantined) this.counters.add("quarantined");
    if (late) this.counters.add("late");
    try {
      const {
        logSources,
        facts,
        excepted = [],
      } = this.#detector.judge({
        id: row.id,
        time: row.time,
        document: row.document,
        logSource: this.#config.logSources.get(row.source),
      });
      if (logSources.length === 0) this.counters.unmatched(row.document);
      if (excepted.length > 0) this.counters.add("excepted", excepted.length);
      for (const fact of facts) {
        const rule = this.#rules.get(fact.rule.id);
        draft.fact(fact, rule?.trial === true);
        this.counters.finding(fact.rule.level);
        this.#correlator.observe(quarantined ? { ...fact, time } : fact);
        if (fact.alerts && rule?.trial !== true) this.#place(enrich(fact, rule, time), draft);
      }
    } catch (error) {
      this.counters.add("failed");
      this.#onFailure(row, error);
    }
    this.#advanceCorrelator();
  }

  /** Takes a finding that is stored already. One that was taken before changes nothing: alerts know what they consist of. */
  #takeFinding({ finding, shadow, receivedAt }: FindingRow, draft: StepDraft): void {
    const rule = this.#rules.get(finding.rule.id);
    if (finding.kind === "fact") {
      const { time, quarantined, late } = this.watermark.place({ time: finding.time, receivedAt });
      if (quarantined) this.counters.add("quarantined");
      if (late) this.counters.add("late");
      this.counters.finding(finding.rule.level);
      if (finding.alerts && !shadow) this.#place(enrich(finding, rule, time), draft);
      return;
    }
    if (!this.#revisions.isNews(finding, draft)) return;
    draft.episode(finding);
    if (finding.revision === 1) this.counters.finding(finding.rule.level);
    if (finding.alerts && !shadow) this.#place(enrich(finding, rule), draft);
  }

  #place(finding: ReturnType<typeof enrich>, draft: StepDraft): void {
    const alertId = this.alerts.add(finding, draft);
    if (alertId !== undefined && !finding.merged) this.incidents.observe(alertId, finding);
  }

  #advanceCorrelator(): void {
    const { value } = this.watermark;
    if (value <= this.#correlatorAt) return;
    this.#correlatorAt = value;
    // The correlator takes the allowed lateness off by itself.
    this.#correlator.advance(value + this.#config.lateness);
  }

  #finish(draft: StepDraft): void {
    const { episodes, groups } = this.#correlator.takeChanges();
    // What was merged away leaves its alert before the episode that took it over is counted.
    const stands = ({ mergedInto, withdrawn }: Episode): number =>
      Number(mergedInto === undefined && withdrawn !== true);
    for (const episode of episodes.toSorted((a, b) => stands(a) - stands(b))) {
      draft.episode(episode);
      if (episode.revision === 1) this.counters.finding(episode.rule.level);
      const rule = this.#rules.get(episode.rule.id);
      if (episode.alerts && rule?.trial !== true) this.#place(enrich(episode, rule), draft);
    }
    for (const { key, value } of groups) draft.blob(key, value);
    const outcomes = this.alerts.finish(draft);
    this.incidents.finish(draft, outcomes);
    for (const from of draft.alertMerges.keys()) this.denyList.alertMerged(from, draft.survivor(from), draft);
    for (const outcome of outcomes) {
      if (outcome.before === undefined) this.counters.add("alertsOpened");
      if (outcome.unfounded) this.denyList.causeWithdrawn(outcome.alert.id, "alerter", draft);
      this.denyList.respond({ ...outcome, alert: this.alerts.alert(outcome.alert.id) ?? outcome.alert }, draft);
    }
    this.#sweep(draft);
    const watermark = this.watermark.takeBlob();
    if (watermark !== undefined) draft.blob(WATERMARK_BLOB, watermark);
    draft.blob(COUNTERS_BLOB, this.counters.toBlob());
  }

  #sweep(draft: StepDraft): void {
    const { value } = this.watermark;
    if (!(value >= this.#sweptAt + this.#config.lateness * SWEEP_EVERY)) return;
    this.#sweptAt = value;
    const before = this.#settledBefore(value);
    const isSettled = (id: string): boolean => this.alerts.isSettled(id, before);
    this.#revisions.evict(before, draft);
    for (const id of this.incidents.evict(before, isSettled, draft)) this.alerts.evict(id, draft);
  }

  /**
   * The event time before which no finding to come can begin. A correlation's next finding can begin a timespan before the watermark, and
   * an episode that can still change covers everything since its beginning, also for entities that join it late.
   */
  #settledBefore(watermark: number): number {
    const { retention, longestEpisode } = this.#config;
    const begins = Math.min(watermark - this.#longestTimespan, this.alerts.oldestOpenEpisode());
    return Math.max(begins, watermark - longestEpisode) - retention;
  }
}

/** How far apart the events of one episode's window can be, over the correlations that the rule is made of. */
function reachOf(rule: LineRule | undefined, rules: ReadonlyMap<string, LineRule>): number {
  if (rule?.correlation === undefined) return 0;
  const { timespan, ruleIds } = rule.correlation;
  return timespan + Math.max(0, ...ruleIds.map((id) => reachOf(rules.get(id), rules)));
}

async function fetchMissing<T>(
  id: string,
  known: Map<string, T>,
  fetch: (id: string) => Promise<T | undefined>,
): Promise<void> {
  if (known.has(id)) return;
  const found = await fetch(id);
  if (found !== undefined) known.set(id, found);
}
