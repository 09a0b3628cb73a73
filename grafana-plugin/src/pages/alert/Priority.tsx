import { css, cx } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { AlertDetail } from "@vedette/api";
import { sentenceCase } from "../../format/words.ts";
import { Prose } from "../../components/Prose.tsx";
import { Section } from "../../components/Section.tsx";

/** The priority, and what each part of it is for. */
export function Priority({ priority }: { readonly priority: AlertDetail["priority"] }) {
  const styles = useStyles2(getStyles);
  const all = priority.factors.map(({ points }) => points);
  const least = Math.min(0, ...all);
  const range = Math.max(1, ...all) - least;
  const share = (points: number) => `${(points / range) * 100}%`;
  return (
    <Section title="Priority" actions={<strong className={styles.score}>{Math.round(priority.score)} of 100</strong>}>
      <ul className={styles.factors}>
        {priority.factors.map(({ name, points, reason }) => (
          <li key={name}>
            <span className={styles.line}>
              <span>{sentenceCase(name)}</span>
              <span className={styles.points}>{signed(points)}</span>
            </span>
            <span className={styles.track} aria-hidden>
              <span
                className={cx(styles.bar, points < 0 && styles.less)}
                style={{ left: share(Math.min(0, points) - least), width: share(Math.abs(points)) }}
              />
              {least < 0 && <span className={styles.zero} style={{ left: share(-least) }} />}
            </span>
            <span className={styles.reason}>
              <Prose text={reason} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** `+12.5`, `−3` or `0`, with one digit after the point at most. */
function signed(points: number): string {
  const rounded = Math.round(points * 10) / 10;
  return rounded < 0 ? `−${-rounded}` : rounded > 0 ? `+${rounded}` : "0";
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
    position: "relative",
    height: 4,
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.border.weak,
  }),
  bar: css({
    position: "absolute",
    height: "100%",
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.warning.main,
  }),
  // To the left of zero: what lowers the score.
  less: css({ background: theme.colors.text.disabled }),
  zero: css({ position: "absolute", top: -3, width: 1, height: 10, background: theme.colors.text.secondary }),
  reason: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
