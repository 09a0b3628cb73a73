// Registers module hooks as OpenTelemetry's documentation says.
import { register } from "node:module";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
