import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import { Fragment, type ReactNode } from "react";

/** Names and values, one pair a line. Pairs whose value is undefined are left out. */
export function Facts({ items }: { readonly items: readonly (readonly [name: string, value: ReactNode])[] }) {
  const styles = useStyles2(getStyles);
  return (
    <dl className={styles.list}>
      {items
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({
    display: "grid",
    gridTemplateColumns: "max-content minmax(0, 1fr)",
    gap: theme.spacing(1, 2),
    alignItems: "baseline",
    margin: 0,
    dt: { color: theme.colors.text.secondary, fontWeight: theme.typography.fontWeightRegular },
    dd: { margin: 0, overflowWrap: "anywhere" },
  }),
});
