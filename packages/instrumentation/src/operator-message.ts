import type { ErrorCode } from "./errors.ts";
import type { OldPackage } from "./opentelemetry-versions.ts";

/** Says something to the operator; on standard error, because no logger of the application is ours to use. */
export function tellOperator(code: ErrorCode, message: string): void {
  process.stderr.write(`vedette: ${message} [${code}]\n`);
}

/** Says that a package of OpenTelemetry is too old. */
export function tellOfOldPackage({ name, version, floor }: OldPackage): void {
  tellOperator(
    "instrumentation-opentelemetry-old",
    `${name} is ${version}; security events need ${floor} or later and go nowhere, the application runs on. Run \`npm install @opentelemetry/api@^1.10 @opentelemetry/sdk-node@latest\`.`,
  );
}

/** Says that a part of the instrumentation could not be started; the application goes on without it. */
export function tellOfFailedStart(part: string, cause: unknown): void {
  tellOperator(
    "instrumentation-start-failed",
    `${part} could not be started, the application runs on without it: ${cause instanceof Error ? cause.message : String(cause)}`,
  );
}
