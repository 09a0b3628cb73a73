import { Alert, Button } from "@grafana/ui";
import { useContext } from "react";
import { explainFailure } from "../api/explain-failure.ts";
import { AppSettingsContext } from "../AppSettingsContext.tsx";

interface FailureProps {
  readonly error: unknown;
  readonly onRetry?: () => void;
  /** Said after the cure, such as what is shown instead. */
  readonly children?: React.ReactNode;
}

/** What went wrong, and what to do about it. */
export function Failure({ error, onRetry, children }: FailureProps) {
  const { standalone = false } = useContext(AppSettingsContext);
  const { title, detail, cure, code, severity } = explainFailure(error, standalone ? "standalone" : "grafana");
  return (
    <Alert
      title={title}
      severity={severity}
      {...(onRetry === undefined
        ? {}
        : {
            action: (
              <Button variant="secondary" size="sm" icon="sync" onClick={onRetry}>
                Try again
              </Button>
            ),
          })}
    >
      {detail !== undefined && <div>{detail}</div>}
      {cure !== undefined && <div>{cure}</div>}
      {children}
      {code !== undefined && (
        <div>
          Code: <code>{code}</code>
        </div>
      )}
    </Alert>
  );
}
