import { expect, test } from "vitest";
import { silentLog } from "../../testing/silent-log.ts";
import { createShowSoon } from "./show-soon.ts";

const show = (refresh: () => Promise<unknown> = async () => await Promise.resolve({})) => {
  const refreshed: string[][] = [];
  const pauses: (() => void)[] = [];
  const client = {
    indices: {
      refresh: async ({ index }: { index: string[] }) => {
        refreshed.push(index);
        return refresh();
      },
    },
  };
  const timers = {
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        pauses.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      }),
  };
  const soon = createShowSoon({ client: client as never, ports: { timers, log: silentLog } });
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
  };
  const goOn = async (): Promise<void> => {
    pauses.shift()?.();
    await settled();
  };
  return { soon, refreshed, settled, goOn };
};

test("shows what is written at once, and what comes in the pause after it, together", async () => {
  const { soon, refreshed, settled, goOn } = show();
  soon.wrote("a");
  await settled();
  expect(refreshed).toEqual([["a"]]);
  soon.wrote("a");
  soon.wrote("b");
  soon.wrote("a");
  await settled();
  expect(refreshed).toEqual([["a"]]);
  await goOn();
  expect(refreshed).toEqual([["a"], ["a", "b"]]);
  await goOn();
  soon.wrote("b");
  await settled();
  expect(refreshed).toEqual([["a"], ["a", "b"], ["b"]]);
});

test("goes on after a refresh that failed, and ends when it is disposed of", async () => {
  const { soon, refreshed, settled, goOn } = show(async () => await Promise.reject(new Error("no")));
  soon.wrote("a");
  await settled();
  await goOn();
  soon.wrote("a");
  await settled();
  expect(refreshed).toEqual([["a"], ["a"]]);
  await soon[Symbol.asyncDispose]();
  soon.wrote("a");
  await settled();
  expect(refreshed).toHaveLength(2);
});
