import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { PasswordLibraryInstrumentation, type PasswordLibrary } from "./password-library.ts";

/** Versions of bcrypt whose comparisons are known. */
export const BCRYPT_VERSIONS = ">=6.0.0 <7";

const FACTS: PasswordLibrary = {
  library: "bcrypt",
  versions: BCRYPT_VERSIONS,
  algorithm: "bcrypt",
  functions: ["compare", "compareSync"],
  hashArgument: 1,
  callbackArgument: 2,
};

/** Instruments the comparisons of bcrypt. */
export class BcryptInstrumentation extends PasswordLibraryInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super(FACTS, config);
  }

  protected override get facts(): PasswordLibrary {
    return FACTS;
  }
}
