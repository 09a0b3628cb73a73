import { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import type { RequestState } from "../current-request.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { observeMethod } from "./observe-method.ts";
import { RouterInstrumentation } from "./router-instrumentation.ts";

/** Versions of express that are known to work. */
export const EXPRESS_VERSIONS = ">=4.0.0 <6";

/** One entry of a router's stack, in express 4 and in the router of express 5. */
interface Layer {
  readonly route?: object | undefined;
  /** Set by a match, where the match itself does not carry them. */
  readonly path?: string | undefined;
  readonly params?: unknown;
}

interface Router {
  readonly stack: readonly Layer[];
}

/** A module of express: its `Router` is an object with the methods (4), or a class (5). */
interface Express {
  readonly Router: { readonly use?: unknown; readonly prototype?: { readonly use?: unknown } };
}

/**
 * Tells the route of requests that express serves, with the patterns under which nested routers are mounted.
 *
 * Only methods that return before a handler runs are observed: `use` and `route` at registration, `match` of a layer at a request.
 */
export class ExpressInstrumentation extends RouterInstrumentation {
  declare private patterns: WeakMap<Layer, string> | undefined;
  declare private layers: Set<object> | undefined;
  declare private undo: (() => void)[] | undefined;

  constructor(config: LibraryInstrumentationConfig = {}) {
    super("express", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition {
    return new InstrumentationNodeModuleDefinition(
      "express",
      [EXPRESS_VERSIONS],
      (exports: Express & { default?: Express }) => {
        this.quietly(() => this.patch(exports.default ?? exports));
        return exports;
      },
      () => {
        for (const undo of this.undo ?? []) undo();
        this.undo = undefined;
      },
    );
  }

  private patch({ Router: router }: Express): void {
    const methods = typeof router.use === "function" ? router : router.prototype;
    if (methods === undefined) return;
    const undo = (this.undo ??= []);
    undo.push(
      observeMethod(methods, "use", (self, args) => this.quietly(() => this.registered(self as Router, args[0]))),
      observeMethod(methods, "route", (self) => this.quietly(() => this.registered(self as Router, undefined))),
    );
    for (const prototype of this.layers ?? []) this.watchLayers(prototype);
  }

  /** Remembers the pattern of layers that were added, and watches what their class matches. */
  private registered(router: Router, path: unknown): void {
    const patterns = (this.patterns ??= new WeakMap());
    const pattern = patternOf(path);
    for (let index = router.stack.length - 1; index >= 0; index--) {
      const layer = router.stack[index];
      if (layer === undefined || patterns.has(layer)) break;
      patterns.set(layer, layer.route === undefined ? pattern : "");
      const layers = (this.layers ??= new Set());
      const prototype: object = Object.getPrototypeOf(layer);
      if (layers.has(prototype)) continue;
      layers.add(prototype);
      this.watchLayers(prototype);
    }
  }

  private watchLayers(prototype: object): void {
    (this.undo ??= []).push(
      observeMethod(
        prototype,
        "match",
        (self, _args, match) => {
          if (match !== false) this.quietly(() => this.matched(self as Layer, match));
        },
        // What is not encoded cannot fail to be decoded.
        ([path]) => typeof path === "string" && path.includes("%"),
      ),
    );
  }

  private matched(layer: Layer, match: unknown): void {
    const state = this.routedRequest();
    if (state === undefined) return;
    const { path, params } = typeof match === "object" && match !== null ? (match as Layer) : layer;
    if (layer.route === undefined) this.mounted(state, layer, path ?? "");
    if (params !== undefined) this.inspectParameters(state, params);
  }

  private mounted(state: RequestState, layer: Layer, path: string): void {
    const taken = path.endsWith("/") ? path.slice(0, -1) : path;
    const pattern = this.patterns?.get(layer);
    if (taken === "" || pattern === undefined) return;
    const { baseUrl }: { baseUrl?: unknown } = state.request as object;
    const base = typeof baseUrl === "string" ? baseUrl : "";
    const { mounts } = this.routingOf(state);
    mounts.set(base + taken, (mounts.get(base) ?? base) + pattern);
  }
}

/** The pattern of a mount, without the slash at its end; a handler in its place stands for none. */
function patternOf(path: unknown): string {
  if (typeof path === "string") return path.endsWith("/") ? path.slice(0, -1) : path;
  if (path instanceof RegExp) return String(path);
  if (Array.isArray(path) && path.every((each) => typeof each === "string" || each instanceof RegExp))
    return path.map(patternOf).join(",");
  return "";
}
