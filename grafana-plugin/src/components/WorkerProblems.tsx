import type { Status } from "@vedette/api";
import { Alert } from "@grafana/ui";

/** What the worker says is wrong now; nothing when all is well. */
export function WorkerProblems({ status }: { readonly status: Pick<Status, "problems" | "ready"> }) {
  if (status.problems.length === 0) return null;
  return (
    <Alert severity="error" title={status.ready ? "Something is wrong" : "The worker is not ready"}>
      {status.problems.map((problem) => (
        <div key={problem}>{problem}</div>
      ))}
    </Alert>
  );
}
