import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";

/** A priority from 0 to 100, as a number and a bar. */
export function PriorityScore({ score }: { readonly score: number }) {
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.score} title={`Priority ${Math.round(score)} of 100`}>
      <span className={styles.number}>{Math.round(score)}</span>
      <span className={styles.track} aria-hidden>
        <span className={styles.bar} style={{ width: `${Math.max(0, Math.min(100, score))}%` }} />
      </span>
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  score: css({ display: "inline-flex", alignItems: "center", gap: theme.spacing(1) }),
  number: css({ minWidth: 22, textAlign: "right", fontVariantNumeric: "tabular-nums" }),
  track: css({
    width: 48,
    height: 4,
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.border.weak,
    overflow: "hidden",
  }),
  bar: css({ display: "block", height: "100%", background: theme.colors.warning.main }),
});
