import type { Reporter } from "./reporter.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
const FLUSH_MILLISECONDS = 2000;

/**
 * Hands over what is held when the process ends by itself, by SIGTERM or by SIGINT. An application's own signal handlers run as ever
 * and decide alone whether the process ends; where there are none, the signal does what it does without us, after the flush.
 *
 * @returns Takes everything off again.
 */
export function flushAtEnd(reporter: Reporter): () => void {
  let flushed = -1;
  const beforeExit = (): void => {
    // A flush keeps the process alive, and its end brings this event again: flush only what is new.
    if (flushed === reporter.emitted()) return;
    flushed = reporter.emitted();
    void bounded(reporter.flush());
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    // Off before the other listeners run: some end the process only when they are alone, and a second signal must end it at once.
    process.removeListener(signal, onSignal);
    const alone = process.listenerCount(signal) === 0;
    void flushThenDie(signal, alone);
  };
  const flushThenDie = async (signal: NodeJS.Signals, alone: boolean): Promise<void> => {
    await bounded(reporter.flush());
    if (alone && process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  process.on("beforeExit", beforeExit);
  for (const signal of SIGNALS) process.prependListener(signal, onSignal);
  return () => {
    process.removeListener("beforeExit", beforeExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}

async function bounded(flush: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, FLUSH_MILLISECONDS);
  await Promise.race([flush, promise]);
  clearTimeout(timer);
}
