import { dateTimeFormat } from "@grafana/data";
import { ApiError } from "@vedette/api";
import type { ReactNode } from "react";
import type { WorkerState } from "../api/use-worker.ts";
import { Failure } from "./Failure.tsx";
import { Waiting } from "./Waiting.tsx";

interface LoadedProps<T> {
  readonly state: WorkerState<T>;
  /** What is being fetched, for the person who waits. */
  readonly what: string;
  /** Shown when the worker knows no such thing. */
  readonly missing?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/** Shows what was fetched; while nothing is there yet, that it is on its way or why it did not come. */
export function Loaded<T>({ state, what, missing, children }: LoadedProps<T>) {
  const { data, error, updatedAt, reload } = state;
  if (data === undefined) {
    if (error === undefined) return <Waiting text={`Loading ${what}`} />;
    const unknown = error instanceof ApiError && error.status === 404 && error.problem.code === "not-found";
    return unknown && missing !== undefined ? missing : <Failure error={error} onRetry={reload} />;
  }
  return (
    <>
      {error !== undefined && updatedAt !== undefined && (
        <Failure error={error} onRetry={reload}>
          <div>Shown is what was known at {dateTimeFormat(updatedAt)}.</div>
        </Failure>
      )}
      {children(data)}
    </>
  );
}
