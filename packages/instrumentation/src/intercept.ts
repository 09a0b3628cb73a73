import { types } from "node:util";

/** Any function of a library. */
export type Callable = (this: unknown, ...args: never[]) => unknown;

/** What is done about one call of a watched function; each part is ours and may fail without harm. */
export interface CallWatch {
  /** Arguments to call with instead, e.g. with a callback that is watched too. Default: those of the caller. */
  readonly args?: readonly unknown[] | undefined;
  /** Called right before, and `leave` right after, also when it throws. */
  readonly enter?: (() => void) | undefined;
  readonly leave?: (() => void) | undefined;
  /** Runs the call inside something, e.g. a store of AsyncLocalStorage; that puts more frames on the stack. */
  readonly run?: ((call: () => unknown) => unknown) | undefined;
  /** Gives back something else than the call returned. */
  readonly replace?: ((value: unknown) => unknown) | undefined;
  /** What came of it: the value returned, or that of the promise returned. */
  readonly returned?: ((value: unknown) => void) | undefined;
  /** What was thrown, or what the promise returned was rejected with. */
  readonly threw?: ((cause: unknown) => void) | undefined;
}

/** Who watches: an instrumentation that can be turned off, and that keeps its own exceptions to itself. */
export interface Watcher {
  readonly isWatching: () => boolean;
  readonly quietly: <Result>(work: () => Result) => Result | undefined;
}

/** Begins to watch one call; `undefined` lets it pass. */
export type BeginWatch = (args: readonly unknown[], thisArgument: unknown, original: Callable) => CallWatch | undefined;

const watched = new WeakSet<object>();

/** Says whether a function is one that {@link watchFunction} made. */
export function isWatchedFunction(value: unknown): boolean {
  return typeof value === "function" && watched.has(value);
}

/**
 * Makes a function that calls another one and sees what comes of it. A proxy: name, length, properties, prototype and `this` stay what they are.
 *
 * What is thrown is thrown on as it is. A promise of the platform comes back as another one that settles the same way one microtask later: listening
 * to the library's own would mark it as handled, and an application that forgot to would no longer be told.
 */
export function watchFunction<Watched extends Callable>(
  original: Watched,
  watcher: Watcher,
  begin: BeginWatch,
): Watched {
  const proxy = new Proxy(original, {
    apply(target, thisArgument, args: unknown[]) {
      const watch = watcher.isWatching()
        ? watcher.quietly(() => begin(args, thisArgument, target as Callable))
        : undefined;
      if (watch === undefined) return Reflect.apply(target, thisArgument, args);
      const given = watch.args ?? args;
      let result: unknown;
      const limit = raiseTraceLimit();
      try {
        watch.enter?.();
        result =
          watch.run === undefined
            ? Reflect.apply(target, thisArgument, given)
            : watch.run(() => Reflect.apply(target, thisArgument, given));
      } catch (cause) {
        watcher.quietly(() => watch.threw?.(cause));
        throw cause;
      } finally {
        watch.leave?.();
        restoreTraceLimit(limit);
      }
      if (watch.replace !== undefined) return watcher.quietly(() => watch.replace?.(result)) ?? result;
      return afterwards(result, watch, watcher);
    },
  });
  watched.add(proxy);
  return proxy;
}

/** Stack traces end after ten frames; the one that we add must not cost the application's last. */
function raiseTraceLimit(): number | undefined {
  const limit = Error.stackTraceLimit;
  if (typeof limit !== "number" || !(limit > 0) || !Reflect.set(Error, "stackTraceLimit", limit + 1)) return undefined;
  return limit;
}

function restoreTraceLimit(limit: number | undefined): void {
  // Whoever set another one meanwhile wants that.
  if (limit !== undefined && Error.stackTraceLimit === limit + 1) Error.stackTraceLimit = limit;
}

function afterwards(result: unknown, watch: CallWatch, watcher: Watcher): unknown {
  const { returned, threw } = watch;
  if (returned === undefined && threw === undefined) return result;
  if (types.isPromise(result) && Object.getPrototypeOf(result) === Promise.prototype)
    return settle(result, watch, watcher);
  const then = watcher.quietly(() => thenOf(result));
  if (then === undefined) {
    watcher.quietly(() => returned?.(result));
    return result;
  }
  // A promise of another make (or a subclass): its own `then` gives one of the same kind.
  return Reflect.apply(then, result, [
    (value: unknown) => {
      watcher.quietly(() => returned?.(value));
      return value;
    },
    (cause: unknown) => {
      watcher.quietly(() => threw?.(cause));
      throw cause;
    },
  ]);
}

/** Awaited, not chained: stack traces of asynchronous errors go on through an `await` and end at a `then`. */
async function settle(promise: Promise<unknown>, watch: CallWatch, watcher: Watcher): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (cause) {
    watcher.quietly(() => watch.threw?.(cause));
    throw cause;
  }
  watcher.quietly(() => watch.returned?.(value));
  return value;
}

function thenOf(value: unknown): ((...args: unknown[]) => unknown) | undefined {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined;
  const then: unknown = Reflect.get(value, "then");
  return typeof then === "function" ? (then as (...args: unknown[]) => unknown) : undefined;
}

/**
 * Makes a callback that lets ours see its arguments first; `this`, arguments, result and exceptions are the callback's own.
 *
 * @param called Returns `"answered"` where the callback must not be called any more, because the guard has answered the request.
 */
export function watchCallback<Callback>(
  callback: Callback,
  watcher: Watcher,
  called: (args: readonly unknown[]) => "answered" | void,
): Callback {
  if (typeof callback !== "function") return callback;
  return new Proxy(callback, {
    apply(target, thisArgument, args: unknown[]) {
      if (watcher.quietly(() => called(args)) === "answered") return undefined;
      const limit = raiseTraceLimit();
      try {
        return Reflect.apply(target, thisArgument, args);
      } finally {
        restoreTraceLimit(limit);
      }
    },
  });
}

/**
 * Puts watched functions in the place of a module's, wherever the module shows them: on the exports of CommonJS, on a namespace of ES
 * modules as import-in-the-middle hands it over, and on its default export. A function that is watched already stays.
 *
 * @returns The exports to hand on: the same, except for an ES module that is required, whose namespace nobody can change.
 */
export function watchExports(
  moduleExports: unknown,
  names: readonly string[],
  make: (name: string, original: Callable) => Callable,
): unknown {
  const made = new Map<unknown, Callable>();
  for (const target of facesOf(moduleExports)) {
    for (const name of names) {
      const original = target[name];
      if (typeof original !== "function" || isWatchedFunction(original)) continue;
      const watchedFunction = made.get(original) ?? make(name, original as Callable);
      made.set(original, watchedFunction);
      if (!types.isModuleNamespaceObject(target)) Reflect.set(target, name, watchedFunction);
    }
  }
  return types.isModuleNamespaceObject(moduleExports) && made.size > 0
    ? withReplaced(moduleExports as object, made)
    : moduleExports;
}

/** The namespace of an ES module with other values behind some of its names; its properties count as writable, which makes that allowed. */
function withReplaced(namespace: object, replacements: ReadonlyMap<unknown, unknown>): object {
  return new Proxy(namespace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      return replacements.get(value) ?? value;
    },
    getOwnPropertyDescriptor(target, name) {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, name);
      if (descriptor === undefined || !replacements.has(descriptor.value)) return descriptor;
      return { ...descriptor, value: replacements.get(descriptor.value) };
    },
  });
}

/** The exports themselves, and the default export where they are a namespace around it. */
export function facesOf(moduleExports: unknown): Record<string, unknown>[] {
  const faces: Record<string, unknown>[] = [];
  for (const face of [moduleExports, isObject(moduleExports) ? moduleExports["default"] : undefined])
    if (isObject(face) && !faces.includes(face)) faces.push(face);
  return faces;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/**
 * Replaces a module that is a function: returns what `require` is to give, and sets the default export of a namespace.
 *
 * @returns The exports to hand on.
 */
export function replaceModuleFunction(moduleExports: unknown, make: (original: Callable) => Callable): unknown {
  if (typeof moduleExports === "function") {
    if (isWatchedFunction(moduleExports)) return moduleExports;
    const replacement = make(moduleExports as Callable);
    replaceIn(moduleExports as unknown as Record<string, unknown>, moduleExports, replacement);
    return replacement;
  }
  if (!isObject(moduleExports)) return moduleExports;
  const original = moduleExports["default"];
  if (typeof original !== "function") return moduleExports;
  if (!isWatchedFunction(original)) {
    const replacement = make(original as Callable);
    replaceIn(moduleExports, original, replacement);
    replaceIn(original as unknown as Record<string, unknown>, original, replacement);
  }
  return moduleExports;
}

/** A function is often exported under several names, or as a property of itself. */
function replaceIn(holder: Record<string, unknown>, original: unknown, replacement: unknown): void {
  for (const name of Object.keys(holder)) if (holder[name] === original) Reflect.set(holder, name, replacement);
}
