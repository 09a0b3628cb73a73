import { act, renderHook } from "@testing-library/react";
import { ApiError } from "@vedette/api";
import { expect, it } from "vitest";
import { useWrite } from "./use-write.ts";

const refused = new ApiError({ type: "about:blank", title: "No", status: 422, code: "operation-invalid" });

async function keysOf(attempts: readonly { readonly intent: string; readonly error?: unknown }[]) {
  const { result } = renderHook(() => useWrite());
  const keys: string[] = [];
  for (const { intent, error } of attempts) {
    await act(() =>
      result.current.run(intent, async (key) => {
        keys.push(key);
        if (error !== undefined) throw error;
      }),
    );
  }
  return { keys, result };
}

it("repeats a write whose answer was lost under the same key", async () => {
  const { keys } = await keysOf([{ intent: "a", error: new TypeError("lost") }, { intent: "a" }]);
  expect(keys[0]).toBe(keys[1]);
});

it.each([
  ["another write", [{ intent: "a", error: new TypeError("lost") }, { intent: "b" }]],
  ["the same write again after it was done", [{ intent: "a" }, { intent: "a" }]],
  ["a write after the worker refused it", [{ intent: "a", error: refused }, { intent: "a" }]],
])("gives %s a key of its own", async (_, attempts) => {
  const { keys } = await keysOf(attempts);
  expect(keys[0]).not.toBe(keys[1]);
});

it("keeps the failure until the next attempt", async () => {
  const { result } = await keysOf([{ intent: "a", error: refused }]);
  expect(result.current.failure).toBe(refused);
  await act(() => result.current.run("a", async () => {}));
  expect(result.current.failure).toBeUndefined();
});
