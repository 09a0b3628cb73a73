import { afterEach, expect, it } from "vitest";
import { callUnseen } from "./unseen-call.ts";

const limit = Error.stackTraceLimit;
afterEach(() => {
  Error.stackTraceLimit = limit;
});

function deep(levels: number, call: () => void): void {
  if (levels === 0) call();
  else deep(levels - 1, call);
}

function traceOf(call: () => void): string[] {
  try {
    call();
  } catch (cause) {
    return (cause as Error).stack?.split("\n") ?? [];
  }
  return [];
}

/** Frames without lines and columns, which differ by construction. */
const names = (trace: string[]): string[] => trace.map((line) => line.replaceAll(/:\d+:\d+/g, ""));

it.each([0, 3, 30])("leaves the stack trace of what is thrown as it is without us, %i calls deep", (levels) => {
  Error.stackTraceLimit = 10;
  const fail = (): never => {
    throw new TypeError("thrown");
  };
  const plain = traceOf(() => deep(levels, () => fail()));
  const unseen = traceOf(() => deep(levels, () => callUnseen(fail, undefined, [], "/no/such/file")));
  expect(unseen).toHaveLength(plain.length);
  expect(names(unseen)).toEqual(names(plain));
  expect(Error.stackTraceLimit).toBe(10);
});

it("takes the wrapper's frame out as well", () => {
  const wrapper = (): unknown => callUnseen(() => JSON.parse("{"), undefined, [], import.meta.filename);
  expect(traceOf(wrapper).join("\n")).not.toContain(import.meta.filename);
});

it("hands on arguments, this, results and what is no error", () => {
  const add = function (this: { base: number }, a: number, b: number): number {
    return this.base + a + b;
  };
  expect(callUnseen(add, { base: 1 }, [2, 3], "")).toBe(6);
  const odd = { code: 7 };
  let caught: unknown;
  try {
    callUnseen(
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- libraries do.
        throw odd;
      },
      undefined,
      [],
      "",
    );
  } catch (cause) {
    caught = cause;
  }
  expect(caught).toBe(odd);
});

it.each([0, undefined, "many"])("leaves a stackTraceLimit of %s alone", (value) => {
  Reflect.set(Error, "stackTraceLimit", value);
  expect(() => callUnseen(() => JSON.parse("{"), undefined, [], "")).toThrow(SyntaxError);
  expect(Reflect.get(Error, "stackTraceLimit")).toBe(value);
});
