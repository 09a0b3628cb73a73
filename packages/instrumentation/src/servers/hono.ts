import { InstrumentationNodeModuleDefinition, InstrumentationNodeModuleFile } from "@opentelemetry/instrumentation";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { RouterInstrumentation } from "./router-instrumentation.ts";

/** Versions of hono that are known to work, on @hono/node-server 1 and 2. */
export const HONO_VERSIONS = ">=4.0.0 <5";

interface RouterRoute {
  readonly method: string;
  readonly path: string;
}
/** Handlers that match, each with its route and its parameters: values, or places in the list of values. */
type MatchResult = readonly [
  readonly (readonly [readonly [unknown, RouterRoute], Readonly<Record<string, string | number>>])[],
  (readonly (string | undefined)[])?,
];
type ContextClass = new (request: unknown, options?: { readonly matchResult?: MatchResult }) => object;

/** Tells the route of requests that hono serves: what its router matched is given to the context that it makes for each request. */
export class HonoInstrumentation extends RouterInstrumentation {
  constructor(config: LibraryInstrumentationConfig = {}) {
    super("hono", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    const files = ["hono/dist/context.js", "hono/dist/cjs/context.js"].map(
      (file) =>
        new InstrumentationNodeModuleFile(
          file,
          [HONO_VERSIONS],
          (exports: { Context: ContextClass }) => this.quietly(() => this.patch(exports)) ?? exports,
          () => {},
        ),
    );
    return new InstrumentationNodeModuleDefinition("hono", [HONO_VERSIONS], undefined, undefined, files);
  }

  private patch(exports: { Context: ContextClass }): object {
    const original = exports.Context;
    const proxy: ContextClass = new Proxy(original, {
      construct: (target, args: ConstructorParameters<ContextClass>, newTarget) => {
        if (this.isEnabled()) this.quietly(() => this.matched(args[1]?.matchResult));
        return Reflect.construct(target, args, newTarget === proxy ? target : newTarget);
      },
    });
    const descriptor = Object.getOwnPropertyDescriptor(exports, "Context");
    if (descriptor?.writable === true || descriptor?.configurable === true || descriptor === undefined) {
      exports.Context = proxy;
      return exports;
    }
    // Builds for CommonJS of older versions have getters that cannot be changed.
    return Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(exports), Context: { value: proxy, enumerable: true, configurable: true } },
    );
  }

  private matched(result: MatchResult | undefined): void {
    const state = this.routedRequest();
    if (state === undefined || result === undefined) return;
    const [handlers, values] = result;
    // Middleware is a handler like any other, for all methods and mostly with an asterisk at its end.
    const handler =
      handlers.find(([[, { method }]]) => method !== "ALL") ?? handlers.find(([[, { path }]]) => !path.endsWith("*"));
    if (handler === undefined) return;
    const [[, route], parameters] = handler;
    state.route = route.path;
    const decoded = Object.entries(parameters).map(([name, value]) => {
      const raw = typeof value === "number" ? values?.[value] : value;
      return [name, raw === undefined ? undefined : decodeOrKeep(raw)];
    });
    this.inspectParameters(state, Object.fromEntries(decoded));
  }
}

function decodeOrKeep(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
