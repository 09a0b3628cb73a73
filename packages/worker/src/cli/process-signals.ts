import { constants } from "node:os";

/** Milliseconds within which signals count as one: a Ctrl-C reaches the process from the terminal and from npm. */
const ONE_ASKING = 1_000;

/**
 * Resolves when the process is asked to end: Ctrl-C, a termination signal, or the end of the parent that holds our IPC channel. Who asks again ends it at once, with the exit code that a shell gives
 * to a process ended by that signal (130 for Ctrl-C, 143 for SIGTERM).
 */
export function untilAsked(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let askedAt: number | undefined;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      const now = performance.now();
      askedAt ??= now;
      if (now - askedAt > ONE_ASKING) process.exit(128 + constants.signals[signal]);
      resolve(signal);
    });
  if (process.send) process.on("disconnect", () => resolve("disconnect"));
  return promise;
}

/** Tells the parent (`npm start`) something, if there is one that listens. */
export function tellParent(message: { readonly type: string; readonly [key: string]: unknown }): void {
  if (process.send && process.connected) process.send(message);
}

/** Calls back on each message of one type from the parent. */
export function onParentMessage(type: string, listener: () => void): void {
  process.on("message", (message: unknown) => {
    if (typeof message === "object" && message !== null && "type" in message && message.type === type) listener();
  });
}
