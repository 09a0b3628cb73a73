import { createRequire } from "node:module";
import { extname } from "node:path";
import { registerLoaderHooks } from "./loader-hooks.ts";
import { oldApi } from "./opentelemetry-versions.ts";
import { tellOfFailedStart, tellOfOldPackage } from "./operator-message.ts";
import { readSettings } from "./settings.ts";

interface Start {
  startVedette(): unknown;
}

// Whatever goes wrong in here must not keep the application from starting.
try {
  const { settings } = readSettings(process.env);
  const old = settings.enabled ? oldApi() : undefined;
  if (old !== undefined) tellOfOldPackage(old);
  else {
    // Not by an import: modules that import names which an old API lacks cannot be linked. Before the hooks: they are not for our own modules.
    const start = createRequire(import.meta.url)(`./start${extname(import.meta.filename)}`) as Start;
    if (settings.enabled && settings.loaderHooks) registerLoaderHooks();
    start.startVedette();
  }
} catch (cause) {
  tellOfFailedStart("the instrumentation", cause);
}
