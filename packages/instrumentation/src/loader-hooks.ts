import { register } from "node:module";
import { register as registerSynchronously, supportsSyncHooks } from "import-in-the-middle/register-hooks.mjs";

/**
 * Registers the module hooks by which OpenTelemetry instrumentations reach ES modules: in this thread where Node.js can, else in its
 * loader thread. Our own instrumentation needs none; those that an application adds do.
 */
export function registerLoaderHooks(): void {
  if (supportsSyncHooks()) registerSynchronously();
  else register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
}
