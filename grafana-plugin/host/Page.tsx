import { css } from "@emotion/css";
import type { GrafanaTheme2, NavModelItem } from "@grafana/data";
import type { PluginPageProps } from "@grafana/runtime";
import { Icon, Text, TextLink, useStyles2 } from "@grafana/ui";
import { Fragment, useEffect } from "react";

function trail(item: NavModelItem | undefined): NavModelItem[] {
  return item === undefined ? [] : [...trail(item.parentItem), item];
}

/** A page as Grafana frames it: where one is, title, actions, content. */
export function Page({ children, actions, pageNav, renderTitle, subTitle }: PluginPageProps) {
  const styles = useStyles2(getStyles);
  const title = pageNav?.text ?? "Vedette";
  const above = trail(pageNav?.parentItem);
  useEffect(() => {
    document.title = `${title} · Vedette`;
  }, [title]);
  return (
    <main className={styles.page} id="page">
      {above.length > 0 && (
        <nav className={styles.trail} aria-label="Breadcrumbs">
          {above.map((item) => (
            <Fragment key={item.text}>
              <TextLink href={item.url ?? "/"} color="secondary" variant="bodySmall" inline={false}>
                {item.text}
              </TextLink>
              <Icon name="angle-right" size="sm" />
            </Fragment>
          ))}
          <Text variant="bodySmall" color="secondary" truncate>
            {title}
          </Text>
        </nav>
      )}
      <div className={styles.head}>
        <div className={styles.title}>
          {renderTitle ? renderTitle(title) : <Text element="h1">{title}</Text>}
          {subTitle !== undefined && <div className={styles.subTitle}>{subTitle}</div>}
        </div>
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </main>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  page: css({
    padding: theme.spacing(3, 4, 6),
    maxWidth: 1600,
    width: "100%",
    [theme.breakpoints.down("md")]: { padding: theme.spacing(2) },
  }),
  trail: css({ display: "flex", alignItems: "center", gap: theme.spacing(0.5), marginBottom: theme.spacing(1) }),
  head: css({
    display: "flex",
    flexWrap: "wrap",
    alignItems: "flex-start",
    justifyContent: "space-between",
    gap: theme.spacing(2),
    marginBottom: theme.spacing(3),
  }),
  title: css({ minWidth: 0, flex: "1 1 400px", h1: { margin: 0 } }),
  subTitle: css({ color: theme.colors.text.secondary, marginTop: theme.spacing(0.5) }),
  actions: css({ display: "flex", alignItems: "center", gap: theme.spacing(1) }),
});
