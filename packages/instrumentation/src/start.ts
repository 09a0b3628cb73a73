import { createRequire } from "node:module";
import { registerInstrumentations, type Instrumentation } from "@opentelemetry/instrumentation";
import { startGuard, type Guard } from "./guard/guard.ts";
import { HttpServerSecurityInstrumentation } from "./http-server.ts";
import { parseTrustedProxies } from "./client-address.ts";
import { flushAtEnd } from "./flush-at-end.ts";
import { INSTRUMENTED_LIBRARIES } from "./instrumentations.ts";
import { oldConfiguredSdk, oldSdk } from "./opentelemetry-versions.ts";
import { tellOfFailedStart, tellOfOldPackage, tellOperator as warn } from "./operator-message.ts";
import { setProcessPrivacy } from "./privacy.ts";
import { reporter } from "./reporter.ts";
import { readSettings, type Settings } from "./settings.ts";

/** What a start may be told; everything else comes from `OTEL_*` and `VEDETTE_*` environment variables. */
export interface StartOptions {
  /** Value of `service.name` when the environment names none. */
  readonly serviceName?: string;
  /** More instrumentations for the SDK, e.g. `new HttpInstrumentation()` for spans. */
  readonly instrumentations?: readonly Instrumentation[];
  /** Replaces single settings. */
  readonly settings?: Partial<Settings>;
}

/** A started instrumentation. */
export interface Vedette extends AsyncDisposable {
  readonly instrumentation: HttpServerSecurityInstrumentation | undefined;
  readonly guard: Guard | undefined;
  /** Hands over every event and metric that is still held; resolves when that is done or failed. */
  flush(): Promise<void>;
  /** Turns everything off again, the SDK too if it was started here. */
  shutdown(): Promise<void>;
}

/** Environment variables of the SDK that have another default here, in effect only while the SDK is being made. */
const SDK_DEFAULTS: Readonly<Record<string, string>> = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
  // Events are worth most while they are fresh.
  OTEL_BLRP_SCHEDULE_DELAY: "250",
  // What an attack brings in while the receiver restarts.
  OTEL_BLRP_MAX_QUEUE_SIZE: "16384",
  OTEL_METRIC_EXPORT_INTERVAL: "10000",
  OTEL_METRIC_EXPORT_TIMEOUT: "10000",
  // Without the process detector: command lines hold secrets.
  OTEL_NODE_RESOURCE_DETECTORS: "env,host,os,serviceinstance",
};

let running: Vedette | undefined;

/**
 * Starts the security instrumentation of this process, with an OpenTelemetry SDK when none is configured. Starting twice is starting once.
 *
 * @example
 * import { startVedette } from "@vedette/instrumentation";
 * startVedette({ serviceName: "shop" });
 */
export function startVedette(options: StartOptions = {}): Vedette {
  if (running !== undefined) return running;
  const reading = readSettings(process.env);
  const settings: Settings = { ...reading.settings, ...options.settings };
  for (const { code, message } of reading.warnings) warn(code, message);
  for (const entry of parseTrustedProxies(settings.trustedProxies).invalid) {
    warn(
      "instrumentation-proxy-invalid",
      `VEDETTE_TRUSTED_PROXIES has "${entry}", which is neither an address nor a CIDR range; it is left out.`,
    );
  }
  if (!settings.enabled) {
    running = {
      instrumentation: undefined,
      guard: undefined,
      flush: async () => {},
      shutdown: stopped,
      [Symbol.asyncDispose]: stopped,
    };
    return running;
  }
  setProcessPrivacy(settings);
  // Before the SDK: wrapped first, we run inside the spans of an HTTP instrumentation that wraps after us.
  const guard = guardOf(settings);
  const instrumentation = startPart(
    "the instrumentation of HTTP servers",
    () => new HttpServerSecurityInstrumentation({ settings, guard: guard?.requests }),
  );
  const libraries = INSTRUMENTED_LIBRARIES.filter(
    ({ library }) => !settings.disabledInstrumentations.has(library),
  ).flatMap(({ library, create }) => startPart(`the instrumentation of ${library}`, () => create({ settings })) ?? []);
  const old = oldConfiguredSdk() ?? (settings.startSdk && !isSdkConfigured() ? oldSdk() : undefined);
  if (old !== undefined) tellOfOldPackage(old);
  const sdk = settings.startSdk && old === undefined && !isSdkConfigured() ? startSdk(options) : undefined;
  if (sdk === undefined && options.instrumentations !== undefined)
    registerInstrumentations({ instrumentations: [...options.instrumentations] });
  const stopFlushing = flushAtEnd(reporter);

  const shutdown = async (): Promise<void> => {
    if (running !== vedette) return;
    running = undefined;
    stopFlushing();
    for (const each of [instrumentation, ...libraries]) each?.disable();
    await guard?.stop();
    await reporter.flush();
    await sdk?.shutdown();
  };
  const vedette: Vedette = {
    instrumentation,
    guard,
    flush: () => reporter.flush(),
    shutdown,
    [Symbol.asyncDispose]: shutdown,
  };
  running = vedette;
  return vedette;
}

/** What cannot be started is told of and left out; the application and the other parts go on. */
function startPart<Part>(name: string, start: () => Part): Part | undefined {
  try {
    return start();
  } catch (cause) {
    reporter.error(cause);
    tellOfFailedStart(name, cause);
    return undefined;
  }
}

function guardOf(settings: Settings): Guard | undefined {
  if (settings.guard === undefined) return undefined;
  try {
    return startGuard(settings.guard, { reporter, warn, policy: settings.guardPolicy });
  } catch (cause) {
    warn(
      "guard-key-unreadable",
      `the guard stays off: its key cannot be read (${cause instanceof Error ? cause.message : String(cause)}).`,
    );
    return undefined;
  }
}

async function stopped(): Promise<void> {
  running = undefined;
}

/** True when somebody registered a provider with the OpenTelemetry API already. */
export function isSdkConfigured(): boolean {
  const api: unknown = Reflect.get(globalThis, Symbol.for("opentelemetry.js.api.1"));
  if (typeof api !== "object" || api === null) return false;
  return "logs" in api || "metrics" in api || "trace" in api;
}

interface Sdk {
  start(): void;
  shutdown(): Promise<void>;
}

type SdkModule = {
  NodeSDK: new (configuration: { serviceName?: string; instrumentations?: Instrumentation[] }) => Sdk;
};

function startSdk(options: StartOptions): Sdk | undefined {
  let loaded: SdkModule;
  try {
    // From the application first: the SDK is its dependency, not ours.
    loaded = loadFromApplication("@opentelemetry/sdk-node") as SdkModule;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "MODULE_NOT_FOUND") {
      warn(
        "instrumentation-sdk-missing",
        "no OpenTelemetry SDK is configured and @opentelemetry/sdk-node is not installed: security events go nowhere. Run `npm install @opentelemetry/sdk-node`, or set up an SDK of your own before this module is loaded.",
      );
    } else
      warn(
        "instrumentation-sdk-failed",
        `@opentelemetry/sdk-node could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      );
    return undefined;
  }
  return withSdkDefaults(() => {
    const named =
      process.env["OTEL_SERVICE_NAME"] !== undefined ||
      /(?:^|,)\s*service\.name=/.test(process.env["OTEL_RESOURCE_ATTRIBUTES"] ?? "");
    const sdk = new loaded.NodeSDK({
      ...(options.serviceName === undefined || named ? {} : { serviceName: options.serviceName }),
      instrumentations: [...(options.instrumentations ?? [])],
    });
    sdk.start();
    return sdk;
  });
}

function loadFromApplication(name: string): unknown {
  const entry = process.argv[1];
  if (entry !== undefined) {
    try {
      return createRequire(entry)(name);
    } catch (cause) {
      if (!(cause instanceof Error && "code" in cause && cause.code === "MODULE_NOT_FOUND")) throw cause;
    }
  }
  return createRequire(import.meta.url)(name);
}

/** Runs a function with our defaults in the environment and takes them out again: child processes must not inherit them. */
function withSdkDefaults<Result>(make: () => Result): Result {
  const added: string[] = [];
  for (const [name, value] of Object.entries(SDK_DEFAULTS)) {
    if (process.env[name] !== undefined && process.env[name] !== "") continue;
    process.env[name] = value;
    added.push(name);
  }
  try {
    return make();
  } finally {
    for (const name of added) Reflect.deleteProperty(process.env, name);
  }
}
