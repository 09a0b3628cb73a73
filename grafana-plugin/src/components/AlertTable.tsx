import { css } from "@emotion/css";
import type { GrafanaTheme2 } from "@grafana/data";
import { useStyles2 } from "@grafana/ui";
import type { Alert } from "@vedette/api";
import { SEVERITY_LEVELS } from "@vedette/semconv";
import { PATHS } from "../app-paths.ts";
import { sentenceCase } from "../format/words.ts";
import { DataTable } from "./DataTable.tsx";
import { EntityChips } from "./EntityChips.tsx";
import { Moment } from "./Moment.tsx";
import { PriorityScore } from "./PriorityScore.tsx";
import { RowLink } from "./RowLink.tsx";
import { SeverityBadge } from "./SeverityBadge.tsx";
import type { Column, Sort } from "./sort-rows.ts";
import { AlertStatusBadge } from "./StatusBadge.tsx";
import { Techniques } from "./Techniques.tsx";

interface AlertTableProps {
  readonly alerts: readonly Alert[];
  readonly caption: string;
  /** Leaves out what all rows share or what there is no room for: entities and the number of events. */
  readonly compact?: boolean;
  readonly sort?: Sort | undefined;
  readonly onSort?: (sort: Sort) => void;
}

/** Alerts, one a row. */
export function AlertTable({ alerts, caption, compact = false, sort, onSort }: AlertTableProps) {
  const styles = useStyles2(getStyles);
  const columns: readonly Column<Alert>[] = [
    {
      id: "severity",
      header: "Severity",
      width: 100,
      order: ({ severity }) => SEVERITY_LEVELS.indexOf(severity),
      descendingFirst: true,
      cell: ({ severity }) => <SeverityBadge severity={severity} />,
    },
    {
      id: "title",
      header: "Alert",
      order: ({ title }) => title,
      cell: ({ id, title, tactics, techniques }) => (
        <div className={styles.title}>
          <RowLink to={PATHS.alert(id)}>{title}</RowLink>
          <span className={styles.sub}>
            {tactics.length > 0 && <span>{tactics.map(sentenceCase).join(", ")}</span>}
            <Techniques ids={techniques} />
          </span>
        </div>
      ),
    },
    {
      id: "entities",
      header: "Entities",
      width: "24%",
      cell: ({ entities }) => <EntityChips entities={entities} limit={3} />,
    },
    {
      id: "priority",
      header: "Priority",
      width: 110,
      order: ({ priority }) => priority.score,
      descendingFirst: true,
      cell: ({ priority }) => <PriorityScore score={priority.score} />,
    },
    {
      id: "events",
      header: "Events",
      width: 80,
      align: "right",
      order: ({ eventCount }) => eventCount,
      descendingFirst: true,
      cell: ({ eventCount }) => eventCount.toLocaleString("en-US"),
    },
    {
      id: "status",
      header: "Status",
      width: 130,
      order: ({ status }) => status,
      cell: (alert) => <AlertStatusBadge alert={alert} />,
    },
    {
      id: "time",
      header: "Last seen",
      width: 120,
      order: ({ lastSeen }) => lastSeen,
      descendingFirst: true,
      cell: ({ lastSeen }) => <Moment at={lastSeen} />,
    },
  ];
  return (
    <DataTable
      caption={caption}
      columns={compact ? columns.filter(({ id }) => id !== "entities" && id !== "events") : columns}
      rows={alerts}
      rowKey={({ id }) => id}
      sort={sort}
      {...(onSort === undefined ? {} : { onSort })}
    />
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  title: css({ display: "flex", flexDirection: "column", gap: theme.spacing(0.25), minWidth: 220 }),
  sub: css({
    display: "flex",
    flexWrap: "wrap",
    alignItems: "baseline",
    gap: theme.spacing(0, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
});
