import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { IconButton, useStyles2 } from "@grafana/ui";
import { Fragment, type ReactNode } from "react";

/** A name, its value, and what the name means where that is not plain. */
export type Fact = readonly [name: string, value: ReactNode, meaning?: string];

/** Names and values, one pair a line. Pairs whose value is undefined are left out. */
export function Facts({ items }: { readonly items: readonly Fact[] }) {
  const styles = useStyles2(getStyles);
  return (
    <dl className={styles.list}>
      {items
        .filter(([, value]) => value !== undefined)
        .map(([name, value, meaning]) => (
          <Fragment key={name}>
            <dt>
              {name}
              {meaning !== undefined && (
                <IconButton className={styles.meaning} name="info-circle" size="sm" tooltip={meaning} />
              )}
            </dt>
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
  meaning: css({ marginLeft: theme.spacing(0.5), marginRight: 0, verticalAlign: "middle" }),
});
