import { expect, test } from "vitest";
import { StoreError } from "../errors.ts";
import {
  type Command,
  type CommandAnswer,
  type CommandBoard,
  createRemoteOperations,
  serveCommands,
} from "./remote-operations.ts";
import { type Actor, OperationError, type Operations } from "./operations.ts";

const by: Actor = { name: "ana", idempotencyKey: "k1" };

/** A board in memory. */
function memoryBoard(): CommandBoard & { readonly size: () => number } {
  const commands = new Map<string, { command: Command; answer?: CommandAnswer }>();
  return {
    size: () => commands.size,
    async put(id, command) {
      if (!commands.has(id)) commands.set(id, { command });
    },
    answer: async (id) => commands.get(id)?.answer,
    waiting: async () =>
      [...commands].filter(([, { answer }]) => answer === undefined).map(([id, { command }]) => ({ id, command })),
    async settle(id, answer) {
      const found = commands.get(id);
      if (found !== undefined) found.answer ??= answer;
    },
  };
}

function setUp() {
  let now = 0;
  const board = memoryBoard();
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const ports = {
    clock: { now: () => now },
    timers: {
      async sleep(milliseconds: number) {
        now += milliseconds;
        await new Promise((resolve) => setImmediate(resolve));
      },
    },
    log,
  };
  return { board, ports };
}

const refusing = (): never => {
  throw new Error("not asked for");
};

test("another worker makes what was asked for, once, and the answer comes back", async () => {
  const { board, ports } = setUp();
  const made: unknown[] = [];
  const operations: Operations = {
    changeAlert: refusing,
    changeIncident: refusing,
    undoDeny: refusing,
    async denyAddress(request, actor) {
      made.push([request, actor]);
      return { id: "d1", ...request } as never;
    },
  };
  const stop = new AbortController();
  const serving = serveCommands({ board, ports }, operations, stop.signal);
  const remote = createRemoteOperations({ board, ports });
  const request = { address: "203.0.113.7", for: 60_000, reason: "test" } as never;
  expect(await remote.denyAddress(request, by)).toMatchObject({ id: "d1" });
  expect(await remote.denyAddress(request, by)).toMatchObject({ id: "d1" });
  stop.abort();
  await serving;
  expect(made).toEqual([[request, by]]);
  expect(board.size()).toBe(1);
});

test("a refusal comes back as the refusal that it is", async () => {
  const { board, ports } = setUp();
  const operations: Operations = {
    changeAlert: () => Promise.reject(new OperationError("conflict", "Another change came first.")),
    changeIncident: refusing,
    undoDeny: refusing,
    denyAddress: refusing,
  };
  const stop = new AbortController();
  const serving = serveCommands({ board, ports }, operations, stop.signal);
  const asking = createRemoteOperations({ board, ports }).changeAlert("a1", { revision: 1 }, by);
  await expect(asking).rejects.toMatchObject({ code: "conflict", message: "Another change came first." });
  stop.abort();
  await serving;
});

test("what cannot be made now stays up, and whoever asked is told to ask again", async () => {
  const { board, ports } = setUp();
  const remote = createRemoteOperations({ board, ports, patience: 1_000 });
  await expect(remote.undoDeny("d1", by)).rejects.toMatchObject({ code: "store-no-writer", retryable: true });
  let isDown = true;
  const operations: Operations = {
    changeAlert: refusing,
    changeIncident: refusing,
    denyAddress: refusing,
    undoDeny: async (id) => {
      if (isDown) throw new StoreError("store-failed", "down", { retryable: true });
      return { id } as never;
    },
  };
  const stop = new AbortController();
  const serving = serveCommands({ board, ports }, operations, stop.signal);
  await expect(remote.undoDeny("d1", by)).rejects.toMatchObject({ code: "store-no-writer" });
  isDown = false;
  expect(await remote.undoDeny("d1", by)).toEqual({ id: "d1" });
  stop.abort();
  await serving;
});

test("a command that fails whenever it is tried keeps no other one waiting", async () => {
  const { board, ports } = setUp();
  let tries = 0;
  const operations: Operations = {
    changeAlert: async () => {
      tries += 1;
      throw new StoreError("store-revision-conflict", "no", { retryable: false });
    },
    changeIncident: refusing,
    denyAddress: refusing,
    undoDeny: async (id) => ({ id }) as never,
  };
  await board.put("first", { operation: "changeAlert", id: "a1", change: { revision: 1 }, by });
  const stop = new AbortController();
  const serving = serveCommands({ board, ports }, operations, stop.signal);
  expect(await createRemoteOperations({ board, ports }).undoDeny("d1", by)).toEqual({ id: "d1" });
  stop.abort();
  await serving;
  expect(tries).toBeGreaterThan(0);
});
