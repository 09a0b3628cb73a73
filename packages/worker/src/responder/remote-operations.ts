import { createHash } from "node:crypto";
import type { AlertChange, DenyRequest, IncidentChange } from "@vedette/api";
import { StoreError } from "../errors.ts";
import type { Ports } from "../ports.ts";
import { type Actor, OperationError, type Operations } from "./operations.ts";

/** An operation that somebody has asked a worker for which does not write alerts and incidents itself. JSON. */
export type Command = { readonly by: Actor } & (
  | { readonly operation: "changeAlert"; readonly id: string; readonly change: AlertChange }
  | { readonly operation: "changeIncident"; readonly id: string; readonly change: IncidentChange }
  | { readonly operation: "denyAddress"; readonly request: DenyRequest }
  | { readonly operation: "undoDeny"; readonly id: string }
);

/** What came of a command. JSON. */
export type CommandAnswer =
  | { readonly outcome: "done"; readonly result: unknown }
  | { readonly outcome: "refused"; readonly code: OperationError["code"]; readonly message: string };

/** Commands on their way from the worker that was asked to the one that writes. */
export interface CommandBoard {
  /** Puts a command up; one that is there already, under the same id, stays as it is. */
  put(id: string, command: Command): Promise<void>;
  /** The answer, once there is one. Never stale. */
  answer(id: string): Promise<CommandAnswer | undefined>;
  /** Commands without an answer, oldest first, at most so many. */
  waiting(limit: number): Promise<readonly { readonly id: string; readonly command: Command }[]>;
  /** Keeps an answer; the first one stays. */
  settle(id: string, answer: CommandAnswer): Promise<void>;
}

/** How commands are passed on. All in milliseconds. */
export interface RemoteOptions {
  readonly board: CommandBoard;
  readonly ports: Pick<Ports, "clock" | "timers" | "log">;
  /** How long an answer is waited for, by default 15,000. */
  readonly patience?: number;
  /** Time between two looks, by default 200. */
  readonly lookEvery?: number;
}

/** Id of a command: one for each write of an actor, whichever worker is asked, so that asking again finds the first one's answer. */
export const commandId = ({ operation, by, ...rest }: Command): string =>
  createHash("sha256")
    .update(JSON.stringify([operation, by.name, by.idempotencyKey, rest]))
    .digest("hex");

/** Operations that another worker makes. They reject with a retryable `StoreError` when nobody answers: the command stays up, and asking again with the same key gets its answer. */
export function createRemoteOperations({
  board,
  ports,
  patience = 15_000,
  lookEvery = 200,
}: RemoteOptions): Operations {
  const { clock, timers } = ports;

  async function ask<T>(command: Command): Promise<T> {
    const id = commandId(command);
    await board.put(id, command);
    const end = clock.now() + patience;
    for (;;) {
      const answer = await board.answer(id);
      if (answer?.outcome === "done") return answer.result as T;
      if (answer !== undefined) throw new OperationError(answer.code, answer.message);
      if (clock.now() >= end)
        throw new StoreError(
          "store-no-writer",
          "No worker writes alerts and incidents now; the request is kept and will be made.",
          { retryable: true },
        );
      await timers.sleep(lookEvery);
    }
  }

  return {
    changeAlert: (id, change, by) => ask({ operation: "changeAlert", id, change, by }),
    changeIncident: (id, change, by) => ask({ operation: "changeIncident", id, change, by }),
    denyAddress: (request, by) => ask({ operation: "denyAddress", request, by }),
    undoDeny: (id, by) => ask({ operation: "undoDeny", id, by }),
  };
}

/** Makes what others were asked for, until the signal aborts. Does not reject. A crash between making and answering is harmless: operations are made once for each key. */
export async function serveCommands(
  { board, ports, lookEvery = 500 }: RemoteOptions,
  operations: Operations,
  signal: AbortSignal,
): Promise<void> {
  const { timers, log } = ports;
  const told = new Set<string>();
  /** One that cannot be made keeps no other one waiting. */
  const serve = async (id: string, command: Command): Promise<void> => {
    try {
      await board.settle(id, await carryOut(command, operations));
    } catch (error) {
      if (signal.aborted || (error instanceof StoreError && error.retryable)) throw error;
      if (!told.has(id))
        log.error(
          { id, operation: command.operation, error: String(error) },
          "what another worker was asked for fails",
        );
      told.add(id);
    }
  };
  while (!signal.aborted) {
    try {
      for (const { id, command } of await board.waiting(100)) {
        if (signal.aborted) return;
        await serve(id, command);
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ error: String(error) }, "what other workers were asked for has to wait");
    }
    await timers.sleep(lookEvery, signal);
  }
}

async function carryOut(command: Command, operations: Operations): Promise<CommandAnswer> {
  try {
    return { outcome: "done", result: await perform(command, operations) };
  } catch (error) {
    if (!(error instanceof OperationError)) throw error;
    return { outcome: "refused", code: error.code, message: error.message };
  }
}

function perform(command: Command, operations: Operations): Promise<unknown> {
  switch (command.operation) {
    case "changeAlert":
      return operations.changeAlert(command.id, command.change, command.by);
    case "changeIncident":
      return operations.changeIncident(command.id, command.change, command.by);
    case "denyAddress":
      return operations.denyAddress(command.request, command.by);
    case "undoDeny":
      return operations.undoDeny(command.id, command.by);
  }
}
