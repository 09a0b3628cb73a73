import { mkdir } from "node:fs/promises";
import { createCorrelator, DEFAULT_MAPPINGS, type LogSource, type Rule } from "@vedette/detection";
import { sourceFieldsOf } from "./collector/elasticsearch/needed-fields.ts";
import { createTailing, type Tailing } from "./collector/elasticsearch/tailing.ts";
import type { ProcessRecords } from "./collector/processors/processors.ts";
import { createClusterView, type RunningCorrelation } from "./cluster-view.ts";
import type { Config } from "./config/schema.ts";
import { createAlertingLine } from "./detector/alerting-line.ts";
import { type CorrelationCarry, createCorrelationLine } from "./detector/correlation-line.ts";
import { ownerOfPartition } from "./detector/correlation-partition.ts";
import type { CursorInbox } from "./detector/findings/cursor-inbox.ts";
import { createFindingsHead } from "./detector/findings/findings-head.ts";
import type { FindingDocument } from "./detector/findings/finding-document.ts";
import { createFindingsInbox } from "./detector/findings/findings-inbox.ts";
import { createGapFiller } from "./hunt/fill-gaps.ts";
import { filledRangesOf, ruleSetsIn } from "./hunt/gap-plan.ts";
import { createWatchedShards } from "./detector/findings/watched-shards.ts";
import { createSourceProgress, type WatchedShard } from "./detector/findings/source-progress.ts";
import type { LineConfig } from "./detector/line-options.ts";
import type { EventJudge, LineRule } from "./detector/line-rule.ts";
import { FINDING_HASH_FIELD } from "./detector/stage-one/fact-document.ts";
import { createReceivedEvents } from "./detector/stage-one/received-events.ts";
import { createShardSources, type ShardSource } from "./detector/stage-one/shard-sources.ts";
import { createStageOne, shardPartition, shardResource, type SourceShard } from "./detector/stage-one/stage-one.ts";
import { createBulkWriter } from "./elasticsearch/bulk-writer.ts";
import type { BulkWriter } from "./elasticsearch/write.ts";
import { ElasticsearchError } from "./elasticsearch/errors.ts";
import { createReach } from "./elasticsearch/reach.ts";
import type { Cluster } from "./elasticsearch/cluster.ts";
import { requirePrivileges } from "./elasticsearch/privilege-check.ts";
import { RUN_PRIVILEGES } from "./elasticsearch/privileges.ts";
import { createElasticsearchMetrics, type ElasticsearchMetrics } from "./elasticsearch-metrics.ts";
import { ERROR_CODES, StoreError } from "./errors.ts";
import type { Metrics } from "./server/metrics.ts";
import { connectCluster } from "./elasticsearch/connect.ts";
import { createOnce } from "./elasticsearch/create-once.ts";
import type { Lease } from "./leases/lease.ts";
import { createElasticsearchLeases } from "./leases/elasticsearch-leases.ts";
import type { Clock, Ports } from "./ports.ts";
import { loadClusterGuardIdentity } from "./store/elasticsearch/guard-identity.ts";
import { createCommandBoard } from "./store/elasticsearch/command-board.ts";
import { otherEpisodes } from "./store/elasticsearch/other-findings.ts";
import { membersAmong } from "./store/elasticsearch/members-among.ts";
import { keepInstallation, missingAliases } from "./store/elasticsearch/installation.ts";
import { openJournal } from "./store/elasticsearch/journal.ts";
import { type ElasticsearchStore, openElasticsearchStore } from "./store/elasticsearch/open-elasticsearch-store.ts";
import { createShowSoon } from "./store/elasticsearch/show-soon.ts";
import { storing } from "./store/elasticsearch/store-failure.ts";
import { readBlobs } from "./store/elasticsearch/stored-blobs.ts";
import { createRetentionJob } from "./store/elasticsearch/retention-job.ts";
import { installTemplates } from "./store/elasticsearch/templates/install.ts";
import type { TestBreak } from "./test-break.ts";
import { type Home, RECEIVED_SOURCE } from "./worker-parts.ts";

/** Settings of the block `elasticsearch`. */
type Settings = NonNullable<Config["elasticsearch"]>;

/** What a home on Elasticsearch is opened with. */
export interface ElasticsearchHomeOptions {
  readonly config: Config;
  readonly settings: Settings;
  readonly lineConfig: Partial<LineConfig>;
  readonly ports: Ports;
  /** A clock that never jumps. */
  readonly steady: Clock;
  readonly detector: EventJudge;
  readonly rules: readonly (Rule & Pick<LineRule, "trial">)[];
  /** Whether what rules ask for is carried out. */
  readonly responds: boolean;
  readonly process: ProcessRecords;
  readonly metrics: Metrics;
  readonly testBreak?: TestBreak | undefined;
}

/** A cluster in which nothing may be installed must hold it all already. */
async function prepare(cluster: Cluster, { prefix, replicas, retention }: Settings, log: Ports["log"]): Promise<void> {
  try {
    await installTemplates(cluster, prefix, { choices: { replicas, retention } });
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== "elasticsearch-forbidden") throw error;
    log.debug(
      { error: error.message },
      "the worker's key may not install templates; it is checked that they are there",
    );
    const missing = await storing("Looking for Vedette's indices", () => missingAliases(cluster, prefix));
    if (missing.length === 0) return;
    throw new StoreError(
      error.code,
      `${missing.join(", ")} are missing and the worker's key may not make them: run \`vedette setup elasticsearch\` once with a key that may.`,
      { retryable: false, cause: error },
    );
  }
}

/** Resolves when a signal aborts. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

const CORRELATE_KIND = "correlate";
const CASE_KIND = "case";
const BACKFILL_KIND = "backfill";
/** Milliseconds between two looks for new findings. */
const FINDINGS_EVERY = 200;
/** Milliseconds that storing received records may take before the sender is told to try again: less than senders wait for an answer. */
const RECEIVING_PATIENCE = 8_000;
/** Milliseconds for which a worker that ends still tries to write what the cluster does not take. */
const ENDING_PATIENCE = 8_000;
/** First and longest pause before a cluster that cannot be used yet is looked at again, milliseconds. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 10_000;

/**
 * Opens a home on Elasticsearch: this worker takes its share of the shards of all sources, of the partitions of the correlations, and of the lines of alerts. A cluster that cannot be
 * reached, or has not formed yet, is waited for, as long as it takes.
 *
 * @throws ElasticsearchError or StoreError when the cluster cannot be used as it is configured
 */
export async function openElasticsearchHome(options: ElasticsearchHomeOptions): Promise<Home> {
  const told = createElasticsearchMetrics(options.metrics);
  return await whenItIsThere(options.ports, () => openNow(options, told));
}

/** Does what a start needs, again and again while the cluster cannot be used for the moment. */
async function whenItIsThere<T>({ timers, log }: Pick<Ports, "timers" | "log">, doIt: () => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE, waits = false; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    try {
      return await doIt();
    } catch (error) {
      const passes = (error instanceof ElasticsearchError || error instanceof StoreError) && error.retryable;
      if (!passes) throw error;
      const fields = { code: error.code, error: error.message, cure: ERROR_CODES[error.code]?.cure };
      if (waits) log.debug(fields, "Elasticsearch is still waited for.");
      else log.warn(fields, "The worker waits for Elasticsearch and starts when it is there.");
      waits = true;
    }
    await timers.sleep(pause);
  }
}

async function openNow(options: ElasticsearchHomeOptions, told: ElasticsearchMetrics): Promise<Home> {
  const { config, settings, lineConfig, steady, detector, rules, process, testBreak } = options;
  const reach = createReach({ ...options.ports, steady });
  const ports: Ports = { ...options.ports, log: reach.log };
  const onTrial = new Set(rules.filter(({ trial }) => trial === true).map(({ id }) => id));
  const isShadow = (ruleId: string): boolean => onTrial.has(ruleId);
  const { clock, timers, random, log } = ports;
  const { tenant } = config;
  const { prefix, partitions } = settings;
  // Of this worker alone: its tokens and keys.
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const ending = new AbortController();
  await using opening = new AsyncDisposableStack();
  const cluster = opening.use(
    await connectCluster(settings, {
      log,
      ending: ending.signal,
      onRequest(outcome) {
        told.onRequest(outcome);
        reach.ended(outcome);
      },
    }),
  );
  const patterns = config.sources.flatMap((source) => (source.type === "elasticsearch" ? source.patterns : []));
  await requirePrivileges(cluster, RUN_PRIVILEGES, { prefix, patterns });
  await prepare(cluster, settings, log);
  await keepInstallation(cluster, prefix, { partitions }, settings.requestTimeout);
  const bulk = createBulkWriter({
    cluster,
    prefix,
    clock,
    timers,
    random,
    log,
    onRetry: told.onRetry,
    onRefused: told.onRefused,
  });
  const writer: BulkWriter = {
    write: (operations, how = {}) =>
      bulk.write(operations, {
        ...how,
        signal: how.signal === undefined ? ending.signal : AbortSignal.any([how.signal, ending.signal]),
      }),
  };
  const leases = createElasticsearchLeases({ cluster, prefix, ports, steady, onLost: told.onLeaseLost });
  const tail = (patterns: readonly string[], more: Partial<Parameters<typeof createTailing>[0]>): Tailing =>
    opening.use(
      createTailing({
        cluster,
        random,
        steady,
        clock,
        timers,
        log,
        patterns,
        prefix,
        ...(testBreak === "refresh" ? { activeInterval: 50, testing: { skipRefresh: true } } : {}),
        ...more,
      }),
    );

  const logSources = new Map<string, LogSource>(
    config.sources.flatMap(({ name, logsource }) => (logsource ? [[name, logsource]] : [])),
  );
  const sourceFields = sourceFieldsOf(rules);
  const sources = config.sources
    .filter((source) => source.type === "elasticsearch")
    .map(({ name, patterns, exclude, start, pageSize }): ShardSource => ({
      name,
      start,
      tailing: tail(patterns, { exclude, pageSize, sourceFields: () => sourceFields }),
    }));
  const received: ShardSource = {
    name: RECEIVED_SOURCE,
    start: "beginning",
    isReceived: true,
    tailing: tail([`${prefix}-events-*`], { readsOwn: true }),
  };
  const all = [...sources, received];
  const shardSources = createShardSources({
    cluster,
    sources: all,
    startIndex: `${prefix}-source-starts`,
    ports,
  });

  const kept = { cluster, prefix, requestTimeout: settings.requestTimeout };
  const ruleSets = ruleSetsIn(kept);
  const receivedEvents = createReceivedEvents({ writer, prefix });
  const memory: ElasticsearchStore = openElasticsearchStore({
    cluster,
    writer,
    prefix,
    line: `${CASE_KIND}/${tenant}`,
    ports,
    receive: async (records) => {
      const absence = reach.away();
      if (absence !== undefined)
        throw new StoreError(absence.code, "Elasticsearch does nothing of what it is asked now.", { retryable: true });
      const done = new AbortController();
      const late = new AbortController();
      void timers.sleep(RECEIVING_PATIENCE, done.signal).then(() => late.abort());
      try {
        const { appended, duplicate, fresh } = await storing("Storing received records", () =>
          receivedEvents.append(records, late.signal),
        );
        stageOne.judgeReceived(fresh);
        return { appended, duplicate };
      } finally {
        done.abort();
      }
    },
  });
  opening.use(memory);
  const stageOne = createStageOne({
    prefix,
    leases,
    openTail: (shard, position, signal) => shardSources.openTail(shard, position, signal),
    writeFindings: async (documents, how) => {
      const outcomes = await createOnce(cluster, writer, documents, { ...how, hashField: FINDING_HASH_FIELD });
      for (const [at, { document }] of documents.entries()) {
        const { shadow, level } = (document as FindingDocument).vedette.finding;
        if (shadow && outcomes[at]?.status === "written") told.onShadow(level);
      }
      return testBreak === "content-hash"
        ? outcomes.map((outcome) => (outcome.status === "different" ? { status: "same" } : outcome))
        : outcomes;
    },
    ruleSets,
    detector,
    mappings: DEFAULT_MAPPINGS,
    rules,
    isShadow,
    process,
    logSources,
    refuse: (inputs) => memory.refuse(inputs),
    ports,
    futureTolerance: config.detector.futureTolerance,
    onJudged: told.onJudged,
  });
  opening.use(stageOne);

  let followed: readonly SourceShard[] | undefined;
  const byName = new Map(all.map((source) => [source.name, source]));
  const watched = createWatchedShards({
    shards: () =>
      followed?.map((shard): WatchedShard => ({
        resource: shardResource(shard),
        partition: shardPartition(shard),
        sight: byName.get(shard.source)?.tailing.watch.sight(shard.sight.key),
      })),
    haveAllBegun: () => shardSources.starts().size >= all.length,
    steady,
    stalledAfter: settings.stalledAfter,
  });
  const findings = tail([`${prefix}-findings-*`], { readsOwn: true, pageSize: { min: 100, max: 1_000 } });
  const head = createFindingsHead({
    readProgress: createSourceProgress({
      leases,
      shards: watched,
      clock,
      steady,
      idleAfter: config.detector.idleAfter,
      stalledAfter: settings.stalledAfter,
    }),
    watch: findings.watch,
    steady,
    every: FINDINGS_EVERY,
  });
  const openInbox = (taken?: (ids: readonly string[]) => Promise<ReadonlySet<string>>): CursorInbox =>
    createFindingsInbox({
      taken,
      head,
      open: (key, position) => findings.open(key, position),
      ports,
      every: FINDINGS_EVERY,
    });

  const showing = opening.use(createShowSoon({ client: cluster.client, ports }));
  const correlating = new Map<string, RunningCorrelation>();
  let runs = 0;
  const correlate = async ({ resource: line, lost, recalled }: Lease): Promise<void> => {
    const partition = lines.correlate.indexOf(line);
    const journal = openJournal<CorrelationCarry>({
      cluster,
      writer,
      prefix,
      line,
      ports,
      onExisting: (existing) => otherEpisodes(cluster, existing, log),
      onApplied({ operations }) {
        for (const { index } of operations) if (index.startsWith(`${prefix}-findings-`)) showing.wrote(index);
      },
    });
    await using inbox = openInbox();
    const owns = ownerOfPartition(partition, partitions);
    const correlation = createCorrelationLine({
      line,
      journal: { ...journal, commit: (id, make) => told.step(line, () => journal.commit(id, make)) },
      readBlobs: () => readBlobs(cluster.client, prefix, line),
      inbox,
      correlator: () => createCorrelator(rules, { lateness: config.detector.lateness, owns }),
      isShadow,
      rules,
      prefix,
      ports,
      futureTolerance: config.detector.futureTolerance,
      batchSize: config.detector.batchSize,
      pollInterval: FINDINGS_EVERY,
    });
    runs += 1;
    correlating.set(line, { line: correlation, inbox, run: `${line} ${runs}` });
    try {
      await correlation.run(AbortSignal.any([lost, recalled]));
    } finally {
      correlating.delete(line);
      // What was not noted is done again by whoever goes on; who has lost the line need not wait to note it.
      await Promise.race([journal.close(), aborted(lost)]);
    }
  };

  const { backfill } = config.rules;
  const filler =
    backfill === undefined
      ? undefined
      : createGapFiller({
          cluster,
          writer,
          prefix,
          requestTimeout: settings.requestTimeout,
          rules,
          isShadow,
          process,
          logSources,
          backfill,
          ports,
        });

  const lines = {
    correlate: rules.some(({ correlation }) => correlation !== undefined)
      ? Array.from({ length: partitions }, (_, at) => `${CORRELATE_KIND}/${at}`)
      : [],
    case: [`${CASE_KIND}/${tenant}`],
  };
  const ended = new AbortController();
  /** A cluster that is away must not keep a worker from ending. */
  const endSoon = (): void => void timers.sleep(ENDING_PATIENCE, ended.signal).then(() => ending.abort());
  const resources = opening.move();
  return {
    store: {
      ...memory,
      readInbox: () => Promise.resolve([]),
      inboxEnd: () => Promise.resolve(0),
    },
    guardIdentity: () =>
      whenItIsThere(ports, () =>
        loadClusterGuardIdentity({
          cluster,
          prefix,
          dataFolder: config.dataFolder,
          requestTimeout: settings.requestTimeout,
          ports,
        }),
      ),
    createAlerting: (alerting) => {
      const listeners = new Set<(alertIds: readonly string[]) => void>();
      const line = createAlertingLine({
        ...alerting,
        memory: {
          ...memory,
          async commit(step) {
            await told.step(`${CASE_KIND}/${tenant}`, () => memory.commit(step));
            const opened = (step.alerts ?? []).filter(({ revision }) => revision === 1).map(({ id }) => id);
            if (opened.length > 0) for (const listener of listeners) listener(opened);
          },
        },
        board: createCommandBoard({ cluster, prefix, clock }),
        openInbox: () => openInbox((ids) => membersAmong(cluster, prefix, ids)),
        rules: options.responds
          ? rules
          : rules.map((rule) => ({ ...rule, extension: { ...rule.extension, response: [] } })),
        config: { ...lineConfig, pollInterval: FINDINGS_EVERY, notifiers: alerting.notifiers },
        ports,
        standings: () => head.last()?.progress ?? [],
      });
      const retention = createRetentionJob({
        cluster,
        prefix,
        line: `${CASE_KIND}/${tenant}`,
        retention: settings.retention,
        memory,
        ports,
        resources: () => followed && new Set(followed.map(shardResource)),
        onDeleted: told.onDeleted,
      });
      const view = createClusterView({
        cluster,
        prefix,
        leases,
        sources: all,
        starts: () => shardSources.starts(),
        followed: () => followed ?? [],
        stageOne,
        readStandings: async () => (await head.read()).progress,
        lines,
        correlating,
        alerting: line,
        onOpened(listener) {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
        ruleSets,
        filledRanges: filledRangesOf(kept),
        rules,
        told,
        ports,
      });
      const start = async (signal: AbortSignal): Promise<void> => {
        leases.offer(CORRELATE_KIND, lines.correlate, correlate);
        if (filler !== undefined)
          leases.offer(BACKFILL_KIND, [`${BACKFILL_KIND}/${tenant}`], async (lease) =>
            filler.run(AbortSignal.any([lease.lost, lease.recalled])),
          );
        leases.offer(CASE_KIND, lines.case, async (lease) => {
          const ended = new AbortController();
          const ends = AbortSignal.any([lease.lost, lease.recalled, ended.signal]);
          try {
            await Promise.all([line.work(ends), retention.run(ends)]);
          } finally {
            ended.abort();
          }
        });
        const watching = new AbortController();
        const following = shardSources.run((shards) => {
          followed = shards;
          stageOne.follow(shards);
        }, watching.signal);
        await aborted(signal);
        endSoon();
        // Work ends, and leases are given back, while everything that it needs is still there.
        await leases[Symbol.asyncDispose]();
        watching.abort();
        await following;
      };
      return {
        operations: line.operations,
        status: () => line.status(),
        inForce: () => line.inForce(),
        notify: () => line.notify(),
        sources: view.sources,
        problems: () => [...view.problems(), filler?.problem()].filter((problem) => problem !== undefined),
        cluster: view,
        parts: [{ name: "leases", start }],
      };
    },
    async [Symbol.asyncDispose]() {
      endSoon();
      try {
        await resources.disposeAsync();
      } finally {
        ended.abort();
      }
    },
  };
}
