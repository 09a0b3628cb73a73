import { css } from "@emotion/css";
import type { GrafanaTheme2, IconName } from "@grafana/data";
import { Icon, useStyles2 } from "@grafana/ui";
import type { ReactNode } from "react";

interface EmptyProps {
  readonly icon: IconName;
  readonly title: string;
  /** What would bring something here. */
  readonly children?: ReactNode;
}

/** Says that there is nothing, why that may be, and what to do. */
export function Empty({ icon, title, children }: EmptyProps) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.empty}>
      <Icon name={icon} size="xxl" />
      <strong>{title}</strong>
      {children !== undefined && <div className={styles.text}>{children}</div>}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  empty: css({
    display: "flex",
    flexDirection: "column",
    alignItems: "center",
    gap: theme.spacing(1),
    padding: theme.spacing(4, 2),
    color: theme.colors.text.secondary,
    textAlign: "center",
    strong: { color: theme.colors.text.primary, fontWeight: theme.typography.fontWeightMedium },
  }),
  text: css({ maxWidth: 560 }),
});
