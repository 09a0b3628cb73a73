import { css, cx } from "@emotion/css";
import { dateTimeFormat, type GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { DenyListEntry } from "@vedette/api";
import { formatDuration } from "../format/time.ts";
import { useNow } from "./use-now.ts";

/** How long a block still lasts, counting down. */
export function Remaining({ entry, wide = false }: { readonly entry: DenyListEntry; readonly wide?: boolean }) {
  const styles = useStyles2(getStyles);
  const now = useNow();
  const left = Math.max(0, entry.expiresAt - now);
  const share = left / Math.max(1, entry.expiresAt - entry.createdAt);
  return (
    <span className={cx(styles.remaining, wide && styles.wide)} title={`Until ${dateTimeFormat(entry.expiresAt)}`}>
      <span>{left === 0 ? "ending" : `${formatDuration(left)}${wide ? " left" : ""}`}</span>
      <span className={styles.track} aria-hidden>
        <span className={styles.bar} style={{ width: `${Math.min(100, share * 100)}%` }} />
      </span>
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  remaining: css({
    display: "inline-flex",
    flexDirection: "column",
    gap: theme.spacing(0.5),
    fontVariantNumeric: "tabular-nums",
    whiteSpace: "nowrap",
  }),
  wide: css({ width: "100%", marginBottom: theme.spacing(1), "> span": { width: "100%" } }),
  track: css({
    width: 96,
    height: 3,
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.border.weak,
    overflow: "hidden",
  }),
  bar: css({ display: "block", height: "100%", background: theme.visualization.getColorByName("red") }),
});
