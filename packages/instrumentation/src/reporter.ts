import {
  context as contextApi,
  logs,
  metrics,
  SeverityNumber,
  type Attributes,
  type Context,
  type Counter,
  type Histogram,
  type Logger,
  type LoggerProvider,
  type Meter,
  type MeterProvider,
  type UpDownCounter,
} from "@opentelemetry/api";
import { ATTR, INSTRUMENTATION_METRICS, type EventName } from "@vedette/semconv";
import { recordUid } from "./record-uid.ts";
import { SCOPE_NAME, SCOPE_VERSION } from "./version.ts";

/** How much an event matters, as OTel severity. */
export type EventSeverity = "info" | "warn" | "error";

const SEVERITY = {
  info: { severityNumber: SeverityNumber.INFO, severityText: "INFO" },
  warn: { severityNumber: SeverityNumber.WARN, severityText: "WARN" },
  error: { severityNumber: SeverityNumber.ERROR, severityText: "ERROR" },
} as const;

/** Keys of the metrics that are counted up. */
export type CounterKey = {
  [Key in keyof typeof INSTRUMENTATION_METRICS]: (typeof INSTRUMENTATION_METRICS)[Key]["kind"] extends "counter"
    ? Key
    : never;
}[keyof typeof INSTRUMENTATION_METRICS];

/** Keys of the metrics that go up and down. */
export type UpDownCounterKey = {
  [Key in keyof typeof INSTRUMENTATION_METRICS]: (typeof INSTRUMENTATION_METRICS)[Key]["kind"] extends "updowncounter"
    ? Key
    : never;
}[keyof typeof INSTRUMENTATION_METRICS];

/** What a reporter may be given instead of the process's own. */
export interface ReporterOptions {
  readonly eventsPerSecond?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly meterProvider?: MeterProvider;
  readonly loggerProvider?: LoggerProvider;
}

/** The one way by which this package emits anything: events as OTel log records, numbers as OTel metrics. */
export interface Reporter {
  /** Emits one event; dropped and counted when its name has used up this second's events. Undefined attributes are left out. */
  event(name: EventName, severity: EventSeverity, attributes: Attributes, context?: Context): void;
  count(key: CounterKey, attributes?: Attributes, amount?: number): void;
  change(key: UpDownCounterKey, amount: number): void;
  inspectionDuration(seconds: number): void;
  /** Counts an exception of ours; nothing of it reaches the application. */
  error(cause: unknown): void;
  setMeterProvider(provider: MeterProvider): void;
  setLoggerProvider(provider: LoggerProvider): void;
  setEventsPerSecond(limit: number): void;
  /** Events emitted since the process began. */
  emitted(): number;
  /** Asks both SDK providers to hand over what they hold; resolves when they did or failed to. */
  flush(): Promise<void>;
}

interface Instruments {
  readonly counters: Map<CounterKey, Counter>;
  readonly upDownCounters: Map<UpDownCounterKey, UpDownCounter>;
  readonly inspectionDuration: Histogram;
}

/** Makes a reporter; providers that are set later (by the application's own SDK) are noticed. */
export function createReporter(options: ReporterOptions = {}): Reporter {
  const now = options.now ?? Date.now;
  let limit = options.eventsPerSecond ?? 500;
  let ownMeters = options.meterProvider;
  let ownLoggers = options.loggerProvider;
  let meterSource: MeterProvider | undefined;
  let loggerSource: LoggerProvider | undefined;
  let instruments: Instruments | undefined;
  let logger: Logger | undefined;
  let emitted = 0;
  let window = 0;
  const inWindow = new Map<EventName, number>();
  // What is in force has to be told again to a meter provider that arrives later.
  const levels = new Map<UpDownCounterKey, number>();

  // The API has no proxy for meters, and its proxy for loggers does not reach across its two module formats: ask again each time.
  function currentInstruments(): Instruments {
    const source = ownMeters ?? metrics.getMeterProvider();
    if (instruments === undefined || source !== meterSource) {
      meterSource = source;
      instruments = createInstruments(source.getMeter(SCOPE_NAME, SCOPE_VERSION));
      for (const [key, level] of levels) if (level !== 0) instruments.upDownCounters.get(key)?.add(level);
    }
    return instruments;
  }

  function currentLogger(): Logger {
    const source = ownLoggers ?? logs.getLoggerProvider();
    if (logger === undefined || source !== loggerSource) {
      loggerSource = source;
      logger = source.getLogger(SCOPE_NAME, SCOPE_VERSION);
    }
    return logger;
  }

  /** True when one more event of this name may go out in this second. */
  function admit(name: EventName, time: number): boolean {
    const second = Math.floor(time / 1000);
    if (second !== window) {
      window = second;
      inWindow.clear();
    }
    const count = inWindow.get(name) ?? 0;
    if (count >= limit) return false;
    inWindow.set(name, count + 1);
    return true;
  }

  const reporter: Reporter = {
    event(name, severity, attributes, context = contextApi.active()) {
      try {
        const time = now();
        if (!admit(name, time)) {
          reporter.count("eventsDropped", { [ATTR.eventName]: name });
          return;
        }
        currentLogger().emit({
          eventName: name,
          ...SEVERITY[severity],
          timestamp: time,
          observedTimestamp: time,
          attributes: { [ATTR.logRecordUid]: recordUid(time), ...withoutUndefined(attributes) },
          context,
        });
        emitted++;
        reporter.count("eventsEmitted", { [ATTR.eventName]: name });
      } catch (cause) {
        reporter.error(cause);
      }
    },
    count(key, attributes, amount = 1) {
      currentInstruments().counters.get(key)?.add(amount, attributes);
    },
    change(key, amount) {
      const active = currentInstruments();
      levels.set(key, (levels.get(key) ?? 0) + amount);
      active.upDownCounters.get(key)?.add(amount);
    },
    inspectionDuration(seconds) {
      currentInstruments().inspectionDuration.record(seconds);
    },
    error(cause) {
      try {
        reporter.count("instrumentationErrors", {
          [ATTR.errorType]: cause instanceof Error ? cause.name : typeof cause,
        });
      } catch {
        // A meter that throws leaves nothing to tell it to.
      }
    },
    setMeterProvider(provider) {
      ownMeters = provider;
    },
    setLoggerProvider(provider) {
      ownLoggers = provider;
    },
    setEventsPerSecond(value) {
      limit = value;
    },
    emitted: () => emitted,
    async flush() {
      const providers: unknown[] = [ownLoggers ?? logs.getLoggerProvider(), ownMeters ?? metrics.getMeterProvider()];
      await Promise.allSettled(providers.filter(canFlush).map(async (provider) => provider.forceFlush()));
    },
  };
  return reporter;
}

function createInstruments(meter: Meter): Instruments {
  const counters = new Map<CounterKey, Counter>();
  const upDownCounters = new Map<UpDownCounterKey, UpDownCounter>();
  for (const [key, definition] of Object.entries(INSTRUMENTATION_METRICS)) {
    const { name, unit, description, kind } = definition;
    if (kind === "counter") counters.set(key as CounterKey, meter.createCounter(name, { unit, description }));
    if (kind === "updowncounter")
      upDownCounters.set(key as UpDownCounterKey, meter.createUpDownCounter(name, { unit, description }));
  }
  const { name, unit, description } = INSTRUMENTATION_METRICS.inspectionDuration;
  const inspectionDuration = meter.createHistogram(name, {
    unit,
    description,
    advice: {
      explicitBucketBoundaries: [
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05,
      ],
    },
  });
  return { counters, upDownCounters, inspectionDuration };
}

function withoutUndefined(attributes: Attributes): Attributes {
  const kept: Attributes = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined && value !== null) kept[name] = value;
  return kept;
}

function canFlush(provider: unknown): provider is { forceFlush(): Promise<void> } {
  return (
    typeof provider === "object" &&
    provider !== null &&
    "forceFlush" in provider &&
    typeof provider.forceFlush === "function"
  );
}

/** The process's reporter. */
export const reporter: Reporter = createReporter();
