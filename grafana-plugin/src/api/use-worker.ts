import { useCallback, useEffect, useRef, useState } from "react";
import { debounceTime, filter, fromEvent, interval, merge } from "rxjs";
import { changes, type ChangedKind } from "./changes.ts";

/** What a page knows about something at the worker. */
export interface WorkerState<T> {
  /** The last answer; kept while a newer one is on its way and when it fails. */
  readonly data: T | undefined;
  /** Why the last request failed; undefined once one succeeds. */
  readonly error: unknown;
  readonly loading: boolean;
  /** Unix milliseconds of the last answer. */
  readonly updatedAt: number | undefined;
  readonly reload: () => void;
  /** Puts an answer in place that a write brought. */
  readonly replace: (data: T) => void;
}

/** When a page fetches again. */
export interface RefreshOptions {
  /** Kinds of change after which to fetch again at once. */
  readonly on: readonly Exclude<ChangedKind, "resync">[];
  /** Milliseconds between two fetches without any hint. */
  readonly every?: number;
}

/**
 * Fetches something and keeps it fresh: at a hint from the worker's stream, at an interval, and when the page is looked at again.
 * Nothing is fetched while the page is hidden.
 * @param key Tells what is fetched; another key fetches anew, and what was fetched under the old one stays until then.
 */
export function useWorker<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  { on, every = 10_000 }: RefreshOptions,
): WorkerState<T> {
  const [state, setState] = useState<Pick<WorkerState<T>, "data" | "error" | "loading" | "updatedAt">>({
    data: undefined,
    error: undefined,
    loading: true,
    updatedAt: undefined,
  });
  const latest = useRef(load);
  const current = useRef<AbortController>(undefined);
  useEffect(() => {
    latest.current = load;
  });

  const reload = useCallback(() => {
    current.current?.abort();
    const controller = new AbortController();
    current.current = controller;
    setState((before) => ({ ...before, loading: true }));
    latest.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ data, error: undefined, loading: false, updatedAt: Date.now() });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setState((before) => ({ ...before, error, loading: false }));
      },
    );
  }, []);

  useEffect(() => {
    reload();
    return () => current.current?.abort();
  }, [key, reload]);

  const kinds = on.join();
  useEffect(() => {
    const wanted = new Set<string>([...kinds.split(","), "resync"]);
    const hints = changes.pipe(
      filter((kind) => wanted.has(kind)),
      debounceTime(250),
    );
    const looks = merge(fromEvent(document, "visibilitychange"), fromEvent(window, "online"));
    const subscription = merge(hints, interval(every), looks).subscribe(() => {
      if (!document.hidden) reload();
    });
    return () => subscription.unsubscribe();
  }, [kinds, every, reload]);

  const replace = useCallback((data: T) => {
    current.current?.abort();
    setState({ data, error: undefined, loading: false, updatedAt: Date.now() });
  }, []);
  return { ...state, reload, replace };
}
