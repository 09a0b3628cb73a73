// Makes @opentelemetry/sdk-node look as if it were not installed.
import { registerHooks } from "node:module";

registerHooks({
  resolve(specifier, context, next) {
    if (specifier !== "@opentelemetry/sdk-node") return next(specifier, context);
    throw Object.assign(new Error("Cannot find module '@opentelemetry/sdk-node'"), { code: "MODULE_NOT_FOUND" });
  },
});
