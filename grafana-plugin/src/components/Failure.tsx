import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { Alert, Button, useStyles2 } from "@grafana/ui";
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
  const styles = useStyles2(getStyles);
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
      {/* A plain link: Grafana's decode their address, and with it the one to come back to. */}
      {standalone && error instanceof ApiError && error.status === 401 && (
        <a className={styles.signIn} href={signInPath()}>
          Sign in with a token
        </a>
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

const getStyles = (theme: GrafanaTheme2) => ({
  signIn: css({
    display: "inline-block",
    marginTop: theme.spacing(1),
    color: theme.colors.text.link,
    textDecoration: "underline",
  }),
});
