import { parentPort, workerData } from "node:worker_threads";
import { StoreError } from "../../errors.ts";
import { type Engine, openEngine } from "./engine.ts";
import { type FromThread, type ThreadData, type ToThread, toWire, type WireOutcome } from "./protocol.ts";
import { toStoreError } from "./sqlite-error.ts";

/** Entry of the thread that owns the embedded store: SQLite's calls block, and here they block nobody else. */
const port = parentPort;
if (!port) throw new Error("the store's thread is started by openSqliteStore");

const send = (message: FromThread): void => port.postMessage(message);

const outcomeOf = (work: () => unknown): WireOutcome => {
  try {
    return { value: work() };
  } catch (error) {
    return { error: toWire(toStoreError(error, "Reading the store")) };
  }
};

const { folder, since } = workerData as ThreadData;
let engine: Engine | undefined;
try {
  engine = openEngine(folder, since, (changes) => send({ kind: "changes", changes }));
  send({ kind: "ready" });
} catch (error) {
  if (!(error instanceof StoreError)) throw error;
  send({ kind: "refused", error: toWire(error) });
}

if (engine) serve(engine);

function serve({ write, core, verify, close }: Engine): void {
  /** Verifies in parts, so that a long trail does not hold up the commits. */
  const verifyOn = (call: number, parts: ReturnType<Engine["verify"]>): void => {
    const outcome = outcomeOf(() => parts.next());
    if ("error" in outcome) send({ kind: "answer", call, outcome });
    else {
      const { done, value } = outcome.value as ReturnType<typeof parts.next>;
      if (done) send({ kind: "answer", call, outcome: { value } });
      else setImmediate(verifyOn, call, parts);
    }
  };

  port?.on("message", (message: ToThread) => {
    switch (message.kind) {
      case "write": {
        const outcomes = write(message.requests);
        send({
          kind: "written",
          batch: message.batch,
          outcomes: outcomes.map((outcome) => ("error" in outcome ? { error: toWire(outcome.error) } : outcome)),
        });
        return;
      }
      case "read": {
        const { call, method, parameters } = message;
        const operation = () => core()[method] as (...parameters: readonly unknown[]) => unknown;
        send({ kind: "answer", call, outcome: outcomeOf(() => operation()(...parameters)) });
        return;
      }
      case "verify":
        verifyOn(message.call, verify());
        return;
      case "close":
        close();
        send({ kind: "closed" });
        port?.close();
    }
  });
}
