import { css, cx } from "@emotion/css";
import { dateTimeFormat, type GrafanaTheme2, type IconName } from "@grafana/data";
import { Button, Icon, useStyles2, useTheme2 } from "@grafana/ui";
import type { TimelineRow } from "@vedette/api";
import { Link, useSearchParams } from "react-router-dom";
import { PATHS } from "../../app-paths.ts";
import { Empty } from "../../components/Empty.tsx";
import { Section } from "../../components/Section.tsx";
import { SeverityBadge, severityColor } from "../../components/SeverityBadge.tsx";
import { describeChange } from "../../format/describe-change.ts";
import { formatDuration } from "../../format/time.ts";
import { TIMELINE_KIND } from "../../format/words.ts";
import { groupTimeline, orderTimeline, type TimelineGroup } from "./timeline-rows.ts";

const icons: Record<TimelineRow["kind"], IconName> = { event: "circle", alert: "bell", action: "bolt", person: "user" };
const kinds = ["event", "alert", "action", "person"] as const;

/** Everything that happened, in one line of time: events, alerts, actions and what people did. */
export function Timeline({ rows }: { readonly rows: readonly TimelineRow[] }) {
  const styles = useStyles2(getStyles);
  const [parameters, setParameters] = useSearchParams();
  const hidden = new Set(parameters.get("hide")?.split(",") ?? []);
  const newestFirst = parameters.get("order") === "newest";
  const set = (name: string, value: string) =>
    setParameters(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === "") after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  const toggle = (kind: TimelineRow["kind"]) => {
    const after = new Set(hidden);
    if (!after.delete(kind)) after.add(kind);
    set("hide", kinds.filter((name) => after.has(name)).join());
  };
  const groups = groupTimeline(orderTimeline(rows).filter(({ kind }) => !hidden.has(kind)));
  const shown = newestFirst ? groups.toReversed() : groups;
  return (
    <Section
      title="Timeline"
      count={rows.length}
      actions={
        <>
          {kinds.map((kind) => {
            const number = rows.filter((row) => row.kind === kind).length;
            return (
              <Button
                key={kind}
                size="sm"
                variant="secondary"
                fill={hidden.has(kind) ? "outline" : "solid"}
                icon={hidden.has(kind) ? "eye-slash" : "eye"}
                aria-pressed={!hidden.has(kind)}
                onClick={() => toggle(kind)}
              >
                {`${TIMELINE_KIND[kind]} ${number}`}
              </Button>
            );
          })}
          <Button
            size="sm"
            variant="secondary"
            icon={newestFirst ? "sort-amount-down" : "sort-amount-up"}
            onClick={() => set("order", newestFirst ? "" : "newest")}
          >
            {newestFirst ? "Newest first" : "Oldest first"}
          </Button>
        </>
      }
    >
      {shown.length === 0 ? (
        <Empty icon="filter" title={rows.length === 0 ? "Nothing has happened yet" : "All kinds of rows are hidden"} />
      ) : (
        <ol className={styles.list} aria-label="Timeline">
          {shown.map((group, index) => (
            <Row key={group.key} group={group} dated={dayOf(group) !== dayOf(shown[index - 1])} />
          ))}
        </ol>
      )}
    </Section>
  );
}

const dayOf = (group: TimelineGroup | undefined) =>
  group === undefined ? undefined : dateTimeFormat(group.from, { format: "YYYY-MM-DD" });

/** Where a row comes from. The rule of an alert often has the alert's own title, which says nothing twice. */
const sourceOf = ({ kind, title, source }: TimelineRow) =>
  kind !== "alert" ? source : source === title ? "Alert" : `Alert of the rule ${source}`;

/** One row; the first of each day says which day it is. */
function Row({ group, dated }: { readonly group: TimelineGroup; readonly dated: boolean }) {
  const styles = useStyles2(getStyles);
  const theme = useTheme2();
  const { first, rows, from, to } = group;
  const title = first.kind === "person" ? describeChange(first.title) : first.title;
  const color = first.severity === undefined ? theme.colors.text.secondary : severityColor(theme, first.severity);
  return (
    <li className={styles.row} data-kind={first.kind}>
      <span className={styles.time}>
        <time dateTime={new Date(from).toISOString()} title={dateTimeFormat(from, { defaultWithMS: true })}>
          {dateTimeFormat(from, { format: "HH:mm:ss" })}
        </time>
        {dated && <span className={styles.date}>{dayOf(group)}</span>}
      </span>
      <span className={cx(styles.marker, first.kind === "event" && styles.small)} style={{ color }}>
        <Icon name={icons[first.kind]} size={first.kind === "event" ? "xs" : "sm"} />
      </span>
      <span className={styles.what}>
        <span className={cx(styles.title, first.kind !== "event" && styles.strong)}>
          {first.alertId === undefined ? title : <Link to={PATHS.alert(first.alertId)}>{title}</Link>}
          {rows.length > 1 && (
            <span className={styles.times}>
              × {rows.length}
              {to - from >= 1_000 && ` in ${formatDuration(to - from)}`}
            </span>
          )}
        </span>
        <span className={styles.source}>{sourceOf(first)}</span>
      </span>
      {first.kind === "alert" && first.severity !== undefined && <SeverityBadge severity={first.severity} />}
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ margin: 0, listStyle: "none" }),
  row: css({
    display: "grid",
    gridTemplateColumns: "84px 28px minmax(0, 1fr) auto",
    gap: theme.spacing(0, 1),
    alignItems: "start",
    position: "relative",
    padding: theme.spacing(0.75, 0),
    // The line that the markers stand on.
    "&::before": {
      content: '""',
      position: "absolute",
      left: 105,
      top: 0,
      bottom: 0,
      width: 1,
      background: theme.colors.border.medium,
    },
    "&:first-child::before": { top: 16 },
    "&:last-child::before": { bottom: "auto", height: 16 },
  }),
  time: css({
    display: "flex",
    flexDirection: "column",
    textAlign: "right",
    lineHeight: 1.3,
    fontVariantNumeric: "tabular-nums",
    whiteSpace: "nowrap",
  }),
  date: css({ color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize }),
  marker: css({
    position: "relative",
    display: "flex",
    alignItems: "center",
    justifyContent: "center",
    justifySelf: "center",
    width: 24,
    height: 24,
    borderRadius: theme.shape.radius.circle,
    border: "1px solid currentColor",
    background: theme.colors.background.primary,
  }),
  small: css({ width: 14, height: 14, marginTop: 4, border: "none" }),
  what: css({ display: "flex", flexDirection: "column", minWidth: 0, lineHeight: 1.4 }),
  title: css({
    overflowWrap: "anywhere",
    a: { color: theme.colors.text.primary, "&:hover": { color: theme.colors.text.link, textDecoration: "underline" } },
  }),
  strong: css({ fontWeight: theme.typography.fontWeightMedium }),
  times: css({
    marginLeft: theme.spacing(1),
    color: theme.colors.text.secondary,
    fontWeight: theme.typography.fontWeightRegular,
    whiteSpace: "nowrap",
  }),
  source: css({
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: "anywhere",
  }),
});
