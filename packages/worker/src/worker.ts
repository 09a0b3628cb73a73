import type { RuleSummary, Status } from "@vedette/api";
import { createDetector, DEFAULT_MAPPINGS, loadRules, type Problem, type Rule } from "@vedette/detection";
import { createAlertmanagerNotifier, ALERTMANAGER_NOTIFY } from "./alerter/alertmanager.ts";
import { createCollector } from "./collector/collector.ts";
import { createFileSource } from "./collector/file/file-source.ts";
import { createMetricsObserver } from "./collector/metrics-observer.ts";
import { createOtlpReceiver } from "./collector/otlp/receiver.ts";
import { createProcessors } from "./collector/processors/processors.ts";
import { createReceivedMetrics } from "./collector/received-metrics.ts";
import type { Config } from "./config/schema.ts";
import { openElasticsearchHome } from "./elasticsearch-home.ts";
import { openEmbeddedHome } from "./embedded-home.ts";
import { steadyClock } from "./ports-node.ts";
import type { Ports } from "./ports.ts";
import { createGuardHub } from "./responder/guard-hub.ts";
import { GUARD_PUBLISH } from "./responder/deny-list.ts";
import { createUnguardedWarning } from "./responder/unguarded.ts";
import { builtinRulesFolder, readRuleFiles, unknownShadow, withTrials } from "./rules/load.ts";
import { readPipelines } from "./rules/pipelines.ts";
import { createMetrics } from "./server/metrics.ts";
import { createServer } from "./server/server.ts";
import { loadAdminToken } from "./server/tokens.ts";
import { countStoreErrors } from "./store/count-errors.ts";
import type { Store } from "./store/store.ts";
import { followAlerts } from "./alert-metrics.ts";
import { createStatus } from "./status.ts";
import type { TestBreak } from "./test-break.ts";
import type { Home } from "./worker-parts.ts";
import { VERSION } from "./version.ts";

/** What a worker is started with. */
export interface WorkerOptions {
  readonly config: Config;
  readonly ports: Ports;
  readonly mode: "demo" | "worker";
  /** The folder of the built console, asked at each request; undefined while there is none. */
  readonly consoleFolder: () => string | undefined;
  /** What a test leaves out of a worker on Elasticsearch. */
  readonly testBreak?: TestBreak | undefined;
}

/** Where a listener can be reached. */
export interface ListeningAddress {
  readonly host: string;
  readonly port: number;
  readonly url: string;
}

/** A worker that runs. Disposing of it ends everything in order: sources, line, effects, server, store. */
export interface RunningWorker extends AsyncDisposable {
  readonly addresses: { readonly api: ListeningAddress; readonly otlp?: ListeningAddress | undefined };
  readonly dataFolder: string;
  readonly store: Store;
  /** What the worker is doing and what is wrong, now. */
  status(): Promise<Status>;
  /** Rules that were refused, and warnings about others. */
  readonly ruleProblems: readonly Problem[];
  /** A link, good once and for ten minutes, that opens the console at a path. */
  createLoginLink(next: string): string;
  /** Resolves with the reason when a part that cannot be restarted has failed; the worker is then to be disposed of. */
  readonly failed: Promise<unknown>;
}

/** The alert's page in the console. */
const alertPath = (id: string): string => `/a/vedette-security-app/alerts/${encodeURIComponent(id)}`;

const summaryOf = (rule: Rule): Omit<RuleSummary, "findings"> => ({
  id: rule.id,
  title: rule.title,
  description: rule.description,
  level: rule.level,
  status: rule.status,
  kind: rule.kind,
  revision: rule.revision,
  path: rule.path,
  logSource: {
    ...(rule.logSource.product === undefined ? {} : { product: rule.logSource.product }),
    ...(rule.logSource.category === undefined ? {} : { category: rule.logSource.category }),
    ...(rule.logSource.service === undefined ? {} : { service: rule.logSource.service }),
  },
  tags: [...rule.tags],
});

/**
 * Starts a worker: the one place where its parts are wired together. Everything that was started is ended again when a later part fails.
 *
 * @throws StoreError, ServerError or OtlpReceiverError with a code of docs/errors.md.
 */
export async function startWorker({
  config,
  ports,
  mode,
  consoleFolder,
  testBreak,
}: WorkerOptions): Promise<RunningWorker> {
  const { clock, log } = ports;
  const startedAt = clock.now();
  const metrics = createMetrics();
  const failed = Promise.withResolvers<unknown>();
  await using starting = new AsyncDisposableStack();

  const files = readRuleFiles([...(config.rules.builtin ? [builtinRulesFolder()] : []), ...config.rules.paths]);
  const pipelines = readPipelines(config.rules.pipelines);
  // Rules that were to be changed would look for something else: without the pipelines there are none.
  const loaded = loadRules(pipelines.problems.some(({ severity }) => severity === "error") ? [] : files.files, {
    pipelines: pipelines.pipelines,
  });
  const ruleSet = { ...loaded, rules: withTrials(loaded.rules, files.shadow, config.rules.shadow) };
  const ruleProblems = [
    ...files.problems,
    ...pipelines.problems,
    ...ruleSet.problems,
    ...unknownShadow(loaded.rules, config.rules.shadow),
  ];
  const detector = createDetector(ruleSet.rules, { mappings: DEFAULT_MAPPINGS });

  const observer = createMetricsObserver(metrics);
  const process = createProcessors(config.processors, { observer, log });
  const shared = {
    lineConfig: {
      ...config.detector,
      tenant: config.tenant,
      suppressionWindow: config.alerter.suppressionWindow,
      neverBlock: config.responder.neverBlock,
      logSources: new Map(config.sources.flatMap(({ name, logsource }) => (logsource ? [[name, logsource]] : []))),
    },
    ports,
    detector,
    rules: ruleSet.rules,
    responds: config.responder.enabled,
  };
  const home: Home = starting.use(
    config.elasticsearch === undefined
      ? await openEmbeddedHome({ ...shared, folder: config.dataFolder })
      : await openElasticsearchHome({
          ...shared,
          config,
          settings: config.elasticsearch,
          steady: steadyClock,
          process,
          metrics,
          testBreak,
        }),
  );
  const store = countStoreErrors(home.store, metrics);
  const adminToken = await loadAdminToken(config.dataFolder, ports.random);

  const guardHub = createGuardHub({ store, ...(await home.guardIdentity()), ports, metrics });
  starting.defer(() => guardHub.close());

  let consoleUrl = "";
  const notifier =
    config.alerter.alertmanager.urls.length === 0
      ? undefined
      : createAlertmanagerNotifier({
          ...config.alerter.alertmanager,
          store,
          ports,
          alertUrl: (id) => `${consoleUrl}${alertPath(id)}`,
        });
  if (notifier) starting.defer(() => notifier.close());

  const warnWhenUnguarded = createUnguardedWarning({
    log,
    addresses: () => alerting.inForce().length,
    guards: () => guardHub.clients(),
  });
  const alerting = home.createAlerting({
    store,
    executors: [guardHub.executor, ...(notifier ? [notifier.executor] : [])],
    notifiers: notifier
      ? [{ action: ALERTMANAGER_NOTIFY, target: "alertmanager", guarantee: notifier.executor.guarantee }]
      : [],
    onEffect: ({ action, outcome }) => {
      (outcome === "done" ? metrics.effectsDelivered : metrics.effectsFailed).inc({ action });
      if (action === GUARD_PUBLISH) warnWhenUnguarded();
    },
    onStep: (milliseconds) => metrics.stepDuration.observe(milliseconds / 1_000),
  });

  const { cluster } = alerting;
  // Of several workers with one memory, the one that runs the line of alerts tells of what is there once.
  const tellsOfAll = (): boolean => cluster === undefined || cluster.tenure() !== undefined;

  const received = createReceivedMetrics({ clock });
  const onAppended = (): void => alerting.notify();
  const collector = createCollector({
    sources: config.sources
      .filter((source) => source.type === "file")
      .map((source) =>
        createFileSource({ config: source, store, ports, observer, mappings: DEFAULT_MAPPINGS, process, onAppended }),
      ),
    ports,
    observer,
  });
  const receiver = config.otlp.enabled
    ? createOtlpReceiver({ config: config.otlp, store, ports, observer, metrics: received, process, onAppended })
    : undefined;

  const status = createStatus({
    version: VERSION,
    mode,
    startedAt,
    clock,
    store,
    line: alerting,
    guardHub,
    ruleSet: { loaded: ruleSet.rules.length, problems: ruleProblems },
    sources: () => [...(receiver ? [receiver.status()] : []), ...collector.status(), ...alerting.sources()],
    problems: () => alerting.problems(),
    metrics,
    cluster,
  });
  const server = createServer({
    config: config.api,
    adminToken,
    store,
    operations: alerting.operations,
    ports,
    metrics,
    guardHub,
    status,
    rules: () => ruleSet.rules.map(summaryOf),
    coverage: cluster && ((query) => cluster.coverage(query)),
    tellsOfAll,
    receivedMetrics: () => received.render(),
    consoleFolder,
    version: VERSION,
  });
  const api = await server.listen();
  starting.defer(() => server.close());
  consoleUrl = config.api.publicUrl ?? api.url;
  starting.defer(
    followAlerts({ store, metrics, clock, log, onOpened: cluster && ((listener) => cluster.onOpened(listener)) }),
  );

  // Each of these runs until its signal; what they cannot live without ends the worker.
  const run = (name: string, start: (signal: AbortSignal) => Promise<void>): void => {
    const stop = new AbortController();
    const running = start(stop.signal).catch((error: unknown) => {
      log.error({ part: name, error }, "a part of the worker failed");
      failed.resolve(error);
    });
    starting.defer(async () => {
      stop.abort();
      await running;
    });
  };
  for (const { name, start } of alerting.parts) run(name, start);

  let otlp: ListeningAddress | undefined;
  if (receiver) {
    const { port } = await receiver.listen();
    starting.defer(() => receiver.close());
    otlp = {
      host: config.otlp.host,
      port,
      url: `http://${config.otlp.host.includes(":") ? `[${config.otlp.host}]` : config.otlp.host}:${port}`,
    };
  }
  collector.start();
  starting.use(collector);

  const resources = starting.move();
  log.info({ api: api.url, otlp: otlp?.url, rules: ruleSet.rules.length, mode }, "the worker runs");
  return {
    addresses: { api, otlp },
    dataFolder: config.dataFolder,
    store,
    status,
    ruleProblems,
    createLoginLink: (next) => server.createLoginLink(next),
    failed: failed.promise,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
