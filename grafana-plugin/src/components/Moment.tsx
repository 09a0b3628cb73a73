import { css } from "@emotion/css";
import { dateTimeFormat, type GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import { formatRelative } from "../format/time.ts";
import { useNow } from "./use-now.ts";

/** A moment: how long ago, and the time itself in the person's time zone, without the date when it is today. */
export function Moment({ at, inline = false }: { readonly at: number; readonly inline?: boolean }) {
  const styles = useStyles2(getStyles);
  const now = useNow();
  const absolute = dateTimeFormat(at);
  const today = dateTimeFormat(now, { format: "YYYY-MM-DD" }) === dateTimeFormat(at, { format: "YYYY-MM-DD" });
  return (
    <time dateTime={new Date(at).toISOString()} className={inline ? styles.inline : styles.stacked} title={absolute}>
      <span>{formatRelative(at, now)}</span>
      <span className={styles.absolute}>{today ? dateTimeFormat(at, { format: "HH:mm:ss" }) : absolute}</span>
    </time>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  stacked: css({ display: "inline-flex", flexDirection: "column", whiteSpace: "nowrap", lineHeight: 1.35 }),
  inline: css({ display: "inline-flex", gap: theme.spacing(1), whiteSpace: "nowrap", alignItems: "baseline" }),
  absolute: css({
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    fontVariantNumeric: "tabular-nums",
  }),
});
