import { dateTimeFormat } from "@grafana/data";
import { LoadingPlaceholder } from "@grafana/ui";
import type { ReactNode } from "react";
import type { WorkerState } from "../api/use-worker.ts";
import { Failure } from "./Failure.tsx";

interface LoadedProps<T> {
  readonly state: WorkerState<T>;
  /** What is being fetched, for the person who waits. */
  readonly what: string;
  readonly children: (data: T) => ReactNode;
}

/** Shows what was fetched; while nothing is there yet, that it is on its way or why it did not come. */
export function Loaded<T>({ state, what, children }: LoadedProps<T>) {
  const { data, error, updatedAt, reload } = state;
  if (data === undefined) {
    return error === undefined ? (
      <LoadingPlaceholder text={`Loading ${what}`} />
    ) : (
      <Failure error={error} onRetry={reload} />
    );
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
