import { Alert, Button, LinkButton } from "@grafana/ui";
import { ApiError } from "@vedette/api";
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
      {standalone && error instanceof ApiError && error.status === 401 && (
        <LinkButton size="sm" icon="signin" href={signInPath()} style={{ marginTop: 8 }}>
          Sign in with a token
        </LinkButton>
      )}
      {children}
      {code !== undefined && (
        <div>
          Code: <code>{code}</code>
        </div>
      )}
    </Alert>
  );
}

/** The worker's sign-in page, which leads back to where the person is. */
function signInPath(): string {
  const { pathname, search } = window.location;
  return `/login?${new URLSearchParams({ next: `${pathname}${search}` })}`;
}
