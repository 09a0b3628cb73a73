import type { Metrics } from "../server/metrics.ts";
import type { Store } from "./store.ts";

/** The same store, with each failed operation counted under its name. */
export function countStoreErrors(store: Store, metrics: Pick<Metrics, "storeErrors">): Store {
  return new Proxy(store, {
    get(target, property) {
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== "function") return member;
      return (...parameters: unknown[]): unknown => {
        const result: unknown = member.apply(target, parameters);
        if (typeof property === "string" && result instanceof Promise)
          result.catch(() => metrics.storeErrors.inc({ operation: property }));
        return result;
      };
    },
  });
}
