import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";
import { isWatchedFunction, watchCallback, watchFunction, type Callable, type CallWatch } from "../intercept.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { AuthenticationInstrumentation } from "./authentication-instrumentation.ts";
import { describeScrypt } from "./hash-strength.ts";
import { isObject } from "./is-object.ts";
import { reportPasswordVerification } from "./password-verification.ts";

/** How a key was derived. */
interface Derivation {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Uint8Array;
}

/**
 * Instruments `scrypt` and `timingSafeEqual` of node:crypto: a password was verified where exactly what scrypt returned is compared with something.
 * Keys that are derived for anything else, and comparisons by other means, are not reported.
 */
export class ScryptInstrumentation extends AuthenticationInstrumentation {
  declare private derived: WeakMap<object, Derivation> | undefined;

  constructor(config: LibraryInstrumentationConfig = {}) {
    super("scrypt", config);
  }

  protected override init(): void {}

  override enable(): void {
    super.enable();
    this.quietly(() => this.watchCrypto());
  }

  private watchCrypto(): void {
    const functions: Record<string, unknown> = crypto;
    const watch = (name: string, begin: (args: readonly unknown[]) => CallWatch | undefined): void => {
      const original = functions[name];
      if (typeof original !== "function" || isWatchedFunction(original)) return;
      functions[name] = watchFunction(original as Callable, this.watcher, begin);
    };
    watch("scrypt", (args) => {
      // The callback is the last argument; options before it may be left out.
      const position = typeof args[3] === "function" ? 3 : 4;
      if (typeof args[position] !== "function") return undefined;
      const watchedArgs = [...args];
      watchedArgs[position] = watchCallback(args[position], this.watcher, ([cause, key]) => {
        if (!isObject(cause)) this.remember(key, args[1], position === 4 ? args[3] : undefined);
      });
      return { args: watchedArgs };
    });
    watch("scryptSync", ([, salt, , options]) => ({ returned: (key) => this.remember(key, salt, options) }));
    watch("timingSafeEqual", ([one, other]) => {
      const derivation = this.derivationOf(one) ?? this.derivationOf(other);
      if (derivation === undefined) return undefined;
      const stored = (this.derivationOf(one) === undefined ? one : other) as Uint8Array;
      return {
        returned: (equal) =>
          reportPasswordVerification(
            {
              algorithm: "scrypt",
              outcome: equal === true ? "success" : "failure",
              stored: describeScrypt(derivation, derivation.salt, stored),
            },
            this.reports,
          ),
      };
    });
    // What was imported by name from "node:crypto" is the watched function from here on.
    syncBuiltinESMExports();
  }

  private derivationOf(value: unknown): Derivation | undefined {
    return isObject(value) ? this.derived?.get(value) : undefined;
  }

  private remember(key: unknown, salt: unknown, options: unknown): void {
    if (!isObject(key)) return;
    const given = isObject(options) ? options : {};
    const number = (names: readonly string[], otherwise: number): number =>
      names.map((name) => given[name]).find((value) => typeof value === "number") ?? otherwise;
    this.derived ??= new WeakMap();
    this.derived.set(key, {
      N: number(["N", "cost"], 16_384),
      r: number(["r", "blockSize"], 8),
      p: number(["p", "parallelization"], 1),
      salt: typeof salt === "string" ? Buffer.from(salt) : salt instanceof Uint8Array ? salt : new Uint8Array(),
    });
  }
}
