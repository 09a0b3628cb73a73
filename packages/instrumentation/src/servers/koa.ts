import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { observeMethod } from "./observe-method.ts";
import { RouterInstrumentation } from "./router-instrumentation.ts";

/** Versions of koa that are known to work. */
export const KOA_VERSIONS = ">=2.0.0 <4";

/** Versions of @koa/router whose `match` is known; 12 and 15 are tried. */
const KOA_ROUTER_VERSIONS = ">=8.0.0 <16";

/** One route of a router, or a middleware of it when it has no methods. */
interface Layer {
  readonly path: string | RegExp;
  readonly methods: readonly string[];
  captures?(path: string): string[];
  params?(path: string, captures: string[]): unknown;
}

interface RouterClass {
  readonly prototype: object;
}

/** Tells the route of requests that koa serves by @koa/router: its `match` returns before a handler runs. */
export class KoaInstrumentation extends RouterInstrumentation {
  declare private undo: (() => void)[] | undefined;

  constructor(config: LibraryInstrumentationConfig = {}) {
    super("koa", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    return ["@koa/router", "koa-router"].map(
      (name) =>
        new InstrumentationNodeModuleDefinition(
          name,
          [KOA_ROUTER_VERSIONS],
          (exports: RouterClass & { default?: RouterClass }) => {
            this.quietly(() => this.patch(exports.default ?? exports));
            return exports;
          },
          () => {
            for (const undo of this.undo ?? []) undo();
            this.undo = undefined;
          },
        ),
    );
  }

  private patch({ prototype }: RouterClass): void {
    (this.undo ??= []).push(
      observeMethod(prototype, "match", (_self, args, result) => {
        this.quietly(() =>
          this.matched(String(args[0]), result as { route: boolean; pathAndMethod: readonly Layer[] }),
        );
      }),
    );
  }

  private matched(path: string, { route, pathAndMethod }: { route: boolean; pathAndMethod: readonly Layer[] }): void {
    const state = this.routedRequest();
    if (state === undefined || !route) return;
    // The last one is what the router itself calls the most specific.
    const layer = pathAndMethod.findLast(({ methods }) => methods.length > 0);
    if (layer === undefined) return;
    state.route = String(layer.path);
    if (layer.captures === undefined || layer.params === undefined) return;
    this.inspectParameters(state, layer.params(path, layer.captures(path)));
  }
}
