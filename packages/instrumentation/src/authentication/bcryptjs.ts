import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { PasswordLibraryInstrumentation, type PasswordLibrary } from "./password-library.ts";

/** Versions of bcryptjs whose comparisons are known. */
export const BCRYPTJS_VERSIONS = ">=2.4.0 <4";

const FACTS: PasswordLibrary = {
  library: "bcryptjs",
  versions: BCRYPTJS_VERSIONS,
  algorithm: "bcrypt",
  functions: ["compare", "compareSync"],
  hashArgument: 1,
  callbackArgument: 2,
};

/** Instruments the comparisons of bcryptjs. */
export class BcryptjsInstrumentation extends PasswordLibraryInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super(FACTS, config);
  }

  protected override get facts(): PasswordLibrary {
    return FACTS;
  }
}
