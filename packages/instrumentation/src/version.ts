/** Name of the instrumentation scope of everything that this package emits. */
export const SCOPE_NAME = "@vedette/instrumentation";

/** Version of the instrumentation scope; equal to the package's version, held so by a test. */
export const SCOPE_VERSION = "0.1.0";
