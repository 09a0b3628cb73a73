import type { LoggerProvider, MeterProvider } from "@opentelemetry/api";
import { InstrumentationBase, type InstrumentationConfig } from "@opentelemetry/instrumentation";
import type { Watcher } from "./intercept.ts";
import { reporter as processReporter, type Reporter } from "./reporter.ts";
import { security as processSecurity, type Security } from "./security.ts";
import { readSettings, type Settings } from "./settings.ts";
import { SCOPE_NAME, SCOPE_VERSION } from "./version.ts";

/** Configuration of an instrumentation of one library. */
export interface LibraryInstrumentationConfig extends InstrumentationConfig {
  /** Default: read from the environment. */
  readonly settings?: Settings;
  /** Default: the process's reporter. */
  readonly reporter?: Reporter;
  /** Default: the process's manual API. */
  readonly security?: Security;
}

/** What instruments one library; a subclass says in `init()` which modules it patches. */
export abstract class LibraryInstrumentation extends InstrumentationBase<LibraryInstrumentationConfig> {
  /** @param library Name of the package that is instrumented, e.g. `express`. */
  constructor(library: string, config: LibraryInstrumentationConfig = {}) {
    super(`${SCOPE_NAME}/${library}`, SCOPE_VERSION, config);
  }

  override setMeterProvider(provider: MeterProvider): void {
    super.setMeterProvider(provider);
    this.reporter.setMeterProvider(provider);
  }

  override setLoggerProvider(provider: LoggerProvider): void {
    super.setLoggerProvider(provider);
    this.reporter.setLoggerProvider(provider);
  }

  // Getters, because the base class calls init() before fields of a subclass are initialised.
  protected get settings(): Settings {
    return this.getConfig().settings ?? readSettings(process.env).settings;
  }

  protected get reporter(): Reporter {
    return this.getConfig().reporter ?? processReporter;
  }

  protected get security(): Security {
    return this.getConfig().security ?? processSecurity;
  }

  /** For watched functions: they let calls pass while the instrumentation is off. */
  protected get watcher(): Watcher {
    return { isWatching: () => this.isEnabled(), quietly: (work) => this.quietly(work) };
  }

  /** Runs what is ours: an exception in it is counted, and never reaches the application. */
  protected quietly<Result>(work: () => Result): Result | undefined {
    try {
      return work();
    } catch (cause) {
      try {
        this.reporter.error(cause);
      } catch {
        // A reporter that throws leaves nothing to tell it to.
      }
      return undefined;
    }
  }
}
