import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { LoadingPlaceholder, useStyles2 } from "@grafana/ui";

/** Says in the middle of where it will be that something is on its way. */
export function Waiting({ text = "Loading" }: { readonly text?: string }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.waiting}>
      <LoadingPlaceholder className={styles.text} text={text} />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  waiting: css({ display: "flex", justifyContent: "center", padding: theme.spacing(4, 2) }),
  text: css({ margin: 0, color: theme.colors.text.secondary }),
});
