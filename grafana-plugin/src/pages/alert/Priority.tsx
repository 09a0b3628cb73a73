import { css, cx } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { AlertDetail } from "@vedette/api";
import { sentenceCase } from "../../format/words.ts";
import { Section } from "../../components/Section.tsx";

/** The priority, and what each part of it is for. */
export function Priority({ priority }: { readonly priority: AlertDetail["priority"] }) {
  const styles = useStyles2(getStyles);
  const largest = Math.max(1, ...priority.factors.map(({ points }) => Math.abs(points)));
  return (
    <Section title="Priority" actions={<strong className={styles.score}>{Math.round(priority.score)} of 100</strong>}>
      <ul className={styles.factors}>
        {priority.factors.map(({ name, points, reason }) => (
          <li key={name}>
            <span className={styles.line}>
              <span>{sentenceCase(name)}</span>
              <span className={styles.points}>
                {points > 0 ? "+" : ""}
                {Math.round(points * 10) / 10}
              </span>
            </span>
            <span className={styles.track} aria-hidden>
              <span
                className={cx(styles.bar, points < 0 && styles.less)}
                style={{ width: `${(Math.abs(points) / largest) * 100}%` }}
              />
            </span>
            <span className={styles.reason}>{reason}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  score: css({ fontWeight: theme.typography.fontWeightMedium, fontVariantNumeric: "tabular-nums" }),
  factors: css({
    display: "flex",
    flexDirection: "column",
    gap: theme.spacing(1.5),
    margin: 0,
    listStyle: "none",
    li: { display: "flex", flexDirection: "column", gap: theme.spacing(0.5) },
  }),
  line: css({ display: "flex", justifyContent: "space-between", gap: theme.spacing(1) }),
  points: css({ fontVariantNumeric: "tabular-nums" }),
  track: css({
    height: 4,
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.border.weak,
    overflow: "hidden",
  }),
  bar: css({ display: "block", height: "100%", background: theme.colors.warning.main }),
  less: css({ background: theme.colors.info.main }),
  reason: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
