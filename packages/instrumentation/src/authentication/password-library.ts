import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { currentRequest } from "../current-request.ts";
import { watchCallback, watchExports, watchFunction, type CallWatch } from "../intercept.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { AuthenticationInstrumentation } from "./authentication-instrumentation.ts";
import { readStoredHash } from "./hash-strength.ts";
import { reportPasswordVerification } from "./password-verification.ts";

/** What there is to know about a library that compares passwords with stored hashes. */
export interface PasswordLibrary {
  readonly library: string;
  readonly versions: string;
  readonly algorithm: string;
  /** Its functions that compare: synchronous, with a callback, or with a promise. */
  readonly functions: readonly string[];
  /** Which argument is the stored hash. */
  readonly hashArgument: number;
  /** Which argument may be a callback; none where there are promises only. */
  readonly callbackArgument: number | undefined;
}

/** Instruments a library that compares passwords with stored hashes. The password is not looked at. */
export abstract class PasswordLibraryInstrumentation extends AuthenticationInstrumentation {
  /** Not a field: the base class asks for the definition before fields are there. */
  protected abstract get facts(): PasswordLibrary;

  constructor({ library }: PasswordLibrary, config: LibraryInstrumentationConfig = {}) {
    super(library, config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const { library, versions, functions } = this.facts;
    return new InstrumentationNodeModuleDefinition(library, [versions], (moduleExports: unknown) => {
      this.quietly(() => {
        watchExports(moduleExports, functions, (_name, original) =>
          watchFunction(original, this.watcher, (args) => this.watchComparison(args)),
        );
      });
      return moduleExports;
    });
  }

  private watchComparison(args: readonly unknown[]): CallWatch {
    const { algorithm, hashArgument, callbackArgument } = this.facts;
    const given = args[hashArgument];
    const done = (matched: unknown): void => {
      const outcome = matched === true ? "success" : matched === false ? "failure" : "unknown";
      reportPasswordVerification({ algorithm, outcome, stored: readStoredHash(given) }, this.reports);
    };
    const callback = callbackArgument === undefined ? undefined : args[callbackArgument];
    if (callbackArgument === undefined || typeof callback !== "function")
      return { returned: done, threw: () => done(undefined) };
    const watchedArgs = [...args];
    const state = currentRequest.getStore();
    watchedArgs[callbackArgument] = watchCallback(callback, this.watcher, ([, matched]) => {
      // Native code calls back outside of every asynchronous context: what the application then says would belong to no request.
      if (state !== undefined && currentRequest.getStore() === undefined) currentRequest.enterWith(state);
      done(matched);
    });
    return { args: watchedArgs };
  }
}
