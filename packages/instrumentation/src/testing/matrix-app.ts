import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { REGISTER, startProcess, type ProcessEnd } from "./app-process.ts";
import { startOtlpReceiver, type ReceivedEvent, type ReceivedPoint } from "./otlp-receiver.ts";
import { until } from "./requests.ts";

/** What the start of an application of the matrix may be told. */
export interface MatrixAppOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** `false` starts it without the instrumentation. Default `true`. */
  readonly instrumented?: boolean;
  /** Flags of node before those that load the instrumentation, e.g. for hooks that come first. */
  readonly before?: readonly string[];
  /** Flags of node after them. */
  readonly flags?: readonly string[];
}

/** A running application of the matrix, and what it sent by OTLP. */
export interface MatrixApp extends AsyncDisposable {
  /** Origin that it serves, as it said. */
  readonly url: string;
  readonly port: number;
  /** Events that arrived so far, of one name if given. */
  events(name?: string): readonly ReceivedEvent[];
  /** The newest points that arrived, of one metric if given; everything is there after `stop`. */
  metrics(name?: string): readonly ReceivedPoint[];
  /** Names of the spans that arrived so far. */
  spans(): readonly string[];
  /** Resolves with the events of a name once so many arrived; throws after 20 s. */
  waitFor(name: string, count?: number): Promise<readonly ReceivedEvent[]>;
  output(): string;
  errors(): string;
  /** Ends it by SIGTERM, which flushes; a second call returns the same. */
  stop(): Promise<ProcessEnd>;
}

/** The folder of all applications of the matrix. */
export const MATRIX_FOLDER = resolve(import.meta.dirname, "../../matrix");

/** The version of a library that a folder of the matrix depends on. */
export function triedVersion(folder: string, library: string): string {
  const text = readFileSync(resolve(MATRIX_FOLDER, folder, "package.json"), "utf8");
  const { dependencies } = JSON.parse(text) as { dependencies: Readonly<Record<string, string>> };
  const version = dependencies[library];
  if (version === undefined) throw new Error(`matrix/${folder}/package.json does not depend on ${library}.`);
  return version;
}

/** The entries of a folder of the matrix: `app.mjs` and `app.cjs`, as far as they are there. */
export function entriesOf(folder: string): readonly string[] {
  return ["app.mjs", "app.cjs"].filter((entry) => existsSync(resolve(MATRIX_FOLDER, folder, entry)));
}

/**
 * Starts an application of the matrix by `node --import @vedette/instrumentation/register`.
 *
 * The application listens on 127.0.0.1 port 0 and writes its origin (`http://127.0.0.1:4711`) to standard output, on a line of its own.
 *
 * @param folder Name of the folder in `matrix/`, e.g. `express-5`.
 * @param entry File in that folder, e.g. `app.mjs`.
 */
export async function startMatrixApp(
  folder: string,
  entry: string,
  { env = {}, instrumented = true, before = [], flags = [] }: MatrixAppOptions = {},
): Promise<MatrixApp> {
  const receiver = await startOtlpReceiver();
  const environment = {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_BLRP_SCHEDULE_DELAY: "25",
    OTEL_METRIC_EXPORT_INTERVAL: "500",
    OTEL_METRIC_EXPORT_TIMEOUT: "500",
    OTEL_SERVICE_NAME: folder,
    ...env,
  };
  const app = startProcess([resolve(MATRIX_FOLDER, folder, entry)], environment, [
    ...before,
    ...(instrumented ? REGISTER : []),
    ...flags,
  ]);
  let end: ProcessEnd | undefined;
  void app.ended.then((value) => (end = value));
  const origin = (): string | undefined => /^https?:\/\/127\.0\.0\.1:\d+$/m.exec(app.output())?.[0];
  await until(() => origin() !== undefined || end !== undefined);
  const url = origin();
  if (url === undefined) {
    await receiver.close();
    throw new Error(
      `matrix/${folder}/${entry} ended before it wrote its origin (${JSON.stringify(end)}):\n${app.output()}${app.errors()}`,
    );
  }
  const stop = async (signal: NodeJS.Signals): Promise<ProcessEnd> => {
    app.child.kill(signal);
    const ended = await app.ended;
    await receiver.close();
    return ended;
  };
  let stopping: Promise<ProcessEnd> | undefined;
  const stopOnce = (signal: NodeJS.Signals): Promise<ProcessEnd> => (stopping ??= stop(signal));
  return {
    url,
    port: Number(new URL(url).port),
    events: receiver.events,
    metrics: receiver.points,
    spans: receiver.spans,
    async waitFor(name, count = 1) {
      await until(() => receiver.events(name).length >= count);
      return receiver.events(name);
    },
    output: app.output,
    errors: app.errors,
    stop: () => stopOnce("SIGTERM"),
    async [Symbol.asyncDispose]() {
      // An application may have a handler of SIGTERM that does not end it.
      await stopOnce("SIGKILL");
    },
  };
}
