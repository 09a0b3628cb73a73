import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import { type ReactNode, useId } from "react";

interface SectionProps {
  readonly title: string;
  /** A number beside the title. */
  readonly count?: number;
  /** At the right of the title: filters, links, buttons. */
  readonly actions?: ReactNode;
  /** Whether the content reaches the frame, as a table does. */
  readonly flush?: boolean;
  readonly children: ReactNode;
}

/** A part of a page, with a heading, in a frame. */
export function Section({ title, count, actions, flush = false, children }: SectionProps) {
  const styles = useStyles2(getStyles);
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 className={styles.title} id={id}>
          {title}
          {count !== undefined && <span className={styles.count}>{count.toLocaleString("en-US")}</span>}
        </h2>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      <div className={flush ? undefined : styles.body}>{children}</div>
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  section: css({
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.primary,
    overflow: "hidden",
    marginBottom: theme.spacing(2),
  }),
  head: css({
    display: "flex",
    flexWrap: "wrap",
    alignItems: "center",
    justifyContent: "space-between",
    gap: theme.spacing(1),
    minHeight: 45,
    padding: theme.spacing(1, 2),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
    background: theme.colors.background.secondary,
  }),
  title: css({
    display: "flex",
    alignItems: "center",
    gap: theme.spacing(1),
    margin: 0,
    fontSize: theme.typography.h5.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
  }),
  count: css({
    padding: theme.spacing(0, 0.75),
    borderRadius: theme.shape.radius.pill,
    background: theme.colors.background.canvas,
    border: `1px solid ${theme.colors.border.weak}`,
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  actions: css({ display: "flex", flexWrap: "wrap", alignItems: "center", gap: theme.spacing(1) }),
  body: css({ padding: theme.spacing(2) }),
});
