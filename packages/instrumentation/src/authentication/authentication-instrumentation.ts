import { LibraryInstrumentation } from "../library-instrumentation.ts";
import type { AuthenticationReports } from "./observed-authentication.ts";

/** What instruments a library that finds out who somebody is. */
export abstract class AuthenticationInstrumentation extends LibraryInstrumentation {
  protected get reports(): AuthenticationReports {
    return { security: this.security, reporter: this.reporter };
  }
}
