import { callUnseen } from "../unseen-call.ts";

/** A method of a library. */
type Method = (this: unknown, ...args: unknown[]) => unknown;

const observed = new WeakMap<object, object>();

/**
 * Tells what a method of a library was called with and returned.
 *
 * It is told after the method returned: nothing of ours is on the stack while the library or the application goes on.
 *
 * @param after Must not throw.
 * @param mayThrow Says whether the method may throw with such arguments; its stack trace is kept free of us then, at some cost.
 * @returns Puts the method back, unless somebody else wrapped it meanwhile; nothing is told any more in any case.
 */
export function observeMethod(
  target: object,
  name: string,
  after: (self: unknown, args: readonly unknown[], result: unknown) => void,
  mayThrow: (args: readonly unknown[]) => boolean = () => true,
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== "function" || observed.has(original)) return () => {};
  let active = true;
  const method: Method = function (...args) {
    const result: unknown = mayThrow(args)
      ? callUnseen(original as Method, this, args, import.meta.filename)
      : Reflect.apply(original, this, args);
    if (active) after(this, args, result);
    return result;
  };
  observed.set(method, original);
  for (const property of ["name", "length"] as const)
    Object.defineProperty(method, property, { value: original[property], configurable: true });
  Object.defineProperty(target, name, {
    value: method,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  return () => {
    active = false;
    if (Reflect.get(target, name) !== method) return;
    if (own === undefined) Reflect.deleteProperty(target, name);
    else Object.defineProperty(target, name, own);
  };
}
