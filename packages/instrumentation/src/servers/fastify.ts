import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { InstrumentationNodeModuleDefinition } from "@opentelemetry/instrumentation";
import { knownRequest } from "../current-request.ts";
import type { LibraryInstrumentationConfig } from "../library-instrumentation.ts";
import { RouterInstrumentation } from "./router-instrumentation.ts";

/** Versions of fastify that are known to work. */
export const FASTIFY_VERSIONS = ">=4.0.0 <6";

const INITIALIZATION = "fastify.initialization";

/** The class of requests that an instance of fastify makes: (id, params, raw, query, log, context). */
type RequestClass = new (...args: unknown[]) => object;

interface FastifyInstance {
  addHook(name: "onRegister", hook: (instance: FastifyInstance) => void): unknown;
}

/**
 * Tells the route of requests that fastify serves. Neither a plugin nor a hook of a request, which would stand on the stack of the
 * application's handlers: it sees the requests that fastify makes.
 */
export class FastifyInstrumentation extends RouterInstrumentation {
  declare private proxies: WeakMap<RequestClass, RequestClass> | undefined;
  declare private watching: ((message: unknown) => void) | undefined;

  constructor(config: LibraryInstrumentationConfig = {}) {
    super("fastify", config);
  }

  protected override init(): InstrumentationNodeModuleDefinition[] {
    return [];
  }

  override enable(): void {
    super.enable();
    if (this.watching !== undefined) return;
    this.watching = (message) => {
      this.quietly(() => {
        const { fastify } = message as { fastify: FastifyInstance };
        this.watch(fastify);
        fastify.addHook("onRegister", (instance) => {
          this.quietly(() => this.watch(instance));
        });
      });
    };
    subscribe(INITIALIZATION, this.watching);
  }

  override disable(): void {
    super.disable();
    if (this.watching === undefined) return;
    unsubscribe(INITIALIZATION, this.watching);
    this.watching = undefined;
  }

  /** Sees each request that an instance makes; each nested instance has a class of its own. */
  private watch(instance: FastifyInstance): void {
    const key = Object.getOwnPropertySymbols(instance).find(({ description }) => description === "fastify.Request");
    if (key === undefined) return;
    Reflect.set(instance, key, this.watched(Reflect.get(instance, key) as RequestClass));
  }

  private watched(original: RequestClass): RequestClass {
    const proxies = (this.proxies ??= new WeakMap());
    const known = proxies.get(original);
    if (known !== undefined) return known;
    const proxy: RequestClass = new Proxy(original, {
      construct: (target, args: unknown[], newTarget) => {
        const [, params, raw, , , context] = args;
        if (this.isEnabled()) this.quietly(() => this.made(raw, params, context));
        return Reflect.construct(target, args, newTarget === proxy ? target : newTarget);
      },
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver);
        // An instance that decorated nothing takes the class of the one around it.
        return name === "parent" && typeof value === "function" ? this.watched(value as RequestClass) : value;
      },
    });
    proxies.set(original, proxy);
    proxies.set(proxy, proxy);
    return proxy;
  }

  private made(raw: unknown, params: unknown, context: unknown): void {
    const state = typeof raw === "object" && raw !== null ? knownRequest(raw) : undefined;
    if (state === undefined) return;
    this.routingOf(state);
    const { config } = context as { config?: { url?: unknown } };
    // The handler of what was not found has no address.
    if (typeof config?.url === "string") state.route = config.url;
    this.inspectParameters(state, params);
  }
}
