import { ApiError } from "@vedette/api";
import { useCallback, useRef, useState } from "react";

/** A change that a person asks for. */
export interface Write {
  readonly busy: boolean;
  /** Why the last attempt failed. */
  readonly failure: unknown;
  /**
   * Sends a write and tells whether it was taken. Repeating the same intent after no answer came uses the same idempotency key, so
   * that what did arrive is not done twice.
   */
  readonly run: (intent: unknown, send: (idempotencyKey: string) => Promise<unknown>) => Promise<boolean>;
  readonly forget: () => void;
}

/** Keeps one write's progress, failure and idempotency key. */
export function useWrite(): Write {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<unknown>();
  const pending = useRef<{ readonly intent: string; readonly key: string }>(undefined);
  const run = useCallback<Write["run"]>(async (intent, send) => {
    const text = JSON.stringify(intent);
    if (pending.current?.intent !== text) pending.current = { intent: text, key: randomKey() };
    setBusy(true);
    setFailure(undefined);
    try {
      await send(pending.current.key);
      pending.current = undefined;
      return true;
    } catch (error) {
      // The worker has answered, so its answer counts; without one nobody knows whether the write was done.
      if (error instanceof ApiError && error.status < 500) pending.current = undefined;
      setFailure(error);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  const forget = useCallback(() => setFailure(undefined), []);
  return { busy, failure, run, forget };
}

function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
