import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { ReactNode } from "react";
import { Link } from "react-router-dom";

/** The link of a table's row: it can be clicked anywhere in the row. */
export function RowLink({ to, children }: { readonly to: string; readonly children: ReactNode }) {
  const styles = useStyles2(getStyles);
  return (
    <Link to={to} className={styles.link} data-row-link>
      {children}
    </Link>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  link: css({
    color: theme.colors.text.primary,
    fontWeight: theme.typography.fontWeightMedium,
    "&::after": { content: '""', position: "absolute", inset: 0 },
    "&:hover": { color: theme.colors.text.link },
    "&:focus-visible": { outline: "none" },
    "&:focus-visible::after": { outline: `2px solid ${theme.colors.primary.border}`, outlineOffset: -2 },
  }),
});
