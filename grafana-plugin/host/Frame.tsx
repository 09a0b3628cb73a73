import { css, cx } from "@emotion/css";
import type { GrafanaTheme2, IconName, PluginInclude } from "@grafana/data";
import { Icon, IconButton, toIconName, useStyles2 } from "@grafana/ui";
import type { ReactNode } from "react";
import { Link, useLocation } from "react-router-dom-v5-compat";
import { APP_ID, APP_ROOT } from "../src/app-settings.ts";
import type { ColorMode } from "./color-mode.ts";
import { type ConsoleSession, signOut } from "./session.ts";

interface FrameProps {
  /** The plugin's own list of pages: what Grafana would put into its navigation. */
  readonly includes: readonly PluginInclude[];
  readonly session: ConsoleSession | undefined;
  readonly mode: ColorMode;
  readonly onMode: (mode: ColorMode) => void;
  readonly children: ReactNode;
}

const iconOf = (include: PluginInclude): IconName => toIconName(include.icon ?? "") ?? "apps";

/** Navigation at the left, the page at the right. */
export function Frame({ includes, session, mode, onMode, children }: FrameProps) {
  const styles = useStyles2(getStyles);
  const { pathname } = useLocation();
  const pages = includes.filter((include) => include.addToNav && include.path?.startsWith(APP_ROOT));
  const other: ColorMode = mode === "dark" ? "light" : "dark";
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#page">
        Skip to the page
      </a>
      <header className={styles.side}>
        <Link to={`${APP_ROOT}/overview`} className={styles.brand}>
          <img src={`/public/plugins/${APP_ID}/img/logo.svg`} alt="" width={28} height={28} />
          <span className={styles.label}>Vedette</span>
        </Link>
        <nav className={styles.pages} aria-label="Pages">
          {pages.map((include) => {
            const path = include.path ?? APP_ROOT;
            const current = pathname === path || pathname.startsWith(`${path}/`);
            return (
              <Link
                key={path}
                to={path}
                title={include.name}
                className={cx(styles.item, current && styles.current)}
                aria-current={current ? "page" : undefined}
              >
                <Icon name={iconOf(include)} size="lg" />
                <span className={styles.label}>{include.name}</span>
              </Link>
            );
          })}
        </nav>
        <div className={styles.foot}>
          <span className={cx(styles.label, styles.who)} title={session === undefined ? "" : `Role: ${session.role}`}>
            <Icon name={session === undefined ? "lock" : "user"} />
            {session?.actor ?? "Not signed in"}
          </span>
          {session !== undefined && (
            <IconButton
              name="signout"
              size="lg"
              aria-label="Sign out"
              tooltip="Sign out"
              onClick={() => void signOut()}
            />
          )}
          <IconButton
            name="palette"
            size="lg"
            aria-label={`Change to the ${other} theme`}
            tooltip={`Change to the ${other} theme`}
            onClick={() => onMode(other)}
          />
        </div>
      </header>
      <div className={styles.content}>{children}</div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => {
  const narrow = theme.breakpoints.down("lg");
  return {
    frame: css({ display: "flex", minHeight: "100vh", background: theme.colors.background.primary }),
    skip: css({
      position: "absolute",
      left: -9999,
      zIndex: theme.zIndex.tooltip,
      padding: theme.spacing(1, 2),
      background: theme.colors.background.elevated,
      "&:focus": { left: theme.spacing(1), top: theme.spacing(1) },
    }),
    side: css({
      position: "sticky",
      top: 0,
      height: "100vh",
      flex: "0 0 216px",
      display: "flex",
      flexDirection: "column",
      background: theme.colors.background.canvas,
      borderRight: `1px solid ${theme.colors.border.weak}`,
      [narrow]: { flexBasis: 57 },
    }),
    brand: css({
      display: "flex",
      alignItems: "center",
      gap: theme.spacing(1.5),
      padding: theme.spacing(2),
      fontSize: theme.typography.h4.fontSize,
      fontWeight: theme.typography.fontWeightMedium,
      color: theme.colors.text.maxContrast,
      [narrow]: { padding: theme.spacing(2, 1.75) },
    }),
    pages: css({ display: "flex", flexDirection: "column", gap: theme.spacing(0.25), padding: theme.spacing(1) }),
    item: css({
      display: "flex",
      alignItems: "center",
      gap: theme.spacing(1.5),
      padding: theme.spacing(1, 1.25),
      borderRadius: theme.shape.radius.default,
      color: theme.colors.text.secondary,
      "&:hover": { background: theme.colors.action.hover, color: theme.colors.text.primary },
      "&:focus-visible": { outline: `2px solid ${theme.colors.primary.border}` },
    }),
    current: css({
      background: theme.colors.action.selected,
      color: theme.colors.text.maxContrast,
      fontWeight: theme.typography.fontWeightMedium,
      boxShadow: `inset 3px 0 0 ${theme.colors.warning.main}`,
    }),
    label: css({ [narrow]: { display: "none" } }),
    foot: css({
      marginTop: "auto",
      display: "flex",
      alignItems: "center",
      flexWrap: "wrap",
      gap: theme.spacing(1),
      padding: theme.spacing(1.5, 2),
      borderTop: `1px solid ${theme.colors.border.weak}`,
      color: theme.colors.text.secondary,
      fontSize: theme.typography.bodySmall.fontSize,
    }),
    who: css({
      display: "flex",
      alignItems: "center",
      gap: theme.spacing(1),
      flex: 1,
      minWidth: 0,
      overflow: "hidden",
      textOverflow: "ellipsis",
      whiteSpace: "nowrap",
      [narrow]: { display: "none" },
    }),
    content: css({ flex: 1, minWidth: 0 }),
  };
};
