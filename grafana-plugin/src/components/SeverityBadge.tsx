import { css, cx } from "@emotion/css";
import { colorManipulator, type GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { Severity } from "@vedette/api";
import { SEVERITY } from "../format/words.ts";

/** A severity as a badge of one width, so that a column of them can be read at a glance. */
export function SeverityBadge({ severity }: { readonly severity: Severity }) {
  const styles = useStyles2(getStyles);
  return <span className={cx(styles.badge, styles[severity])}>{SEVERITY[severity]}</span>;
}

/** The colour of a severity in a theme. */
export function severityColor(theme: GrafanaTheme2, severity: Severity): string {
  const hue = { critical: "red", high: "orange", medium: "yellow", low: "blue", informational: undefined }[severity];
  return hue === undefined ? theme.colors.text.secondary : theme.visualization.getColorByName(hue);
}

const getStyles = (theme: GrafanaTheme2) => {
  const tone = (severity: Severity) => {
    const color = severityColor(theme, severity);
    return css({
      background: colorManipulator.alpha(color, theme.isDark ? 0.16 : 0.2),
      borderColor: colorManipulator.alpha(color, 0.55),
      color: theme.isDark ? colorManipulator.lighten(color, 0.15) : colorManipulator.darken(color, 0.5),
    });
  };
  const solidRed = theme.visualization.getColorByName("semi-dark-red");
  return {
    badge: css({
      display: "inline-block",
      minWidth: 68,
      padding: theme.spacing(0, 1),
      border: "1px solid",
      borderRadius: theme.shape.radius.sm,
      fontSize: theme.typography.bodySmall.fontSize,
      fontWeight: theme.typography.fontWeightMedium,
      lineHeight: "20px",
      textAlign: "center",
      whiteSpace: "nowrap",
    }),
    critical: cx(tone("critical"), css({ background: solidRed, borderColor: solidRed, color: "#ffffff" })),
    high: tone("high"),
    medium: tone("medium"),
    low: tone("low"),
    informational: tone("informational"),
  };
};
