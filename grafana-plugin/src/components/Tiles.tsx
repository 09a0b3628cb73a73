import { css, cx } from "@emotion/css";
import type { GrafanaTheme2, IconName } from "@grafana/data";
import { Icon, useStyles2 } from "@grafana/ui";
import { Link } from "react-router-dom";

/** One number that matters, and where to read more. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly detail?: string;
  readonly icon: IconName;
  readonly to: string;
  readonly tone?: "good" | "alarm" | "bad";
}

/** A row of numbers. */
export function Tiles({ tiles }: { readonly tiles: readonly Tile[] }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.tiles}>
      {tiles.map(({ label, value, detail, icon, to, tone }) => (
        <Link key={label} to={to} className={styles.tile}>
          <span className={styles.label}>
            <Icon name={icon} />
            {label}
          </span>
          <span className={cx(styles.value, tone !== undefined && styles[tone])}>{value}</span>
          <span className={styles.detail}>{detail ?? "\u00A0"}</span>
        </Link>
      ))}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  tiles: css({
    display: "grid",
    gridTemplateColumns: "repeat(auto-fit, minmax(180px, 1fr))",
    gap: theme.spacing(2),
    marginBottom: theme.spacing(2),
  }),
  tile: css({
    display: "flex",
    flexDirection: "column",
    gap: theme.spacing(0.5),
    padding: theme.spacing(2),
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
    "&:hover": { borderColor: theme.colors.border.strong },
  }),
  label: css({
    display: "flex",
    alignItems: "center",
    gap: theme.spacing(1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  value: css({
    color: theme.colors.text.maxContrast,
    fontSize: theme.typography.h1.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    lineHeight: 1.2,
    fontVariantNumeric: "tabular-nums",
  }),
  alarm: css({ color: theme.colors.warning.text }),
  bad: css({ color: theme.colors.error.text }),
  good: css({ color: theme.colors.success.text }),
  detail: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
