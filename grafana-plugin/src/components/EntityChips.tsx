import { css } from "@emotion/css";
import type { GrafanaTheme2, IconName } from "@grafana/data";
import { Icon, useStyles2 } from "@grafana/ui";
import type { ApiEntity } from "@vedette/api";
import { Link } from "react-router-dom";
import { PATHS } from "../app-paths.ts";
import { ENTITY_KIND } from "../format/words.ts";

const icons: Record<ApiEntity["kind"], IconName> = {
  address: "exchange-alt",
  user: "user",
  host: "monitor",
  service: "cube",
  session: "clock-nine",
  api_key: "key-skeleton-alt",
  agent: "robot",
};

interface EntityChipsProps {
  readonly entities: readonly ApiEntity[];
  /** How many to show before the rest becomes a number; all when left out. */
  readonly limit?: number;
}

/** Who did it comes before what it was done to. */
const order: readonly ApiEntity["kind"][] = ["address", "user", "agent", "session", "api_key", "service", "host"];

/** Entities as chips; each leads to the alerts it is in. */
export function EntityChips({ entities: given, limit = given.length }: EntityChipsProps) {
  const styles = useStyles2(getStyles);
  const entities = given.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
  const hidden = entities.slice(limit);
  if (entities.length === 0) return <span className={styles.more}>none</span>;
  return (
    <span className={styles.chips}>
      {entities.slice(0, limit).map(({ kind, value }) => (
        <Link
          key={`${kind} ${value}`}
          to={PATHS.alerts({ entity: value })}
          className={styles.chip}
          title={`${ENTITY_KIND[kind]} ${value}: show its alerts`}
        >
          <Icon name={icons[kind]} size="sm" />
          <span className={styles.value}>{value}</span>
        </Link>
      ))}
      {hidden.length > 0 && (
        <span className={styles.more} title={hidden.map(({ value }) => value).join(", ")}>
          +{hidden.length}
        </span>
      )}
    </span>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  chips: css({ display: "inline-flex", flexWrap: "wrap", gap: theme.spacing(0.5), alignItems: "center" }),
  chip: css({
    // Above the link that covers the whole row of a table.
    position: "relative",
    zIndex: 1,
    display: "inline-flex",
    alignItems: "center",
    gap: theme.spacing(0.5),
    maxWidth: 240,
    padding: theme.spacing(0, 0.75),
    lineHeight: "20px",
    border: `1px solid ${theme.colors.border.medium}`,
    borderRadius: theme.shape.radius.sm,
    background: theme.colors.background.secondary,
    color: theme.colors.text.primary,
    fontSize: theme.typography.bodySmall.fontSize,
    "&:hover": { background: theme.colors.action.hover, borderColor: theme.colors.border.strong },
    svg: { color: theme.colors.text.secondary, flexShrink: 0 },
  }),
  value: css({
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
    fontFamily: theme.typography.fontFamilyMonospace,
  }),
  more: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
});
