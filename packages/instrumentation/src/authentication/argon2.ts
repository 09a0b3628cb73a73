import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { PasswordLibraryInstrumentation, type PasswordLibrary } from "./password-library.ts";

/** Versions of argon2 whose verification is known. */
export const ARGON2_VERSIONS = ">=0.45.0 <0.46.0";

const FACTS: PasswordLibrary = {
  library: "argon2",
  versions: ARGON2_VERSIONS,
  algorithm: "argon2",
  functions: ["verify"],
  hashArgument: 0,
  callbackArgument: undefined,
};

/** Instruments the verification of argon2. */
export class Argon2Instrumentation extends PasswordLibraryInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super(FACTS, config);
  }

  protected override get facts(): PasswordLibrary {
    return FACTS;
  }
}
