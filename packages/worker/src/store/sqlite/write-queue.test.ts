import * as fc from "fast-check";
import { expect, test } from "vitest";
import { StoreError } from "../../errors.ts";
import { sampleRecord } from "../../testing/store-samples.ts";
import type { WriteRequest } from "./core.ts";
import { recordRow, stepRows } from "./encode.ts";
import { createWriteQueue, type QueueLimits } from "./write-queue.ts";

const append = (count: number): WriteRequest => ({
  kind: "append",
  rows: Array.from({ length: count }, (_, index) => recordRow(sampleRecord(`r${index}`))),
});
const commit: WriteRequest = { kind: "commit", step: stepRows({ id: "s", cursor: 1 }) };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A queue whose batches a test answers by hand. */
function stage(limits: Partial<QueueLimits> = {}) {
  const batches: { batch: number; requests: readonly WriteRequest[] }[] = [];
  const queue = createWriteQueue((batch, requests) => void batches.push({ batch, requests }), limits);
  const answer = (): void => {
    const { batch, requests } = batches.shift() ?? { batch: 0, requests: [] };
    queue.written(
      batch,
      requests.map((request) => ({ value: request })),
    );
  };
  return { queue, batches, answer };
}

test("requests of one turn of the event loop share a batch, and those that come during its commit share the next", async () => {
  const { queue, batches, answer } = stage();
  const first = [queue.add(append(1)), queue.add(commit)];
  expect(batches).toHaveLength(0);
  await turn();
  expect(batches.map(({ requests }) => requests.length)).toEqual([2]);
  const second = [queue.add(append(2)), queue.add(append(3))];
  await turn();
  expect(batches).toHaveLength(1);
  answer();
  await Promise.all(first);
  expect(batches.map(({ requests }) => requests.length)).toEqual([2]);
  answer();
  await Promise.all(second);
  await queue.drained();
});

test("a batch has at most the set number of rows unless one request has more, and a full one follows at once", async () => {
  const { queue, batches } = stage({ rowsPerTransaction: 10 });
  for (const rows of [25, 4, 4, 4, 4]) void queue.add(append(rows));
  await turn();
  expect(batches.map(({ requests }) => requests.length)).toEqual([1, 2]);
});

test("whatever the sizes, each request is posted once, in order, and answered with its own answer", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 30 }),
      async (plan) => {
        const { queue, batches, answer } = stage({ rowsPerTransaction: 10 });
        const posted: WriteRequest[] = [];
        const answers: Promise<unknown>[] = [];
        const requests = plan.map(([rows]) => append(rows));
        for (const [index, [, pause]] of plan.entries()) {
          answers.push(queue.add(requests[index] as WriteRequest));
          if (pause) await turn();
        }
        await turn();
        while (batches.length > 0) {
          posted.push(...(batches[0]?.requests ?? []));
          answer();
        }
        expect(posted).toEqual(requests);
        const received = await Promise.all(answers);
        for (const [index, request] of requests.entries()) expect(received[index]).toBe(request);
        await queue.drained();
      },
    ),
  );
});

test("when the thread is lost, all that waits is rejected", async () => {
  const { queue } = stage();
  const posted = queue.add(append(1));
  await turn();
  const waiting = queue.add(append(1));
  queue.fail(new StoreError("store-thread-failed", "gone", { retryable: false }));
  await expect(posted).rejects.toMatchObject({ code: "store-thread-failed" });
  await expect(waiting).rejects.toMatchObject({ code: "store-thread-failed" });
  await queue.drained();
});
