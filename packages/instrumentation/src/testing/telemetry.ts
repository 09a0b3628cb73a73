import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
  type ReadableLogRecord,
} from "@opentelemetry/sdk-logs";
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { createReporter, type Reporter } from "../reporter.ts";

/** One point of a metric, in the form that tests compare. */
export interface MetricPoint {
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: unknown;
}

/** A reporter whose events and metrics stay in memory. */
export interface TestTelemetry {
  readonly reporter: Reporter;
  readonly loggerProvider: LoggerProvider;
  readonly meterProvider: MeterProvider;
  events(name?: string): readonly ReadableLogRecord[];
  points(name?: string): Promise<readonly MetricPoint[]>;
  end(): Promise<void>;
}

/** Makes a reporter over in-memory exporters. */
export function createTestTelemetry(options: { eventsPerSecond?: number; now?: () => number } = {}): TestTelemetry {
  const logExporter = new InMemoryLogRecordExporter();
  const loggerProvider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: logExporter })] });
  const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  return {
    reporter: createReporter({ ...options, loggerProvider, meterProvider }),
    loggerProvider,
    meterProvider,
    events: (name) =>
      logExporter.getFinishedLogRecords().filter((record) => name === undefined || record.eventName === name),
    async points(name) {
      await meterProvider.forceFlush();
      const points = (metricExporter.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap((scope) =>
        scope.metrics.flatMap((metric) =>
          metric.dataPoints.map((point) => ({
            name: metric.descriptor.name,
            attributes: point.attributes,
            value: point.value,
          })),
        ),
      );
      return points.filter((point) => name === undefined || point.name === name);
    },
    async end() {
      await Promise.all([loggerProvider.shutdown(), meterProvider.shutdown()]);
    },
  };
}
