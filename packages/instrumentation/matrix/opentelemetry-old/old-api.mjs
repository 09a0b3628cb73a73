// Makes everybody find this folder's old API, as in an application that has but one.
import { registerHooks } from "node:module";

const old = import.meta.resolve("@opentelemetry/api");
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "@opentelemetry/api") return { url: old, shortCircuit: true, format: "commonjs" };
    return next(specifier, context);
  },
});
