// Registers module hooks of this folder's own copy of import-in-the-middle.
import { createRequire } from "node:module";

const resolved = createRequire(import.meta.resolve("@opentelemetry/instrumentation")).resolve("import-in-the-middle");
const { register } = await import(new URL("register-hooks.mjs", `file://${resolved}`).href);
register();
