import { describe, expect, it } from "vitest";
import {
  isWatchedFunction,
  replaceModuleFunction,
  watchCallback,
  watchExports,
  watchFunction,
  type BeginWatch,
  type Callable,
  type Watcher,
} from "./intercept.ts";
import { requireIn } from "./testing/matrix-library.ts";

const caught: unknown[] = [];
const watcher: Watcher = {
  isWatching: () => true,
  quietly(work) {
    try {
      return work();
    } catch (cause) {
      caught.push(cause);
      return undefined;
    }
  },
};
const off: Watcher = { ...watcher, isWatching: () => false };
const callable = (value: Callable): Callable => value;
const seeing =
  (seen: unknown[]): BeginWatch =>
  (args) => ({
    returned: (value) => seen.push(["returned", args, value]),
    threw: (cause) => seen.push(["threw", args, cause]),
  });

describe("a watched function", () => {
  it("has the name, length, properties, prototype and `this` of its own", () => {
    function library(this: unknown, _one: unknown, _two?: unknown): unknown {
      return this;
    }
    const extended = Object.assign(library, { version: 1 });
    const watched = watchFunction(callable(extended), watcher, () => ({}));
    const receiver = {};
    expect([watched.name, watched.length, Object.keys(watched), Reflect.get(watched, "version")]).toEqual([
      "library",
      2,
      ["version"],
      1,
    ]);
    expect(Reflect.apply(watched, receiver, [])).toBe(receiver);
    expect(new (watched as unknown as new () => object)()).toBeInstanceOf(library);
    expect([isWatchedFunction(watched), isWatchedFunction(library)]).toEqual([true, false]);
  });

  it("gives back and throws on what the function does, once it was seen", () => {
    const seen: unknown[] = [];
    const failure = new TypeError("of the library");
    const watched = watchFunction(
      callable((fail: boolean) => {
        if (fail) throw failure;
        return "value";
      }),
      watcher,
      seeing(seen),
    ) as (fail: boolean) => unknown;
    expect(watched(false)).toBe("value");
    expect(() => watched(true)).toThrow(failure);
    expect(seen).toEqual([
      ["returned", [false], "value"],
      ["threw", [true], failure],
    ]);
  });

  it("is the function alone while nobody watches", () => {
    const watched = watchFunction(
      callable(() => 7),
      off,
      () => {
        throw new Error("began");
      },
    );
    expect(watched()).toBe(7);
  });

  it("does what it did while all of ours throws", async () => {
    const broken = (): never => {
      throw new Error("ours");
    };
    const begins: BeginWatch[] = [broken, () => ({ returned: broken, threw: broken }), () => ({ replace: broken })];
    for (const begin of begins) {
      const failure = new Error("of the library");
      expect(
        watchFunction(
          callable(() => 7),
          watcher,
          begin,
        )(),
      ).toBe(7);
      const throwing = watchFunction(
        callable(() => {
          throw failure;
        }),
        watcher,
        begin,
      );
      expect(() => throwing()).toThrow(failure);
      await expect(
        watchFunction(
          callable(async () => 7),
          watcher,
          begin,
        )(),
      ).resolves.toBe(7);
      const rejecting = watchFunction(
        callable(async () => {
          throw failure;
        }),
        watcher,
        begin,
      );
      await expect(rejecting()).rejects.toBe(failure);
    }
    expect(caught.splice(0).every((cause) => cause instanceof Error && cause.message === "ours")).toBe(true);
  });

  it("sees how a promise is settled", async () => {
    const seen: unknown[] = [];
    const failure = new Error("of the library");
    const watched = watchFunction(
      callable(async (fail: boolean) => {
        await Promise.resolve();
        if (fail) throw failure;
        return "value";
      }),
      watcher,
      seeing(seen),
    ) as (fail: boolean) => Promise<unknown>;
    expect(await watched(false)).toBe("value");
    await expect(watched(true)).rejects.toBe(failure);
    expect(seen).toEqual([
      ["returned", [false], "value"],
      ["threw", [true], failure],
    ]);
  });

  it("leaves a rejection unhandled that nobody handles", async () => {
    const failure = new Error("nobody handles this");
    const watched = watchFunction(
      callable(async () => {
        throw failure;
      }),
      watcher,
      seeing([]),
    ) as () => Promise<unknown>;
    const before = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const { promise: unhandled, resolve } = Promise.withResolvers<unknown>();
    process.once("unhandledRejection", resolve);
    void watched();
    expect(await unhandled).toBe(failure);
    for (const listener of before) process.on("unhandledRejection", listener);
  });

  it("keeps the kind of a promise that is not the platform's", async () => {
    class Bluebird<Value> extends Promise<Value> {}
    const seen: unknown[] = [];
    const watched = watchFunction(
      callable(() => Bluebird.resolve(7)),
      watcher,
      seeing(seen),
    ) as () => Promise<number>;
    const result = watched();
    expect(result).toBeInstanceOf(Bluebird);
    expect(await result).toBe(7);
    expect(seen).toEqual([["returned", [], 7]]);
  });

  it("keeps the frames of the application in stack traces, and the limit as it was", async () => {
    const deep = (depth: number): unknown => (depth === 0 ? new Error("deep").stack : deep(depth - 1));
    const library = callable(() => deep(5));
    const watched = watchFunction(library, watcher, () => ({ returned: () => undefined }));
    function application(verify: Callable): string[] {
      return String(verify())
        .split("\n")
        .slice(1)
        .map((line) => line.trim())
        .filter((line) => !line.includes("/intercept.ts"))
        .map((line) => line.replace(/:\d+:\d+/, ""));
    }
    const limit = Error.stackTraceLimit;
    expect(application(watched)).toEqual(application(library));
    expect(Error.stackTraceLimit).toBe(limit);
    const late = callable(async () => {
      await Promise.resolve();
      return new Error("late").stack;
    });
    const asynchronous = async (verify: Callable): Promise<unknown> => await verify();
    expect(await asynchronous(watchFunction(late, watcher, seeing([])))).toMatch(/at (?:async )?asynchronous/);
  });
});

describe("a watched callback", () => {
  it("gets its arguments and `this`, and what it gives back or throws goes through", () => {
    const seen: unknown[] = [];
    const watched = watchCallback(
      function callback(this: unknown, ...args: unknown[]): unknown {
        if (args.length === 0) throw new Error("of the application");
        return [this, args];
      },
      watcher,
      (args) => {
        seen.push(args);
        throw new Error("ours");
      },
    );
    expect(Reflect.apply(watched, 7, [1, 2])).toEqual([7, [1, 2]]);
    expect(() => watched()).toThrow("of the application");
    expect(seen).toEqual([[1, 2], []]);
    expect(caught.splice(0)).toHaveLength(2);
  });

  it("is not called any more where the guard has answered", () => {
    const watched = watchCallback(
      () => {
        throw new Error("called");
      },
      watcher,
      () => "answered" as const,
    );
    expect((watched as () => unknown)()).toBeUndefined();
  });

  it("is left as it is where it is none", () => {
    for (const value of [undefined, null, 7, {}]) expect(watchCallback(value, watcher, () => undefined)).toBe(value);
  });
});

describe("the exports of a module", () => {
  const make = (_name: string, original: Callable): Callable => watchFunction(original, watcher, () => ({}));

  it("are watched once, under every name", () => {
    const verify = callable(() => 7);
    const commonJs: Record<string, unknown> = { verify, other: verify };
    const namespace: Record<string, unknown> = { default: commonJs, verify };
    expect(watchExports(namespace, ["verify", "missing"], make)).toBe(namespace);
    expect(isWatchedFunction(namespace["verify"])).toBe(true);
    expect(namespace["verify"]).toBe(commonJs["verify"]);
    expect(commonJs["other"]).toBe(verify);
    const first = commonJs["verify"];
    watchExports(commonJs, ["verify"], make);
    expect(commonJs["verify"]).toBe(first);
    expect(Object.keys(namespace)).toEqual(["default", "verify"]);
  });

  it("are handed on in another namespace where an ES module is required", () => {
    const namespace = requireIn("jose-6")("jose") as Record<string, Callable>;
    const original = namespace["jwtVerify"];
    const handedOn = watchExports(namespace, ["jwtVerify"], make) as Record<string, Callable>;
    expect(isWatchedFunction(handedOn["jwtVerify"])).toBe(true);
    expect(handedOn["jwtDecrypt"]).toBe(namespace["jwtDecrypt"]);
    expect(namespace["jwtVerify"]).toBe(original);
    expect({ ...handedOn }).toEqual({ ...namespace, jwtVerify: handedOn["jwtVerify"] });
    expect([Object.keys(handedOn), "missing" in handedOn]).toEqual([Object.keys(namespace), false]);
  });

  it("that are a function are replaced wherever they are named", () => {
    const plugin = Object.assign(() => 7, {} as { default?: unknown; plugin?: unknown; Store: number }, { Store: 1 });
    Object.assign(plugin, { default: plugin, plugin });
    const replaced = replaceModuleFunction(plugin, (original) => make("", original)) as typeof plugin;
    expect(isWatchedFunction(replaced)).toBe(true);
    expect([replaced.default, replaced.plugin, replaced.Store]).toEqual([replaced, replaced, 1]);
    expect(replaceModuleFunction(replaced, () => callable(() => 8))).toBe(replaced);
    const original = (): number => 7;
    const namespace: Record<string, unknown> = { default: original, "module.exports": original, Store: 1 };
    expect(replaceModuleFunction(namespace, (each) => make("", each))).toBe(namespace);
    expect(isWatchedFunction(namespace["default"])).toBe(true);
    expect(namespace["module.exports"]).toBe(namespace["default"]);
  });
});
